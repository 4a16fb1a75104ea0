// What is asked of the gateway and is no model call: its health, the list of models, and everything it does not know.

import LLMTelemetry
import Providers

enum OtherPath {
  enum Answer {
    case document(contentType: StaticString, body: String)
    case refused(GatewayFailure, WireProtocol)
  }

  static func answer(
    _ head: RequestHead, snapshot: GatewaySnapshot, lookUp: (String) -> Shared<VirtualKey>?
  ) -> Answer {
    let isReading = head.method == "GET" || head.method == "HEAD"
    if isReading, head.uri == "/health" { return .document(contentType: "text/plain; charset=utf-8", body: "ok\n") }
    if isReading, let listing = ModelListing(uri: head.uri, headers: head.headers) {
      do throws(GatewayFailure) {
        _ = try Admission.key(queryKey: nil, headers: head.headers, key: lookUp)
        return .document(contentType: "application/json", body: try listing.body(snapshot: snapshot))
      } catch {
        return .refused(error, listing.wireProtocol)
      }
    }
    let message =
      "The gateway does not serve \(head.method) \(head.uri.prefix(200)). It serves POST /v1/chat/completions, /v1/responses, "
      + "/v1/embeddings, /v1/messages, /{v1,v1beta}/models/MODEL:generateContent and the Vertex AI forms, and GET /v1/models; "
      + "check the base URL of your SDK."
    return .refused(
      GatewayFailure(status: 404, errorClass: .invalidRequest, message: message), head.uri.contains("/v1beta") ? .gemini : .openAI
    )
  }
}
