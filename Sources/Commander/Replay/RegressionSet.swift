// A regression set: the requests that showed an incident, frozen as one JSON object a line. A file, since the store forgets texts.

import Foundation
import Incidents
import LLMTelemetry

/// One request as it was captured, and what came of it.
package struct FrozenRequest: Hashable, Sendable {
  /// Trace and span.
  package var id: String
  package var at: Timestamp
  package var route: String?
  /// As the client asked for it.
  package var model: String?
  package var prompt: String?
  package var promptVersion: String?
  package var feature: String?
  package var messages: [ContentMessage]
  package var documents: [ContentDocument]
  package var answer: String
  /// Why there was no answer; `nil` where there was one.
  package var error: String?
  /// Scores of the text as it was before redaction, by scorer.
  package var recorded: [String: Double]

  package init(
    id: String, at: Timestamp, route: String? = nil, model: String?, prompt: String? = nil, promptVersion: String? = nil,
    feature: String? = nil, messages: [ContentMessage], documents: [ContentDocument] = [], answer: String, error: String? = nil,
    recorded: [String: Double] = [:]
  ) {
    self.id = id
    self.at = at
    self.route = route
    self.model = model
    self.prompt = prompt
    self.promptVersion = promptVersion
    self.feature = feature
    self.messages = messages
    self.documents = documents
    self.answer = answer
    self.error = error
    self.recorded = recorded
  }
}

extension FrozenRequest: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, at, route, model, prompt, feature, messages, documents, answer, error, recorded
    case promptVersion = "prompt_version"
  }

  /// People write sets too: what is usually empty may be left out.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    at = try container.decodeIfPresent(Timestamp.self, forKey: .at) ?? Timestamp(unixSeconds: 0)
    route = try container.decodeIfPresent(String.self, forKey: .route)
    model = try container.decodeIfPresent(String.self, forKey: .model)
    prompt = try container.decodeIfPresent(String.self, forKey: .prompt)
    promptVersion = try container.decodeIfPresent(String.self, forKey: .promptVersion)
    feature = try container.decodeIfPresent(String.self, forKey: .feature)
    messages = try container.decode([ContentMessage].self, forKey: .messages)
    documents = try container.decodeIfPresent([ContentDocument].self, forKey: .documents) ?? []
    answer = try container.decodeIfPresent(String.self, forKey: .answer) ?? ""
    error = try container.decodeIfPresent(String.self, forKey: .error)
    recorded = try container.decodeIfPresent([String: Double].self, forKey: .recorded) ?? [:]
  }
}

package struct RegressionSet: Hashable, Sendable {
  /// Where the requests come from, and what could not be taken.
  package struct Origin: Hashable, Sendable, Codable {
    package static let format = "llm-incident-commander regression set 1"

    package var format = Origin.format
    package var incident: String
    package var title: String
    package var cause: String?
    package var frozenAt: Timestamp
    package var from: Timestamp
    package var to: Timestamp
    package var requests: Int
    package var leftOut: RegressionSelection.LeftOut

    package init(
      incident: Incident, range: Range<Timestamp>, frozenAt: Timestamp, requests: Int, leftOut: RegressionSelection.LeftOut
    ) {
      self.incident = incident.id
      title = incident.title
      cause = incident.cause?.title
      self.frozenAt = frozenAt
      from = range.lowerBound
      to = range.upperBound
      self.requests = requests
      self.leftOut = leftOut
    }
  }

  /// `nil` for a set that was written by hand.
  package var origin: Origin?
  package var requests: [FrozenRequest]

  package init(origin: Origin?, requests: [FrozenRequest]) {
    self.origin = origin
    self.requests = requests
  }

  /// The origin, then a request a line; keys in order, so that the same set is the same file.
  package func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var lines: [String] = []
    if let origin { lines.append(String(decoding: try encoder.encode(origin), as: UTF8.self)) }
    for request in requests { lines.append(String(decoding: try encoder.encode(request), as: UTF8.self)) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What a line is not, by its number.
  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  package init(text: String) throws(Malformed) {
    let decoder = JSONDecoder()
    origin = nil
    requests = []
    var ids: Set<String> = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      let data = Data(line.utf8)
      if requests.isEmpty, origin == nil, let origin = try? decoder.decode(Origin.self, from: data) {
        guard origin.format == Origin.format else {
          throw Malformed(
            description: "line \(index + 1): \"\(origin.format)\" is another format; this reads \"\(Origin.format)\"")
        }
        self.origin = origin
        continue
      }
      do {
        let request = try decoder.decode(FrozenRequest.self, from: data)
        guard ids.insert(request.id).inserted else {
          throw Malformed(description: "line \(index + 1): the id \(request.id) was there before; ids must differ")
        }
        requests.append(request)
      } catch let error as Malformed {
        throw error
      } catch {
        throw Malformed(
          description:
            "line \(index + 1): no request; it needs id and messages [{role, text}], and may have model, prompt, answer")
      }
    }
    guard !requests.isEmpty else { throw Malformed(description: "there is no request in it") }
  }
}
