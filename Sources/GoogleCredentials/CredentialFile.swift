// Credential files as Google's tools write them: a service account's key, a user's refresh token, another provider's identity, or
// a source that speaks for an account.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
import JWTKit

/// A file that was read and checked. Errors name file and member and say nothing of what is in them.
indirect enum CredentialFile: Sendable {
  case serviceAccount(ServiceAccountKey)
  case authorizedUser(AuthorizedUser)
  case externalAccount(ExternalAccount)
  /// A token of the source is exchanged for one of the account.
  case impersonated(Impersonation, source: CredentialFile)

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
    guard data.count <= Self.sizeLimit, let members = try? JSONDecoder().decode([String: CredentialMember].self, from: data)
    else {
      throw GoogleCredentialError(.malformed, "\(place) is not a JSON object; \(remedy)")
    }
    self = try Self(CredentialMembers(members: members, place: place), remedy: remedy, mayImpersonate: true)
  }

  private init(_ file: CredentialMembers, remedy: String, mayImpersonate: Bool) throws(GoogleCredentialError) {
    switch try file.text("type", remedy: remedy) {
    case "service_account": self = .serviceAccount(try ServiceAccountKey(file))
    case "authorized_user": self = .authorizedUser(try AuthorizedUser(file))
    case "external_account":
      let account = CredentialFile.externalAccount(try ExternalAccount(file))
      self = try Impersonation(file).map { .impersonated($0, source: account) } ?? account
    case "impersonated_service_account" where mayImpersonate:
      let remedy = "run `gcloud auth application-default login --impersonate-service-account=ACCOUNT` again"
      let source = try file.object("source_credentials", remedy: remedy)
      guard let impersonation = try Impersonation(file) else {
        throw GoogleCredentialError(
          .malformed, "\(file.place) has no member `service_account_impersonation_url`; \(remedy)")
      }
      // Who speaks for somebody who speaks for somebody says so in `delegates`, and not by a second file inside the first.
      self = .impersonated(impersonation, source: try Self(source, remedy: remedy, mayImpersonate: false))
    case "external_account_authorized_user", "gdch_service_account", "impersonated_service_account":
      throw file.problem(
        "type",
        "is of a kind that is not supported; use a service account's key, gcloud's login, workload identity federation, or the "
          + "metadata server of a Google machine", .unsupported)
    default:
      throw file.problem(
        "type", "must be service_account, authorized_user, external_account or impersonated_service_account; \(remedy)",
        .unsupported)
    }
  }

  /// The project the credential belongs to, and the one that pays for quota where they differ.
  var project: GoogleProject {
    switch self {
    case .serviceAccount(let key): GoogleProject(id: key.projectID, quotaID: key.quotaProjectID)
    case .authorizedUser(let user): GoogleProject(id: nil, quotaID: user.quotaProjectID)
    case .externalAccount(let account): GoogleProject(id: nil, quotaID: account.quotaProjectID)
    case .impersonated(let impersonation, let source):
      GoogleProject(id: nil, quotaID: impersonation.quotaProjectID ?? source.project.quotaID)
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

  init(_ file: CredentialMembers) throws(GoogleCredentialError) {
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
    tokenAddress = try file.address("token_uri", usually: TokenAudience.google) ?? TokenAudience.google
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

  init(_ file: CredentialMembers) throws(GoogleCredentialError) {
    let remedy = "run `gcloud auth application-default login` again"
    clientID = try file.text("client_id", remedy: remedy)
    clientSecret = try file.text("client_secret", remedy: remedy)
    refreshToken = try file.text("refresh_token", remedy: remedy)
    tokenAddress = try file.address("token_uri", usually: TokenAudience.google) ?? TokenAudience.google
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
