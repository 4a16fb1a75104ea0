// Credentials that are somebody else's first: a token of another identity provider, or of a source that may speak for an account.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Workload identity federation: what Google takes another provider's token for.
struct ExternalAccount: Sendable {
  /// Where the other provider's token is found; read anew at each exchange, since it is renewed by others.
  enum SubjectSource: Sendable {
    case file(String)
    case address(String, headers: [(name: String, value: String)])
  }

  static let tokenAddress = "https://sts.googleapis.com/v1/token"

  let audience: String
  let subjectTokenType: String
  let tokenAddress: String
  let subject: SubjectSource
  /// The member of a JSON document that is the token; `nil` where all of the text is.
  let subjectField: String?
  /// What the other side of a workforce pool is charged to.
  let userProject: String?
  let client: (id: String, secret: String)?
  let quotaProjectID: String?

  private static let remedy = "create the file anew with `gcloud iam workload-identity-pools create-cred-config`"

  init(_ file: CredentialMembers) throws(GoogleCredentialError) {
    audience = try file.text("audience", remedy: Self.remedy)
    subjectTokenType = try file.text("subject_token_type", remedy: Self.remedy)
    tokenAddress = try file.address("token_url", usually: Self.tokenAddress) ?? Self.tokenAddress
    quotaProjectID = try file.optionalText("quota_project_id")
    userProject = try file.optionalText("workforce_pool_user_project")
    if let id = try file.optionalText("client_id") {
      client = (id, try file.optionalText("client_secret") ?? "")
    } else {
      client = nil
    }
    let source = try file.object("credential_source", remedy: Self.remedy)
    try Self.refuseUnsupported(source)
    let path = try source.optionalText("file")
    let address = try source.address("url", usually: "https://…", allowsLinkLocal: true)
    switch (path, address) {
    case (let path?, nil): subject = .file(path)
    case (nil, let address?): subject = .address(address, headers: try Self.headers(source))
    default:
      throw GoogleCredentialError(
        .malformed, "\(file.place): member `credential_source` must have exactly one of `file` and `url`; \(Self.remedy)")
    }
    let format = try source.optionalObject("format")
    switch try format?.optionalText("type") ?? "text" {
    case "text": subjectField = nil
    case "json": subjectField = try format?.text("subject_token_field_name", remedy: Self.remedy)
    default: throw source.problem("format.type", "must be text or json; \(Self.remedy)")
    }
  }

  private static func refuseUnsupported(_ source: CredentialMembers) throws(GoogleCredentialError) {
    if source.has("executable") {
      throw source.problem(
        "executable",
        "names a program to run for each token, and this one runs none; have that program write the token to a file, and name it in `file`",
        .unsupported)
    }
    if source.has("environment_id") {
      throw source.problem(
        "environment_id", "is of AWS, whose signed requests are not supported; use a token in a file or at an address",
        .unsupported)
    }
    if source.has("certificate") {
      throw source.problem(
        "certificate", "asks for a token by a client certificate, which is not supported; use a token in a file or at an address",
        .unsupported)
    }
  }

  private static func headers(_ source: CredentialMembers) throws(GoogleCredentialError) -> [(name: String, value: String)] {
    guard let headers = try source.optionalObject("headers") else { return [] }
    var fields: [(name: String, value: String)] = []
    for name in headers.members.keys.sorted() {
      guard let value = try headers.optionalText(name), (name + value).utf8.allSatisfy({ $0 >= 32 && $0 < 127 }),
        !name.isEmpty, name.utf8.allSatisfy({ $0 != 32 && $0 != UInt8(ascii: ":") })
      else { throw source.problem("headers", "must be HTTP header names with their texts; \(remedy)") }
      fields.append((name, value))
    }
    return fields
  }

  /// `nil` when `data` holds no token.
  func subjectToken(in data: Data) -> String? {
    guard data.count <= CredentialFile.sizeLimit else { return nil }
    var token = String(decoding: data, as: UTF8.self)
    if let subjectField {
      guard let members = try? JSONDecoder().decode([String: CredentialMember].self, from: data),
        case .text(let text) = members[subjectField]
      else { return nil }
      token = text
    }
    token = token.trimmingCharacters(in: .whitespacesAndNewlines)
    return token.isEmpty ? nil : token
  }

  /// The form of the exchange (RFC 8693).
  func form(subjectToken: String, scopes: [String]) -> FormBody {
    var members = [
      ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("audience", audience),
      ("scope", scopes.joined(separator: " ")), ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
      ("subject_token", subjectToken), ("subject_token_type", subjectTokenType),
    ]
    // A client says by itself who is charged.
    if let userProject, client == nil, let text = try? JSONEncoder().encode(["userProject": userProject]) {
      members.append(("options", FormBody.escaped(String(decoding: text, as: UTF8.self))))
    }
    return FormBody(members)
  }

  /// `Basic …` where the file names a client.
  var authorization: String? {
    client.map { "Basic " + Data("\($0.id):\($0.secret)".utf8).base64EncodedString() }
  }
}

/// A service account that another credential may speak for.
struct Impersonation: Sendable {
  static let lifetimeSeconds = 3_600
  /// Of the token that speaks for the account.
  static let scope = "https://www.googleapis.com/auth/iam"

  let address: String
  let delegates: [String]
  let lifetimeSeconds: Int
  let quotaProjectID: String?

  init?(_ file: CredentialMembers) throws(GoogleCredentialError) {
    let usually = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ACCOUNT:generateAccessToken"
    guard let address = try file.address("service_account_impersonation_url", usually: usually) else { return nil }
    guard address.hasSuffix(":generateAccessToken") else {
      throw file.problem("service_account_impersonation_url", "must end in :generateAccessToken, as in \(usually)")
    }
    self.address = address
    delegates = try file.texts("delegates")
    quotaProjectID = try file.optionalText("quota_project_id")
    switch try file.optionalObject("service_account_impersonation")?.members["token_lifetime_seconds"] {
    case nil: lifetimeSeconds = Self.lifetimeSeconds
    case .number(let seconds) where (600...43_200).contains(seconds): lifetimeSeconds = Int(seconds)
    default:
      throw file.problem("service_account_impersonation.token_lifetime_seconds", "must be a number of seconds from 600 to 43200")
    }
  }

  func body(scopes: [String]) -> Data {
    let request = Request(delegates: delegates, scope: scopes, lifetime: "\(lifetimeSeconds)s")
    return (try? JSONEncoder().encode(request)) ?? Data()
  }

  private struct Request: Encodable {
    let delegates: [String]
    let scope: [String]
    let lifetime: String
  }
}
