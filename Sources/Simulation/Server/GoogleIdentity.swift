// Google's ways to an access token: a service account's signed assertion, another provider's token (workload identity federation), a
// service account that a token may speak for, and the metadata server.
import Foundation
import Hummingbird

struct GoogleIdentity: Sendable {
  let simulator: ProviderSimulator

  private static let account = "simulator@simulated-project.iam.gserviceaccount.com"
  private static let scope = "https://www.googleapis.com/auth/cloud-platform"

  /// `nil` for a path that is none of these. A fault strikes here only where it names the path: a rule about models must not
  /// take away the token that is needed to reach them.
  func respond(to request: Request, body: ByteBuffer) async throws -> Response? {
    let path = request.uri.path
    let isToken = path == "/token"
    let isFederation = path == "/v1/token"
    let isImpersonation = path.hasPrefix("/v1/projects/-/serviceAccounts/") && path.hasSuffix(":generateAccessToken")
    guard isToken || isFederation || isImpersonation || path == "/" || path.hasPrefix("/computeMetadata/") else { return nil }
    let effect = simulator.faults.effect(onIdentityPath: path)
    if let latency = effect.latency { try await Task.sleep(for: latency) }
    if let status = effect.status {
      return Response(json: ["error": "internal_failure", "error_description": "Injected."], status: status)
    }
    if isToken || isFederation || isImpersonation {
      guard request.method == .post else { return Response(json: ["error": "invalid_request"], status: 405) }
      if isImpersonation { return impersonate(request, body) }
      let fields = Self.fields(of: String(buffer: body))
      return isToken ? exchange(fields, lifetime: lifetime(of: request)) : federate(fields, lifetime: lifetime(of: request))
    }
    return metadata(request)
  }

  private func lifetime(of request: Request) -> Int? { request.uri.queryParameters["expires_in"].flatMap { Int($0) } }

