// The steps of an exchange that begins elsewhere: the other provider's token, and the account it speaks for.

import AsyncHTTPClient
import LLMTelemetry
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension TokenExchange {
  /// The other provider's token, read anew each time.
  func subjectToken(of account: ExternalAccount) async throws(GoogleCredentialError) -> String {
    let place: String
    let data: Data
    switch account.subject {
    case .file(let path):
      place = "subject token file \(path) (of \(source))"
      guard let content = FileManager.default.contents(atPath: path) else {
        throw GoogleCredentialError(
          .unreadable, "\(place) cannot be read; check that whoever writes it has, readable by the user that runs this program")
      }
      data = content
    case .address(let address, let headers):
      // Without its query, which may be a secret.
      place = "subject token address \(address.prefix { $0 != "?" }) (of \(source))"
      var request = HTTPClientRequest(url: address)
      for header in headers { request.headers.add(name: header.name, value: header.value) }
      let (status, _, body) = try await send(request, place: place, timeout: timeouts.tokenEndpoint)
      guard status == 200 else {
        throw refusal(status, nil, place: place, remedy: "check what answers there, and `credential_source.headers`")
      }
      data = Data(body.readableBytesView)
    }
    guard let token = account.subjectToken(in: data) else {
      let what = account.subjectField.map { "has no text in the member `\($0)` of a JSON object" } ?? "is empty"
      throw GoogleCredentialError(
        .unintelligible, "\(place) \(what); check `credential_source.format`, and what is written there")
    }
    return token
  }

  /// Google's IAM hands out a token of the account to whoever may speak for it.
  func impersonate(
    _ impersonation: Impersonation, by token: AccessToken, at: Timestamp
  ) async throws(GoogleCredentialError) -> AccessToken {
    var request = HTTPClientRequest(url: impersonation.address)
    request.method = .POST
    request.headers = [
      "content-type": "application/json", "accept": "application/json", "authorization": "Bearer \(token.value)",
    ]
    request.body = .bytes(ByteBuffer(bytes: impersonation.body(scopes: scopes)))
    let place = "impersonation \(impersonation.address) (asked for \(source))"
    let (status, _, body) = try await send(request, place: place, timeout: timeouts.tokenEndpoint)
    guard status == 200 else {
      throw refusal(
        status, Self.word(in: body, \IAMError.error.status), place: place,
        remedy:
          "give the source the role Service Account Token Creator on the account, and enable the IAM Service Account Credentials API"
      )
    }
    guard let reply = try? JSONDecoder().decode(ImpersonationReply.self, from: Data(body.readableBytesView)),
      let expiresAt = Timestamp(rfc3339: reply.expireTime), expiresAt > at, expiresAt <= at + .seconds(604_800),
      Self.isUsable(reply.accessToken)
    else {
      throw GoogleCredentialError(
        .unintelligible, "\(place) answered with no usable `accessToken` and `expireTime`; check what answers at that address")
    }
    return AccessToken(value: reply.accessToken, expiresAt: expiresAt)
  }
}

private struct ImpersonationReply: Decodable {
  let accessToken: String
  let expireTime: String
}

private struct IAMError: Decodable {
  struct Body: Decodable {
    let status: String
  }
  let error: Body
}
