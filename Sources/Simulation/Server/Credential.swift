// The credential of a request, by the ways in which each vendor's clients send it.
import Hummingbird

struct Credential: Sendable {
  private var bearer: String?
  private var anthropicKey: String?
  private var googleKey: String?
  /// The client is one of Anthropic's: it names the version of the interface, or sends its key in Anthropic's header.
  var isAnthropic: Bool
  /// The client sends its key in one of the Gemini API's ways.
  var isGoogle: Bool { googleKey != nil }

  init(_ request: Request) {
    let authorization = request.headers[.authorization] ?? ""
    bearer = authorization.hasPrefix("Bearer ") && authorization.count > 7 ? String(authorization.dropFirst(7)) : nil
    anthropicKey = request.header("x-api-key")
    let query = request.uri.queryParameters["key"].map(String.init)
    googleKey = [request.header("x-goog-api-key"), query].compactMap { $0 }.first { !$0.isEmpty }
    isAnthropic = anthropicKey != nil || request.header("anthropic-version") != nil
  }

  /// What counts as the credential at this vendor's door; `nil` where there is none.
  func text(for providerProtocol: ProviderProtocol) -> String? {
    switch providerProtocol {
    case .openAI, .vertex: bearer
    case .anthropic: anthropicKey ?? bearer
    case .gemini: googleKey ?? bearer
    }
  }
}

/// A GET that asks which models there are: `/v1/models`, `/v1beta/models`, each also with the name of one.
struct ModelListRequest {
  var providerProtocol: ProviderProtocol
  var model: String?

  init?(path: String, isAnthropic: Bool, isGoogle: Bool) {
    let parts = path.split(separator: "/").map(String.init)
    guard (2...3).contains(parts.count), ["v1", "v1beta"].contains(parts[0]), parts[1] == "models" else { return nil }
    // Three vendors serve /v1/models; the way the key comes tells which one is meant.
    providerProtocol = parts[0] == "v1beta" || isGoogle ? .gemini : isAnthropic ? .anthropic : .openAI
    model = parts.count == 3 ? parts[2] : nil
  }
}

extension Request {
  /// The first header with this name, given in small letters; `nil` also where it is empty.
  func header(_ name: String) -> String? {
    headers.first { $0.name.canonicalName == name && !$0.value.isEmpty }?.value
  }
}