  private static func fields(of form: String) -> [String: String] {
    var components = URLComponents()
    components.percentEncodedQuery = form.replacingOccurrences(of: "+", with: "%20")
    return Dictionary((components.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
  }

  /// What the other provider's token says only that provider knows; its place in the exchange (RFC 8693) is checked.
  private func federate(_ fields: [String: String], lifetime: Int?) -> Response {
    guard fields["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange" else {
      return refusal("unsupported_grant_type", "Invalid grant_type.")
    }
    guard fields["audience"]?.hasPrefix("//iam.googleapis.com/") == true else {
      return refusal("invalid_target", "The audience is not a workload identity pool provider.")
    }
    guard fields["requested_token_type"] == "urn:ietf:params:oauth:token-type:access_token",
      fields["subject_token_type"]?.hasPrefix("urn:") == true, fields["scope"]?.isEmpty == false
    else { return refusal("invalid_request", "A member of the exchange is missing.") }
    guard fields["subject_token"]?.isEmpty == false else { return refusal("invalid_grant", "There is no subject token.") }
    let issued = simulator.tokens.issue(lifetime: lifetime).members ?? []
    return Response(json: .object(issued + [("issued_token_type", "urn:ietf:params:oauth:token-type:access_token")]))
  }

  /// A token of ours may speak for every account here.
  private func impersonate(_ request: Request, _ body: ByteBuffer) -> Response {
    func refuse(_ status: Int, _ word: String, _ message: String) -> Response {
      Response(
        json: ["error": ["code": .integer(status), "message": .string(message), "status": .string(word)]],
        status: status)
    }
    guard let header = request.header("authorization"), header.hasPrefix("Bearer "),
      simulator.tokens.accepts(String(header.dropFirst(7))), header.dropFirst(7).hasPrefix("ya29.")
    else { return refuse(401, "UNAUTHENTICATED", "The request has no access token of ours.") }
    guard let members = try? JSONValue(parsing: Data(buffer: body)), members["scope"]?.array?.isEmpty == false else {
      return refuse(400, "INVALID_ARGUMENT", "scope is missing.")
    }
    let seconds = members["lifetime"]?.string.flatMap { Int($0.dropLast()) } ?? 3_600
    guard (1...43_200).contains(seconds) else { return refuse(400, "INVALID_ARGUMENT", "lifetime is out of range.") }
    let issued = simulator.tokens.issue(lifetime: seconds)
    let end = Date(timeIntervalSinceNow: Double(seconds)).formatted(.iso8601)
    return Response(json: ["accessToken": issued["access_token"] ?? .null, "expireTime": .string(end)])
  }

  private func exchange(_ fields: [String: String], lifetime: Int?) -> Response {
    guard fields["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" else {
      return refusal("unsupported_grant_type", "Invalid grant_type: \(fields["grant_type"] ?? "")")
    }
    if let problem = Self.problem(of: fields["assertion"] ?? "") { return refusal("invalid_grant", problem) }
    return Response(json: simulator.tokens.issue(lifetime: lifetime))
  }

  private func refusal(_ error: String, _ description: String) -> Response {
    Response(json: ["error": .string(error), "error_description": .string(description)], status: 400)
  }

  /// What is wrong with an assertion; whether its signature is right only the holder of the key can say.
  static func problem(of assertion: String) -> String? {
    let parts = assertion.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[2].isEmpty else { return "Invalid JWT: it has not three parts." }
    guard let header = json(ofPart: parts[0]), header["alg"]?.string == "RS256" else {
      return "Invalid JWT: the header does not name RS256."
    }
    guard let claims = json(ofPart: parts[1]) else { return "Invalid JWT: the claims are not JSON." }
    for claim in ["iss", "aud", "scope"] where claims[claim]?.string?.isEmpty ?? true {
      return "Invalid JWT: the claim \(claim) is missing."
    }
    guard claims["aud"]?.string?.hasSuffix("/token") == true else { return "Invalid JWT: aud is not the token address." }
    guard let issued = claims["iat"]?.number, let expires = claims["exp"]?.number else {
      return "Invalid JWT: iat and exp must be numbers."
    }
    guard expires > issued, expires - issued <= 3600 else {
      return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    }
    return nil
  }

  private static func json(ofPart part: Substring) -> JSONValue? {
    var text = part.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    text += String(repeating: "=", count: (4 - text.count % 4) % 4)
    return Data(base64Encoded: text).flatMap { try? JSONValue(parsing: $0) }
  }

  private func metadata(_ request: Request) -> Response {
    guard request.method == .get else { return plain("Method not allowed", status: 405) }
    guard request.header("metadata-flavor")?.lowercased() == "google" else {
      return plain("Missing required header: Metadata-Flavor", status: 403)
    }
    let accounts = "/computeMetadata/v1/instance/service-accounts/default"
    switch request.uri.path {
    case "/", "/computeMetadata/v1", "/computeMetadata/v1/": return plain("computeMetadata/\n")
    case accounts + "/token": return flavored(Response(json: simulator.tokens.issue(lifetime: lifetime(of: request))))
    case accounts + "/email": return plain(Self.account)
    case accounts, accounts + "/":
      return flavored(Response(json: ["aliases": ["default"], "email": .string(Self.account), "scopes": [.string(Self.scope)]]))
    case "/computeMetadata/v1/project/project-id": return plain("simulated-project")
    case "/computeMetadata/v1/universe/universe-domain": return plain("googleapis.com")
    default: return plain("Not found", status: 404)
    }
  }

  private func plain(_ text: String, status: Int = 200) -> Response {
    flavored(
      Response(
        status: .init(code: status), headers: [.contentType: "application/text"],
        body: .init(byteBuffer: ByteBuffer(string: text))))
  }

  private func flavored(_ response: Response) -> Response {
    var response = response
    if let name = HTTPFields.Element.Name("Metadata-Flavor") { response.headers[name] = "Google" }
    return response
  }
}
