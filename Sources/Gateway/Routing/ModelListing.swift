// `GET /v1/models`: the models the routes serve, in OpenAI's or Anthropic's form.

import Pricing
import Providers

struct ModelListing {
  let wireProtocol: WireProtocol
  /// One model; `nil` for all.
  private let model: String?

  init?(uri: String, headers: HeaderBlock) {
    let path = uri.prefix { $0 != "?" }
    guard path == "/v1/models" || path.hasPrefix("/v1/models/") else { return nil }
    let rest = path.dropFirst("/v1/models".count).drop { $0 == "/" }
    model = rest.isEmpty ? nil : String(rest)
    wireProtocol = headers.first("anthropic-version") == nil && headers.first("x-api-key") == nil ? .openAI : .anthropic
  }

  /// A pattern stands for the models of the price book that match it; others that match can be asked for all the same.
  func body(snapshot: GatewaySnapshot) throws(GatewayFailure) -> String {
    if let model {
      guard snapshot.routes.contains(where: { $0.value.matches(model: model) }) else {
        throw GatewayFailure(status: 404, errorClass: .invalidRequest, message: "No route serves model \"\(model)\".")
      }
      return item(model, snapshot)
    }
    var seen: Set<String> = []
    let names = snapshot.routes.flatMap(\.value.models).flatMap { pattern in
      pattern.hasSuffix("*") ? snapshot.prices.models.filter { $0.hasPrefix(pattern.dropLast()) } : [pattern]
    }.filter { seen.insert($0).inserted }
    let items = names.map { item($0, snapshot) }.joined(separator: ",")
    guard wireProtocol == .anthropic else { return #"{"object":"list","data":[\#(items)]}"# }
    func edge(_ name: String?) -> String { name.map(JSONText.quoted) ?? "null" }
    return #"{"data":[\#(items)],"has_more":false,"first_id":\#(edge(names.first)),"last_id":\#(edge(names.last))}"#
  }

  private func item(_ name: String, _ snapshot: GatewaySnapshot) -> String {
    let quoted = JSONText.quoted(name)
    // The date is not known here; both SDKs require one.
    if wireProtocol == .anthropic {
      return #"{"type":"model","id":\#(quoted),"display_name":\#(quoted),"created_at":"1970-01-01T00:00:00Z"}"#
    }
    let route = snapshot.routes.first { $0.value.matches(model: name) }
    let owner =
      route?.value.targets.first.flatMap { snapshot.providers[$0.provider] }?.value.wireProtocol.providerName ?? "commander"
    return #"{"id":\#(quoted),"object":"model","created":0,"owned_by":\#(JSONText.quoted(owner))}"#
  }
}
