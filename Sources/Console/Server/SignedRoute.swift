// Where other systems call: whoever decides is handed the headers that sign, and the bytes as they came.

import HTTPTypes
import Hummingbird

/// Neither a form token nor the origin is asked for here: the signature over the body says who it is.
package struct SignedRoute: Sendable {
  package typealias Handler = @Sendable (_ headers: [String?], _ body: [UInt8]) async -> (status: Int, text: String)

  private let path: String
  private let headers: [HTTPField.Name]
  private let bodyLimit: Int
  private let handle: Handler

  init(path: String, headers: [HTTPField.Name], bodyLimit: Int, handle: @escaping Handler) {
    self.path = path
    self.headers = headers
    self.bodyLimit = bodyLimit
    self.handle = handle
  }

  package func add(to router: Router<Console.Context>) {
    router.post("\(path)") { request, _ -> Response in
      let signed = headers.map { request.headers[$0] }
      var request = request
      guard let body = try? await request.collectBody(upTo: bodyLimit) else {
        return .text("the body is larger than \(bodyLimit) bytes\n", type: "text/plain; charset=utf-8", status: .contentTooLarge)
      }
      let answer = await handle(signed, Array(body.readableBytesView))
      return .text(answer.text, type: "text/plain; charset=utf-8", status: .init(code: answer.status))
    }
  }
}

// Constants in HTTP's token alphabet: the initialiser cannot refuse them.
// swift-format-ignore: NeverForceUnwrap
extension HTTPField.Name {
  static let slackRequestTimestamp = HTTPField.Name("X-Slack-Request-Timestamp")!
  static let slackSignature = HTTPField.Name("X-Slack-Signature")!
  static let pagerDutySignature = HTTPField.Name("X-PagerDuty-Signature")!
}

extension SignedRoute {
  /// `POST /slack/interactions`: the buttons that people press. To be answered with an empty body, since Slack would show any other.
  package static func slack(
    bodyLimit: Int,
    handle: @escaping @Sendable (_ timestamp: String?, _ signature: String?, _ body: [UInt8]) async -> (status: Int, text: String)
  ) -> SignedRoute {
    SignedRoute(path: "slack/interactions", headers: [.slackRequestTimestamp, .slackSignature], bodyLimit: bodyLimit) {
      await handle($0[0], $0[1], $1)
    }
  }

  /// `POST /pagerduty/events`: what people do in PagerDuty.
  package static func pagerDuty(
    bodyLimit: Int, handle: @escaping @Sendable (_ signature: String?, _ body: [UInt8]) async -> (status: Int, text: String)
  ) -> SignedRoute {
    SignedRoute(path: "pagerduty/events", headers: [.pagerDutySignature], bodyLimit: bodyLimit) { await handle($0[0], $1) }
  }
}
