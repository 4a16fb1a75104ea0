// `POST /slack/interactions`: where Slack sends the buttons that people press. Whoever decides is handed the bytes as they came.

import HTTPTypes
import Hummingbird

// Constants in HTTP's token alphabet: the initialiser cannot refuse them.
// swift-format-ignore: NeverForceUnwrap
extension HTTPField.Name {
  static let slackRequestTimestamp = HTTPField.Name("X-Slack-Request-Timestamp")!
  static let slackSignature = HTTPField.Name("X-Slack-Signature")!
}

/// Neither a form token nor the origin is asked for here: the signature over the body says that it is Slack.
package struct SlackRoute: Sendable {
  package typealias Handler =
    @Sendable (
      _ timestamp: String?, _ signature: String?, _ body: [UInt8]
    ) async -> (status: Int, text: String)

  package static let path = "slack/interactions"

  private let bodyLimit: Int
  private let handle: Handler

  package init(bodyLimit: Int, handle: @escaping Handler) {
    self.bodyLimit = bodyLimit
    self.handle = handle
  }

  package func add(to router: Router<Console.Context>) {
    router.post("\(Self.path)") { request, _ -> Response in
      let timestamp = request.headers[.slackRequestTimestamp]
      let signature = request.headers[.slackSignature]
      var request = request
      guard let body = try? await request.collectBody(upTo: bodyLimit) else {
        return .text("the body is larger than \(bodyLimit) bytes\n", type: "text/plain; charset=utf-8", status: .contentTooLarge)
      }
      let answer = await handle(timestamp, signature, Array(body.readableBytesView))
      // An empty body: Slack would show any other to the person who pressed.
      return .text(answer.text, type: "text/plain; charset=utf-8", status: .init(code: answer.status))
    }
  }
}
