// One exchange: a credential for a token, over HTTP, within a time and a size.

import AsyncHTTPClient
import LLMTelemetry
import NIOCore
import NIOHTTP1

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

  private static let replyLimit = 64 << 10

  func token(at: Timestamp) async throws(GoogleCredentialError) -> AccessToken {
    switch source.place {
    case .metadataServer(let host):
      // Scopes may be asked for where the platform knows them (Cloud Run, App Engine); Compute Engine ignores them.
      let query = scopes.isEmpty ? "" : "?scopes=" + FormBody.escaped(scopes.joined(separator: ","))
      let reply = try await metadata(host, "instance/service-accounts/default/token" + query)
      return try token(in: reply, at: at, place: "\(source)")
    case .file(let path):
      return try await token(CredentialFile.read(path: path, origin: source.origin), path: path, at: at)
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

  private func token(_ file: CredentialFile, path: String, at: Timestamp) async throws(GoogleCredentialError) -> AccessToken {
    let form: FormBody
    let address: String
    switch file {
    case .serviceAccount(let key):
      let assertion: String
      do { assertion = try await key.assertion(scopes: scopes, at: at) } catch {
        throw GoogleCredentialError(
          .malformed, "\(source): member `private_key` cannot sign; download the service account's key again")
      }
      form = FormBody([("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)])
      address = key.tokenAddress
    case .authorizedUser(let user):
      form = FormBody([
        ("grant_type", "refresh_token"), ("client_id", user.clientID), ("client_secret", user.clientSecret),
        ("refresh_token", user.refreshToken),
      ])
      address = user.tokenAddress
    }
    var request = HTTPClientRequest(url: address)
    request.method = .POST
    request.headers = ["content-type": "application/x-www-form-urlencoded", "accept": "application/json"]
    request.body = .bytes(ByteBuffer(string: form.text))
    let place = "token endpoint \(address) (asked for \(source))"
    let (status, _, body) = try await send(request, place: place, timeout: timeouts.tokenEndpoint)
    guard status == 200 else { throw refusal(status, body, place: place, file: file) }
    return try token(in: body, at: at, place: place)
  }

  private func refusal(_ status: Int, _ body: ByteBuffer, place: String, file: CredentialFile) -> GoogleCredentialError {
    // Only OAuth's code word is repeated: descriptions may name accounts or quote what was sent.
    let word = (try? JSONDecoder().decode(OAuthError.self, from: Data(body.readableBytesView)))?.error
    let code = word.flatMap { word in
      (1...64).contains(word.utf8.count) && word.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 } ? word : nil
    }
    let remedy =
      switch (file, status) {
      case (_, 500...), (_, 429): "it is tried again by itself"
      case (.serviceAccount, _):
        "check that the key is neither deleted nor disabled and that this machine's clock is right, or download a new key"
      case (.authorizedUser, _): "run `gcloud auth application-default login` again"
      }
    return GoogleCredentialError(.refused(status: status), "\(place) answered \(status)\(code.map { " \($0)" } ?? ""); \(remedy)")
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

  private static let elsewhere =
    "set GOOGLE_APPLICATION_CREDENTIALS to a credential file or run `gcloud auth application-default login`"

  // MARK: HTTP

  private func token(in body: ByteBuffer, at: Timestamp, place: String) throws(GoogleCredentialError) -> AccessToken {
    guard let reply = try? JSONDecoder().decode(TokenReply.self, from: Data(body.readableBytesView)),
      // It becomes a header: what could end one must not come from outside.
      (1...16_384).contains(reply.access_token.utf8.count), reply.access_token.utf8.allSatisfy({ $0 > 32 && $0 < 127 }),
      (1...604_800).contains(reply.expires_in)
    else {
      throw GoogleCredentialError(
        .unintelligible, "\(place) answered with no usable `access_token` and `expires_in`; check what answers at that address")
    }
    // From before the request was sent: a token that ends a moment early hurts nobody.
    return AccessToken(value: reply.access_token, expiresAt: at + .seconds(reply.expires_in))
  }

  private func send(
    _ request: HTTPClientRequest, place: String, timeout: Duration
  ) async throws(GoogleCredentialError) -> (status: Int, headers: HTTPHeaders, body: ByteBuffer) {
    do {
      guard let reply = try await Self.reply(to: request, httpClient: httpClient, timeout: timeout) else {
        throw GoogleCredentialError(
          .timedOut, "\(place) did not answer within \(timeout.inSeconds.formattedSeconds) s; \(unreachableRemedy)")
      }
      return reply
    } catch let error as GoogleCredentialError {
      throw error
    } catch is NIOTooManyBytesError {
      throw GoogleCredentialError(.unintelligible, "\(place) answered with more than \(Self.replyLimit) bytes, which is no token")
    } catch {
      throw GoogleCredentialError(.unreachable, "\(place) cannot be reached; \(unreachableRemedy)")
    }
  }

  /// `nil` when the time is up. The client's own deadline ends with the head of the response; a body may trickle for ever.
  private static func reply(
    to request: HTTPClientRequest, httpClient: HTTPClient, timeout: Duration
  ) async throws -> (status: Int, headers: HTTPHeaders, body: ByteBuffer)? {
    try await withThrowingTaskGroup(of: (status: Int, headers: HTTPHeaders, body: ByteBuffer)?.self) { group in
      group.addTask {
        // Longer than the race it runs in, so that there is one place where time ends.
        let deadline = NIODeadline.now() + .nanoseconds(2 * timeout.wholeNanoseconds)
        let response = try await httpClient.execute(request, deadline: deadline)
        return (Int(response.status.code), response.headers, try await response.body.collect(upTo: replyLimit))
      }
      group.addTask {
        try await Task.sleep(for: timeout)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  private var unreachableRemedy: String {
    switch source.place {
    case .file: "check that this machine may reach it"
    case .metadataServer: "away from Google's machines, \(Self.elsewhere)"
    }
  }
}

/// How long one exchange may take, from the connection to the end of the reply.
package struct GoogleTimeouts: Hashable, Sendable {
  /// On the same machine; what has not answered by then is not there.
  package var metadataServer: Duration = .seconds(3)
  package var tokenEndpoint: Duration = .seconds(10)

  package init() {}
}

private struct TokenReply: Decodable {
  let access_token: String
  let expires_in: Int64
}

private struct OAuthError: Decodable {
  let error: String
}

/// `application/x-www-form-urlencoded`
struct FormBody {
  let text: String

  init(_ members: [(name: String, value: String)]) {
    text = members.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
  }

  /// Everything but RFC 3986's unreserved characters as `%XX`.
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Double {
  /// `3`, `0.2`
  fileprivate var formattedSeconds: String { self == rounded() ? String(Int64(self)) : String(self) }
}
