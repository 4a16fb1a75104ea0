// Asks our own gateway for a verdict, over the loopback and with the judge's key, as any application would.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import NIOPosix
import Redaction
import SemanticRisk
import StrictYAML

/// What came of asking once.
enum JudgeReply: Hashable, Sendable {
  case verdict(JudgeVerdict)
  /// `message` is for people, and without a credential; `retryAfter` is when the gateway says to come again.
  case none(JudgeObstacle, message: String, retryAfter: Duration?)
}

struct JudgeClient: Sendable {
  /// An answer takes seconds; one that takes this long is worth no more waiting.
  static let patience: Int64 = 60
  private static let answerLimit = 256 << 10

  /// One for the process, which ends with it. Redirects are not followed: the key must not go where it was not sent.
  private static let client: HTTPClient = {
    var settings = HTTPClient.Configuration()
    settings.redirectConfiguration = .disallow
    settings.timeout.connect = .seconds(5)
    settings.timeout.read = .seconds(patience)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }()

  let settings: JudgeSettings
  private let url: String

  init(settings: JudgeSettings, gateway: ListenAddress) {
    self.settings = settings
    url = "http://\(gateway.fromThisMachine)/v1/chat/completions"
  }

  func ask(_ messages: [ContentMessage]) async -> JudgeReply {
    let call = ChatCall(
      model: settings.model, messages: messages.map { ChatCall.Message(role: $0.role, content: $0.text) }, temperature: 0,
      answerTokens: JudgeQuestion.answerTokens)
    guard let body = try? call.json() else { return .none(.refused, message: "the texts are no JSON", retryAfter: nil) }
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    for (name, value) in ChatCall.headers { request.headers.add(name: name, value: value) }
    request.headers.add(name: "authorization", value: "Bearer \(settings.secret)")
    request.headers.add(name: "x-commander-service", value: "commander-judge")
    request.headers.add(name: "x-commander-feature", value: "judge")
    request.body = .bytes(ByteBuffer(string: body))
    do {
      let response = try await Self.client.execute(request, timeout: .seconds(Self.patience))
      let answer = Data(buffer: try await response.body.collect(upTo: Self.answerLimit))
      let wait = response.headers.first(name: "retry-after").flatMap(Int64.init)
      return Self.reply(ChatReply(status: Int(response.status.code), body: answer), retryAfter: wait.map { .seconds($0) })
    } catch {
      return Self.failure(error)
    }
  }

  /// Pure.
  static func reply(_ reply: ChatReply, retryAfter: Duration?) -> JudgeReply {
    switch reply {
    case .answered(let text):
      guard var verdict = JudgeVerdict(answer: text) else {
        return .none(.unparseable, message: "it answered, and not with the JSON it was asked for", retryAfter: nil)
      }
      // A judge quotes, and may recompose what was taken out.
      verdict.reason = Redactor.redact(verdict.reason)
      return .verdict(verdict)
    case .unreadable: return .none(.unparseable, message: "the answer was no chat completion", retryAfter: nil)
    case .failed(let status, let code, let message):
      let words = "\(status): \(Redactor.redact(message))"
      // The two words the gateway has for a budget: its own, and one that an override set.
      if status == 429, code == ErrorClass.quotaExhausted.rawValue || code == ErrorClass.withheld.rawValue {
        return .none(.budget, message: words, retryAfter: retryAfter)
      }
      return .none(status >= 500 || status == 429 ? .providerError : .refused, message: words, retryAfter: retryAfter)
    }
  }

  private static func failure(_ error: any Error) -> JudgeReply {
    switch error as? HTTPClientError {
    case .deadlineExceeded?, .readTimeout?, .connectTimeout?:
      .none(.timeout, message: "no answer within \(patience) s", retryAfter: nil)
    default: .none(.unreachable, message: "the gateway was not reached: \(type(of: error))", retryAfter: nil)
    }
  }
}

extension ListenAddress {
  /// The same listener as this machine reaches it: an address that means every interface is none to connect to.
  var fromThisMachine: ListenAddress {
    switch host {
    case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
    case "::": ListenAddress(host: "::1", port: port)
    default: self
    }
  }
}
