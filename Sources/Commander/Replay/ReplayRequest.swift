// A frozen request as a call of the gateway under another prompt version or model, and the answer in what comes back. Pure.

import Foundation
import LLMTelemetry

/// What is different from how it was asked then.
package struct ReplayChange: Hashable, Sendable {
  /// The managed prompt whose version is tried; the requests' own without it.
  package var prompt: String?
  package var version: String?
  package var model: String?

  package init(prompt: String? = nil, version: String? = nil, model: String? = nil) {
    self.prompt = prompt
    self.version = version
    self.model = model
  }

  /// `with version 43 of rag-answer on gpt-4.1`
  package var words: String {
    var words: [String] = []
    if let version { words.append("with version \(version)\(prompt.map { " of \($0)" } ?? "")") }
    if let model { words.append("on \(model)") }
    return words.isEmpty ? "as it was asked" : words.joined(separator: " ")
  }
}

package struct ReplayRequest: Hashable, Sendable {
  package var headers: [String: String]
  package var body: String
  /// The request's own system instruction gave way to the prompt version's text.
  package var replacesInstruction = false

  /// Why a request cannot be asked again.
  package struct Impossible: Error, CustomStringConvertible {
    package let description: String
  }

  package init(_ frozen: FrozenRequest, _ change: ReplayChange) throws(Impossible) {
    guard let model = change.model ?? frozen.model else {
      throw Impossible(description: "no model is known; name one with --model")
    }
    // Its own service in every chart, so that a replay is not taken for the application's traffic.
    headers = ChatCall.headers
    headers["x-commander-service"] = "commander-replay"
    headers["x-commander-feature"] = frozen.feature
    var messages = frozen.messages
    let prompt = change.version == nil ? frozen.prompt : change.prompt ?? frozen.prompt
    if let version = change.version {
      guard let prompt else { throw Impossible(description: "it names no prompt; name one with --prompt") }
      headers["x-commander-prompt"] = prompt
      headers["x-commander-prompt-version"] = version
      let count = messages.count
      messages.removeAll { $0.role == "system" }
      replacesInstruction = messages.count < count
    } else if let prompt {
      headers["x-commander-prompt"] = prompt
      headers["x-commander-prompt-version"] = frozen.promptVersion
    }
    guard messages.contains(where: { $0.role != "system" }) else {
      throw Impossible(description: "nothing but a system instruction was captured of it")
    }
    do { body = try ChatCall(model: model, messages: messages.map(Self.message)).json() } catch {
      throw Impossible(description: "its messages are no JSON: \(error)")
    }
  }

  /// What a tool said is asked again as words of the user: its call was not captured, and no vendor takes an answer without one.
  private static func message(_ message: ContentMessage) -> ChatCall.Message {
    switch message.role {
    case "system", "user", "assistant": ChatCall.Message(role: message.role, content: message.text)
    case "developer": ChatCall.Message(role: "system", content: message.text)
    case "model": ChatCall.Message(role: "assistant", content: message.text)
    default: ChatCall.Message(role: "user", content: message.text)
    }
  }
}

/// What came of asking again.
package enum ReplayOutcome: Hashable, Sendable {
  case answered(String)
  /// The request itself was refused or failed, as it would for an application.
  case failed(String)
  /// The replay did not work: no connection, no key, no quota, or a provider that is down. It says nothing about the candidate.
  case unanswered(String)

  /// - Parameters:
  ///   - status: of the HTTP answer to a chat completion.
  ///   - versionAsked: of the managed prompt.
  ///   - versionUsed: as the gateway says in `x-commander-prompt-version`.
  package init(status: Int, body: Data, versionAsked: String? = nil, versionUsed: String? = nil) {
    if let versionAsked, let versionUsed, versionAsked != versionUsed {
      // An override that takes a version back goes before every version a request names: this answer is not the candidate's.
      self = .unanswered(
        "the gateway used version \(versionUsed) in place of \(versionAsked); withdraw the override: `commander override list`")
      return
    }
    switch ChatReply(status: status, body: body) {
    case .answered(let text): self = .answered(text)
    case .failed(let status, _, let message):
      let words = "\(status): \(message)"
      self = [401, 403, 408, 429].contains(status) || status >= 500 ? .unanswered(words) : .failed(words)
    case .unreadable: self = .unanswered("200, and no chat completion in it; is --gateway the address of the gateway?")
    }
  }
}
