// Workload identity federation and impersonation: what is sent to Google at each step, what is refused, and that no secret is said.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import Logging
import Synchronization
import Testing

@testable import GoogleCredentials

@Suite struct FederationTests {
  private static let audience =
    "//iam.googleapis.com/projects/7/locations/global/workloadIdentityPools/pool/providers/cluster"
  private static let account = "/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateAccessToken"

  /// A credential file as gcloud writes it, of a server at `address`.
  private static func external(
    _ address: String, source: String, more: String = "", audience: String = audience
  ) -> String {
    """
    {"type": "external_account", "audience": "\(audience)", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
     "token_url": "http://\(address)/v1/token", "credential_source": \(source)\(more.isEmpty ? "" : ", \(more)")}
    """
  }

  private static func impersonation(_ address: String, more: String = "") -> String {
    "\"service_account_impersonation_url\": \"http://\(address)\(account)\"\(more)"
  }

  private static func iamReply(_ clock: Clock, _ value: String = "ya29.account") -> Reply {
    Reply(body: #"{"accessToken":"\#(value)","expireTime":"\#((clock.now + .seconds(1_800)).rfc3339Seconds)"}"#)
  }

  /// Runs `body` with a token source over `file`, written for the server's address, and the folder it is in.
  private func asking(
    _ server: GoogleStandIn, _ clock: Clock, subject: String = "subject-s3cret\n",
    file: @Sendable @escaping (_ address: String, _ subjectPath: String) -> String,
    _ body: @Sendable @escaping (GoogleTokenSource, _ folder: String) async throws -> Void
  ) async throws {
    let folder = try CredentialFolder()
    let folderPath = folder.path
    try await server.whileRunning { address in
      let path = folderPath + "/adc.json"
      try Data(subject.utf8).write(to: URL(filePath: folderPath + "/subject"))
      try Data(file(address, folderPath + "/subject").utf8).write(to: URL(filePath: path))
      try await body(ExchangeTests.tokens(GoogleSource(file: path), clock), folderPath)
    }
    _ = consume folder
  }

  @Test func aTokenFromAFileIsExchanged() async throws {
    let clock = Clock()
    let server = GoogleStandIn { _, _ in
      Reply(body: #"{"access_token":"ya29.federated","expires_in":"3599","token_type":"Bearer"}"#)
    }
    try await asking(server, clock, file: { Self.external($0, source: "{\"file\": \"\($1)\"}") }) { tokens, folder in
      let token = try await tokens.token()
      #expect(token.value == "ya29.federated" && token.expiresAt == clock.now + .seconds(3_599))
      let ask = try #require(server.asks.withLock { $0.first })
      #expect(ask.path == "/v1/token" && ask.headers[.authorization] == nil)
      #expect(
        ask.form == [
          "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": Self.audience,
          "scope": GoogleTokenSource.cloudPlatform, "subject_token": "subject-s3cret",
          "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
          "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        ])
      // Whoever renews the subject token writes it anew; the next exchange takes it.
      try Data("second".utf8).write(to: URL(filePath: folder + "/subject"))
      clock.advance(.seconds(3_599))
      _ = try await tokens.token()
      #expect(server.asks.withLock { $0.last?.form["subject_token"] } == "second")
    }
  }

  @Test func aTokenFromAnAddressSpeaksForAnAccount() async throws {
    let clock = Clock()
    let server = GoogleStandIn { ask, _ in
      switch ask.path {
      case "/subject?q=s3cret": Reply(body: #"{"id_token":"subject-s3cret"}"#)
      case "/v1/token": .token("ya29.federated")
      default: Self.iamReply(clock)
      }
    }
    try await asking(
      server, clock,
      file: { address, _ in
        let source = """
          {"url": "http://\(address)/subject?q=s3cret", "headers": {"Metadata": "true"},
           "format": {"type": "json", "subject_token_field_name": "id_token"}}
          """
        return Self.external(
          address, source: source,
          more: Self.impersonation(
            address,
            more:
              ", \"service_account_impersonation\": {\"token_lifetime_seconds\": 1800}, \"client_id\": \"i\", \"client_secret\": \"c\""
          ))
      }
    ) { tokens, _ in
      let token = try await tokens.token()
      #expect(token.value == "ya29.account" && token.expiresAt == clock.now + .seconds(1_800))
      let asks = server.asks.withLock { $0 }
      #expect(asks.map(\.path) == ["/subject?q=s3cret", "/v1/token", Self.account])
      #expect(asks[0].method == "GET" && asks[0].headers[.init("metadata")!] == "true")
      #expect(asks[1].form["scope"] == "https://www.googleapis.com/auth/iam")
      #expect(asks[1].form["subject_token"] == "subject-s3cret" && asks[1].headers[.authorization] == "Basic aTpj")
      #expect(asks[2].headers[.authorization] == "Bearer ya29.federated")
      let body = try JSONSerialization.jsonObject(with: Data(asks[2].body.utf8)) as? [String: Any]
      #expect(body?["scope"] as? [String] == [GoogleTokenSource.cloudPlatform])
      #expect(body?["lifetime"] as? String == "1800s" && body?["delegates"] as? [String] == [])
    }
  }

  @Test func aUserSpeaksForAnAccountByWayOfAnother() async throws {
    let clock = Clock()
    let server = GoogleStandIn { ask, _ in ask.path == "/token" ? .token("ya29.user") : Self.iamReply(clock) }
    try await asking(
      server, clock,
      file: { address, _ in
        """
        {"type": "impersonated_service_account", "delegates": ["projects/-/serviceAccounts/middle@b"], "quota_project_id": "payer",
         \(Self.impersonation(address)),
         "source_credentials": {"type": "authorized_user", "client_id": "i", "client_secret": "c", "refresh_token": "r",
          "token_uri": "http://\(address)/token"}}
        """
      }
    ) { tokens, _ in
      #expect(try await tokens.token().value == "ya29.account")
      #expect(try await tokens.project() == GoogleProject(id: nil, quotaID: "payer"))
      let asks = server.asks.withLock { $0 }
      #expect(asks.map(\.path) == ["/token", Self.account])
      #expect(asks[1].body.contains(#"["projects\/-\/serviceAccounts\/middle@b"]"#))
      #expect(asks[1].headers[.authorization] == "Bearer ya29.user")
      // The many who ask while one exchange is under way wait for that one.
      clock.advance(.seconds(1_800))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { _ = try await tokens.token() } }
        try await group.waitForAll()
      }
      #expect(server.askCount == 4)
    }
  }

  @Test func aWorkforcePoolNamesTheProjectThatPays() async throws {
    let server = GoogleStandIn { _, _ in .token() }
    let audience = "//iam.googleapis.com/locations/global/workforcePools/pool/providers/p"
    try await asking(
      server, Clock(),
      file: {
        Self.external($0, source: "{\"file\": \"\($1)\"}", more: #""workforce_pool_user_project": "payer""#, audience: audience)
      }
    ) { tokens, _ in
      _ = try await tokens.token()
      #expect(server.asks.withLock { $0.first?.form["options"] } == "%7B%22userProject%22%3A%22payer%22%7D")
    }
  }

  @Test(arguments: [
    (
      "/v1/token", 400, #"{"error":"invalid_grant","error_description":"subject-s3cret is stale"}"#,
      "400 invalid_grant; check the pool"
    ),
    ("/v1/token", 503, "s3cret", "answered 503; it is tried again by itself"),
    (
      account, 403, #"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"s3cret"}}"#,
      "403 PERMISSION_DENIED; give the source the role"
    ),
    (account, 200, #"{"accessToken":"s3cret","expireTime":"yesterday"}"#, "no usable `accessToken` and `expireTime`"),
  ])
  func aRefusalNamesTheStepAndNoSecret(path: String, status: Int, body: String, expected: String) async throws {
    let server = GoogleStandIn { ask, _ in ask.path == path ? Reply(status: status, body: body) : .token("ya29.s3cret") }
    try await asking(
      server, Clock(), file: { Self.external($0, source: "{\"file\": \"\($1)\"}", more: Self.impersonation($0)) }
    ) { tokens, _ in
      let error = await #expect(throws: GoogleCredentialError.self) { _ = try await tokens.token() }
      #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
      #expect(error?.description.contains("s3cret") == false)
    }
  }

  @Test(arguments: [
    ("", "is empty"), ("{\"other\": \"s3cret\"}", "has no text in the member `id_token`"), ("s3cret", "has no text in"),
  ])
  func aSubjectTokenThatIsNotThereIsNamedByItsPlace(subject: String, expected: String) async throws {
    let server = GoogleStandIn { _, _ in .token() }
    let format = subject.isEmpty ? "" : #", "format": {"type": "json", "subject_token_field_name": "id_token"}"#
    try await asking(
      server, Clock(), subject: subject, file: { Self.external($0, source: "{\"file\": \"\($1)\"\(format)}") }
    ) { tokens, folder in
      let error = await #expect(throws: GoogleCredentialError.self) { _ = try await tokens.token() }
      #expect(error?.description.contains("subject token file \(folder)/subject") == true)
      #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
      #expect(error?.description.contains("s3cret") == false && server.askCount == 0)
    }
  }

  @Test(arguments: [
    (
      external("127.0.0.1", source: #"{"executable": {"command": "/bin/s3cret"}}"#),
      "member `credential_source.executable` names a program to run"
    ),
    (external("127.0.0.1", source: #"{"environment_id": "aws1"}"#), "is of AWS, whose signed requests are not supported"),
    (external("127.0.0.1", source: #"{"certificate": {}}"#), "client certificate, which is not supported"),
    (external("127.0.0.1", source: "{}"), "must have exactly one of `file` and `url`"),
    (external("127.0.0.1", source: #"{"file": "/f", "url": "https://s3cret"}"#), "must have exactly one of `file` and `url`"),
    (
      external("127.0.0.1", source: #"{"url": "http://evil.example/s3cret"}"#),
      "member `credential_source.url` must be an https address"
    ),
    (
      external("127.0.0.1", source: #"{"file": "/f", "format": {"type": "json"}}"#),
      "no member `credential_source.format.subject_token_field_name`"
    ),
    (
      external("127.0.0.1", source: #"{"url": "https://a", "headers": {"A": "s3cret\r\nB: c"}}"#),
      "member `credential_source.headers` must be"
    ),
    (external("evil.example", source: #"{"file": "/f"}"#), "member `token_url` must be an https address"),
    (external("127.0.0.1", source: #"{"file": "/f"}"#, more: impersonation("evil.example")), "must be an https address"),
    (#"{"type": "external_account", "audience": "s3cret"}"#, "has no member `subject_token_type`"),
    (#"{"type": "impersonated_service_account"}"#, "has no member `source_credentials`"),
    (
      #"{"type": "impersonated_service_account", "service_account_impersonation_url": "https://a/s3cret:generateAccessToken", "source_credentials": {"type": "impersonated_service_account"}}"#,
      "is of a kind that is not supported"
    ),
    (#"{"type": "external_account_authorized_user"}"#, "is of a kind that is not supported"),
  ])
  func aFileThatCannotBeExchangedIsRefusedAtTheStart(text: String, expected: String) {
    let error = #expect(throws: GoogleCredentialError.self) {
      _ = try CredentialFile(data: Data(text.utf8), place: "Google credential file /f (named by the configuration)")
    }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    #expect(error?.description.contains("s3cret") == false)
  }

  /// Azure's metadata service answers within the machine's own network only, and without encryption.
  @Test func aLinkLocalAddressMayBeAskedWithoutEncryption() throws {
    let text = Self.external("127.0.0.1", source: #"{"url": "http://169.254.169.254/metadata/identity/oauth2/token"}"#)
    _ = try CredentialFile(data: Data(text.utf8), place: "f")
  }
}
