// Reads a JSON body field by field and collects everything that is wrong with it, each problem at its field.
import Foundation
import Hummingbird

struct FieldProblem: Encodable, Sendable, Equatable {
  var field: String
  var message: String
}

/// Why a request is not carried out.
struct Refusal: Error, Sendable {
  var status = HTTPResponse.Status.badRequest
  var errorClass = "invalid_request"
  var message: String
  var fields: [FieldProblem] = []
  var retryAfter: String?
}

extension Request {
  func body(upTo limit: Int, words: String) async throws(Refusal) -> ByteBuffer {
    do {
      return try await body.collect(upTo: limit)
    } catch {
      throw Refusal(status: .contentTooLarge, message: "the body is larger than \(words) or broke off; send less")
    }
  }

  /// The media type without its parameters; `nil` where none is named.
  var mediaType: String? {
    headers[.contentType].map { String($0.prefix { $0 != ";" }).lowercased().trimmingSpace }
  }

  /// A JSON object. Other media types are refused: a page of another origin can post those without being asked.
  func object(upTo limit: Int, words: String, example: String) async throws(Refusal) -> FieldReader {
    if let mediaType, mediaType != "application/json", !mediaType.hasSuffix("+json") {
      throw Refusal(
        status: .unsupportedMediaType, message: "the body is \(mediaType.prefix(60)); send it as application/json")
    }
    let body = try await body(upTo: limit, words: words)
    guard let json = try? JSON(parsing: body.readableBytesView), let members = json.object else {
      throw Refusal(message: "the body is no JSON object; send for example \(example)")
    }
    return FieldReader(members: members)
  }
}

struct FieldReader {
  private let members: [String: JSON]
  private var read: Set<String> = []
  private(set) var problems: [FieldProblem] = []

  init(members: [String: JSON]) { self.members = members }

  mutating func problem(_ field: String, _ message: String) { problems.append(FieldProblem(field: field, message: message)) }

  private mutating func member(_ field: String) -> JSON? {
    read.insert(field)
    return members[field].flatMap { $0 == .null ? nil : $0 }
  }

  mutating func text(_ field: String, isRequired: Bool = false, limit: Int) -> String? {
    guard let value = member(field) else {
      if isRequired { problem(field, "is required") }
      return nil
    }
    guard let text = value.string else {
      problem(field, "must be text")
      return nil
    }
    guard !text.trimmingSpace.isEmpty else {
      problem(field, "must not be empty")
      return nil
    }
    guard text.count <= limit else {
      problem(field, "has \(text.count) characters; at most \(limit) are taken")
      return nil
    }
    return text
  }

  /// A name that becomes a header's value and a metric's tag.
  mutating func name(_ field: String, isRequired: Bool = false) -> String? {
    guard let text = text(field, isRequired: isRequired, limit: 100) else { return nil }
    guard Names.isPlain(text) else {
      problem(field, "may have 1 to 100 letters, digits and . _ - /")
      return nil
    }
    return text
  }

  /// `[{"namespace": …, "allow": […], "deny": […]}]`
  mutating func restricts(_ field: String) -> PassageFilter {
    guard let value = member(field) else { return PassageFilter() }
    guard let list = value.array, list.count <= 20 else {
      problem(field, "must be a list of at most 20 restricts")
      return PassageFilter()
    }
    var restricts: [PassageFilter.Restrict] = []
    for (index, element) in list.enumerated() {
      guard let members = element.object, let namespace = members["namespace"]?.string, Names.isPlain(namespace),
        let allow = Self.values(members["allow"]), let deny = Self.values(members["deny"]),
        !allow.isEmpty || !deny.isEmpty, members.keys.allSatisfy({ ["namespace", "allow", "deny"].contains($0) })
      else {
        problem(
          "\(field)[\(index)]", "must be {\"namespace\": name, \"allow\": [values], \"deny\": [values]} with one list at least")
        continue
      }
      restricts.append(.init(namespace: namespace, allow: allow, deny: deny))
    }
    return PassageFilter(restricts)
  }

  /// `{"namespace": ["value", …]}`
  mutating func tags(_ field: String) -> [String: [String]] {
    guard let value = member(field) else { return [:] }
    guard let members = value.object, members.count <= 20 else {
      problem(field, "must be an object of at most 20 namespaces")
      return [:]
    }
    var tags: [String: [String]] = [:]
    for (namespace, values) in members.sorted(by: { $0.key < $1.key }) {
      guard Names.isPlain(namespace), let list = Self.values(values), !list.isEmpty else {
        problem("\(field).\(namespace.prefix(100))", "must be a list of 1 to 50 values of letters, digits and . _ - /")
        continue
      }
      tags[namespace] = list
    }
    return tags
  }

  private static func values(_ value: JSON?) -> [String]? {
    guard let value, value != .null else { return [] }
    guard let list = value.array, list.count <= 50 else { return nil }
    let texts = list.compactMap(\.string).filter(Names.isPlain)
    return texts.count == list.count ? texts : nil
  }

  /// Throws everything that was found, unknown fields too: a misspelt field must not be silently ignored.
  mutating func finish(_ message: String) throws(Refusal) {
    for field in members.keys.sorted() where !read.contains(field) {
      problem(String(field.prefix(100)), "is not known; known here: \(read.sorted().joined(separator: ", "))")
    }
    guard problems.isEmpty else { throw Refusal(message: message, fields: problems) }
  }
}

enum Names {
  static func isPlain(_ text: String) -> Bool {
    (1...100).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [0x2e, 0x5f, 0x2d, 0x2f].contains($0)
      }
  }
}
