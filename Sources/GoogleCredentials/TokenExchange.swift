// One exchange: a credential for a token, over HTTP, within a time and a size.

import AsyncHTTPClient
import LLMTelemetry
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Asks once; when to ask again is `TokenRenewal`'s decision.
struct TokenExchange: Sendable {
  let source: GoogleSource
  let httpClient: HTTPClient
  let scopes: [String]
  let timeouts: GoogleTimeouts

  func token(at: Timestamp) async throws(GoogleCredentialError) -> AccessToken {
    switch source.place {
    case .metadataServer(let host):
      // Scopes may be asked for where the platform knows them (Cloud Run, App Engine); Compute Engine ignores them.
      let query = scopes.isEmpty ? "" : "?scopes=" + FormBody.escaped(scopes.joined(separator: ","))
      let reply = try await metadata(host, "instance/service-accounts/default/token" + query)
      return try token(in: reply, at: at, place: "\(source)")
    case .file(let path):
      return try await token(CredentialFile.read(path: path, origin: source.origin), scopes: scopes, at: at)
    }
  }

  func project() async throws(GoogleCredentialError) -> GoogleProject {
    switch source.place {
    case .file(let path): return try CredentialFile.read(path: path, origin: source.origin).project
    case .metadataServer(let host):
      let reply = try await metadata(host, "project/project-id")
      let text = String(buffer: reply)
      guard (1...100).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
        throw GoogleCredentialError(
          .unintelligible, "\(source) answered with no project id; name the project in the configuration")
      }
      return GoogleProject(id: text)
    }
  }

  // MARK: Files

  private func token(
    _ file: CredentialFile, scopes: [String], at: Timestamp
  ) async throws(GoogleCredentialError) -> AccessToken {
    switch file {
    case .serviceAccount(let key):
      let assertion: String
      do { assertion = try await key.assertion(scopes: scopes, at: at) } catch {
        throw GoogleCredentialError(
          .malformed, "\(source): member `private_key` cannot sign; download the service account's key again")
      }
      return try await token(
        for: FormBody([("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)]),
        from: key.tokenAddress, at: at,
        remedy: "check that the key is neither deleted nor disabled and that this machine's clock is right, or download a new key"
      )
    case .authorizedUser(let user):
      let form = FormBody([
        ("grant_type", "refresh_token"), ("client_id", user.clientID), ("client_secret", user.clientSecret),
        ("refresh_token", user.refreshToken),
      ])
      return try await token(
        for: form, from: user.tokenAddress, at: at, remedy: "run `gcloud auth application-default login` again")
    case .externalAccount(let account):
      let subject = try await subjectToken(of: account)
      return try await token(
        for: account.form(subjectToken: subject, scopes: scopes), from: account.tokenAddress, at: at,
        authorization: account.authorization,
        remedy: "check the pool, its provider and its attribute condition, and that the subject token is of now and for them")
    case .impersonated(let impersonation, let source):
      // It need not be good for anything else.
      let token = try await token(source, scopes: [Impersonation.scope], at: at)
      return try await impersonate(impersonation, by: token, at: at)
    }
  }

  /// Asks a token endpoint with a form (RFC 6749).
  private func token(
    for form: FormBody, from address: String, at: Timestamp, authorization: String? = nil, remedy: String
  ) async throws(GoogleCredentialError) -> AccessToken {
    var request = HTTPClientRequest(url: address)
    request.method = .POST
    request.headers = ["content-type": "application/x-www-form-urlencoded", "accept": "application/json"]
    if let authorization { request.headers.add(name: "authorization", value: authorization) }
    request.body = .bytes(ByteBuffer(string: form.text))
    let place = "token endpoint \(address) (asked for \(source))"
    let (status, _, body) = try await send(request, place: place, timeout: timeouts.tokenEndpoint)
    guard status == 200 else {
      throw refusal(status, Self.word(in: body, \OAuthError.error), place: place, remedy: remedy)
    }
    return try token(in: body, at: at, place: place)
  }

  /// - Parameter word: the error's code. Only that is repeated: descriptions may name accounts or quote what was sent.
  func refusal(_ status: Int, _ word: String?, place: String, remedy: String) -> GoogleCredentialError {
    let code = word.flatMap { word in
      (1...64).contains(word.utf8.count) && word.utf8.allSatisfy { (97...122).contains($0 | 32) || $0 == 95 } ? word : nil
    }
    let remedy = status >= 500 || status == 429 ? "it is tried again by itself" : remedy
    return GoogleCredentialError(.refused(status: status), "\(place) answered \(status)\(code.map { " \($0)" } ?? ""); \(remedy)")
  }

  static func word<Reply: Decodable>(in body: ByteBuffer, _ word: (Reply) -> String) -> String? {
    (try? JSONDecoder().decode(Reply.self, from: Data(body.readableBytesView))).map(word)
  }

  // MARK: Metadata server

  private func metadata(_ host: String, _ path: String) async throws(GoogleCredentialError) -> ByteBuffer {
    var request = HTTPClientRequest(url: "http://\(host)/computeMetadata/v1/\(path)")
    request.headers = ["metadata-flavor": "Google"]
    let (status, headers, body) = try await send(request, place: "\(source)", timeout: timeouts.metadataServer)
    // Any network may have something that answers at that name; Google's server says so in each reply, a captive portal does not.
    guard headers.first(name: "metadata-flavor") == "Google" else {
      throw GoogleCredentialError(
        .unintelligible, "\(source) answered without Metadata-Flavor: Google, so it is not Google's; \(Self.elsewhere)")
    }
    guard status == 200 else {
      throw GoogleCredentialError(
        .refused(status: status),
        "\(source) answered \(status); attach a service account to this machine, or \(Self.elsewhere)")
    }
    return body
  }

  static let elsewhere =
    "set GOOGLE_APPLICATION_CREDENTIALS to a credential file or run `gcloud auth application-default login`"

  private func token(in body: ByteBuffer, at: Timestamp, place: String) throws(GoogleCredentialError) -> AccessToken {
    guard let reply = try? JSONDecoder().decode(TokenReply.self, from: Data(body.readableBytesView)),
      Self.isUsable(reply.access_token),
      (1...604_800).contains(reply.expires_in)
    else {
      throw GoogleCredentialError(
        .unintelligible, "\(place) answered with no usable `access_token` and `expires_in`; check what answers at that address")
    }
    // From before the request was sent: a token that ends a moment early hurts nobody.
    return AccessToken(value: reply.access_token, expiresAt: at + .seconds(reply.expires_in))
  }

  /// It becomes a header: what could end one must not come from outside.
  static func isUsable(_ token: String) -> Bool {
    (1...16_384).contains(token.utf8.count) && token.utf8.allSatisfy { $0 > 32 && $0 < 127 }
  }
}

private struct TokenReply: Decodable {
  let access_token: String
  let expires_in: Int64

  enum CodingKeys: String, CodingKey { case access_token, expires_in }

  /// Some endpoints write the seconds as text.
  init(from decoder: any Decoder) throws {
    let reply = try decoder.container(keyedBy: CodingKeys.self)
    access_token = try reply.decode(String.self, forKey: .access_token)
    if let text = try? reply.decode(String.self, forKey: .expires_in) {
      expires_in = Int64(text) ?? 0
    } else {
      expires_in = try reply.decode(Int64.self, forKey: .expires_in)
    }
  }
}

private struct OAuthError: Decodable {
  let error: String
}
