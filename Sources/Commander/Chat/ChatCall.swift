// A chat completion that is asked of the gateway by this product itself, as any client would ask: the body that is sent, and what comes
// back. Pure.

import Foundation
import LLMTelemetry

struct ChatCall: Encodable {
  /// What every such request has. Who judges by an answer wants one that is made now, and no copy of the gateway's cache.
  static let headers = ["content-type": "application/json", "cache-control": "no-store"]

  struct Message: Encodable {
    let role: String
    let content: String
  }

  let model: String
  let messages: [Message]
  var temperature: Double?
  var answerTokens: Int?

  private enum CodingKeys: String, CodingKey {
    case model, messages, temperature
    case answerTokens = "max_completion_tokens"
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// The gateway's answer to one.
enum ChatReply: Hashable, Sendable {
  case answered(String)
  /// `code` is the gateway's word for a failure of its own (an `ErrorClass`), or the provider's.
  case failed(status: Int, code: String?, message: String)
  /// Status 200, and no chat completion.
  case unreadable

  init(status: Int, body: Data) {
    guard status == 200 else {
      let failure = try? JSONDecoder().decode(Failure.self, from: body).error
      self = .failed(
        status: status, code: failure?.code, message: String((failure?.message ?? "no reason given").prefix(300)))
      return
    }
    guard let completion = try? JSONDecoder().decode(Completion.self, from: body), let choice = completion.choices.first else {
      self = .unreadable
      return
    }
    self = .answered(choice.message.content ?? choice.message.refusal ?? "")
  }

  private struct Failure: Decodable {
    struct Reason: Decodable {
      let message: String?
      let code: String?

      private enum CodingKeys: CodingKey { case message, code }

      init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        message = try members.decodeIfPresent(String.self, forKey: .message)
        // A number with some vendors.
        code = try? members.decodeIfPresent(String.self, forKey: .code)
      }
    }
    let error: Reason
  }

  private struct Completion: Decodable {
    struct Choice: Decodable { let message: Message }
    struct Message: Decodable {
      let content: String?
      let refusal: String?
    }
    let choices: [Choice]
  }
}
