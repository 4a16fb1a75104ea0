// Credential files as Google's tools write them: a service account's key, or a user's refresh token.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import JWTKit

/// A file that was read and checked. Errors name file and member and say nothing of what is in them.
enum CredentialFile: Sendable {
  case serviceAccount(ServiceAccountKey)
  case authorizedUser(AuthorizedUser)

  /// A key file has about 2.5 KB; what is larger is another file.
  static let sizeLimit = 1 << 20

  static func read(path: String, origin: String) throws(GoogleCredentialError) -> CredentialFile {
    let place = "Google credential file \(path) (\(origin))"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw GoogleCredentialError(
        .unreadable, "\(place) cannot be read; create it, readable by the user that runs this program, or name another")
    }
    return try CredentialFile(data: data, place: place)
  }

  init(data: Data, place: String) throws(GoogleCredentialError) {
    let remedy = "create a key for the service account anew, or run `gcloud auth application-default login`"
    guard data.count <= Self.sizeLimit, let members = try? JSONDecoder().decode([String: Member].self, from: data) else {
      throw GoogleCredentialError(.malformed, "\(place) is not a JSON object; \(remedy)")
    }
    let file = MemberReader(members: members, place: place)
    switch try file.text("type", remedy: remedy) {
    case "service_account": self = .serviceAccount(try ServiceAccountKey(file))
    case "authorized_user": self = .authorizedUser(try AuthorizedUser(file))
    case "external_account", "external_account_authorized_user", "impersonated_service_account", "gdch_service_account":
      throw GoogleCredentialError(
        .unsupported,
        "\(place): member `type` is of workload identity federation or impersonation, which is not supported; use a service "
          + "account's key, gcloud's login, or the metadata server of a Google machine")
    default:
      throw GoogleCredentialError(
        .unsupported, "\(place): member `type` must be service_account or authorized_user; \(remedy)")
    }
  }

  /// The project the credential belongs to, and the one that pays for quota where they differ.
  var project: GoogleProject {
    switch self {
    case .serviceAccount(let key): GoogleProject(id: key.projectID, quotaID: key.quotaProjectID)
    case .authorizedUser(let user): GoogleProject(id: nil, quotaID: user.quotaProjectID)
    }
  }
}

struct ServiceAccountKey: Sendable {
  let email: String
  let privateKey: Insecure.RSA.PrivateKey
  /// Absent in hand-made files; then the assertion names no key, as Google's own library does.
  let privateKeyID: String?
  let tokenAddress: String
  let projectID: String?
  let quotaProjectID: String?

  fileprivate init(_ file: MemberReader) throws(GoogleCredentialError) {
    let remedy = "download the service account's key again"
    email = try file.text("client_email", remedy: remedy)
    let pem = try file.text("private_key", remedy: remedy)
    do {
      privateKey = try Insecure.RSA.PrivateKey(pem: pem)
    } catch {
      // The error is not repeated: it may quote what it could not read.
      throw GoogleCredentialError(
        .malformed, "\(file.place): member `private_key` is not the PEM text of an RSA key of at least 2048 bits; \(remedy)")
    }
    privateKeyID = try file.optionalText("private_key_id")
    tokenAddress = try file.tokenAddress()
    projectID = try file.optionalText("project_id")
    quotaProjectID = try file.optionalText("quota_project_id")
  }
}

struct AuthorizedUser: Sendable {
  let clientID: String
  let clientSecret: String
  let refreshToken: String
  let tokenAddress: String
  let quotaProjectID: String?

  fileprivate init(_ file: MemberReader) throws(GoogleCredentialError) {
    let remedy = "run `gcloud auth application-default login` again"
    clientID = try file.text("client_id", remedy: remedy)
    clientSecret = try file.text("client_secret", remedy: remedy)
    refreshToken = try file.text("refresh_token", remedy: remedy)
    tokenAddress = try file.tokenAddress()
    quotaProjectID = try file.optionalText("quota_project_id")
  }
}

package struct GoogleProject: Hashable, Sendable {
  package var id: String?
  /// Requests made with a person's credential name it in `x-goog-user-project`.
  package var quotaID: String?

  package init(id: String?, quotaID: String? = nil) {
    self.id = id
    self.quotaID = quotaID
  }
}

/// A member's value as far as it matters here: text, or something else.
private enum Member: Decodable {
  case text(String)
  case other

  init(from decoder: any Decoder) throws {
    self = (try? decoder.singleValueContainer().decode(String.self)).map(Member.text) ?? .other
  }
}

private struct MemberReader {
  let members: [String: Member]
  let place: String

  func text(_ name: String, remedy: String) throws(GoogleCredentialError) -> String {
    guard let text = try optionalText(name) else {
      throw GoogleCredentialError(.malformed, "\(place) has no member `\(name)`; \(remedy)")
    }
    return text
  }

  func optionalText(_ name: String) throws(GoogleCredentialError) -> String? {
    switch members[name] {
    case nil: return nil
    case .text(let text) where !text.isEmpty: return text
    default:
      throw GoogleCredentialError(.malformed, "\(place): member `\(name)` must be text that is not empty; write the file anew")
    }
  }

  /// Where tokens are asked for. An assertion or a refresh token is worth as much as the token, so it travels encrypted, or
  /// within this machine.
  func tokenAddress() throws(GoogleCredentialError) -> String {
    guard let address = try optionalText("token_uri") else { return TokenAudience.google }
    guard let url = URL(string: address), let host = url.host(), !host.isEmpty,
      url.scheme == "https" || (url.scheme == "http" && ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host))
    else {
      throw GoogleCredentialError(
        .malformed,
        "\(place): member `token_uri` must be an https address, usually \(TokenAudience.google); correct it or take it out")
    }
    return address
  }
}

enum TokenAudience {
  static let google = "https://oauth2.googleapis.com/token"

  /// What an assertion names as its reader: the address it is sent to where that is Google's own, else Google's constant. A relay
  /// in between passes the assertion on, and Google accepts only its own name in it.
  static func of(tokenAddress: String) -> String {
    guard let url = URL(string: tokenAddress), url.scheme == "https", let host = url.host()?.lowercased() else { return google }
    let isGoogles = ["googleapis.com", "google.com"].contains { host == $0 || host.hasSuffix("." + $0) }
    return isGoogles ? tokenAddress : google
  }
}
