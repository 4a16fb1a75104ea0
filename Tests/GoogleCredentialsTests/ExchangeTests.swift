// What is sent to Google for a token, checked as Google checks it, and what becomes of every kind of answer.

import AsyncHTTPClient
import Foundation
import LLMTelemetry
import Logging
import Synchronization
import Testing

@testable import GoogleCredentials

@Suite struct ExchangeTests {
  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// On a busy machine an answer may take its time; what a test is about must not hang on that.
  static let patient: GoogleTimeouts = {
    var timeouts = GoogleTimeouts()
    timeouts.metadataServer = .seconds(60)
    timeouts.tokenEndpoint = .seconds(60)
    return timeouts
  }()

  static func tokens(
    _ source: GoogleSource, _ clock: Clock, timeouts: GoogleTimeouts = patient
  ) -> GoogleTokenSource {
    GoogleTokenSource(
      source: source, httpClient: .shared, timeouts: timeouts, logger: silent, now: { clock.now }, pause: { _ in },
      jitter: { 0.5 })
  }

  private func failure(_ body: () async throws -> AccessToken) async -> GoogleCredentialError? {
    do {
      _ = try await body()
      return nil
    } catch {
      return error as? GoogleCredentialError
    }
  }

  @Test func aServiceAccountSignsItsAssertion() async throws {
    let account = try ServiceAccount.shared.get()
    let folder = try CredentialFolder()
    let server = GoogleStandIn { _, _ in .token("ya29.abc", expiresIn: 3_599) }
    let folderPath = folder.path
    try await server.whileRunning { address in
      let file = folderPath + "/key.json"
      try JSONEncoder().encode(account.members(tokenAddress: "http://\(address)/token")).write(to: URL(filePath: file))
      let clock = Clock()
      let token = try await Self.tokens(GoogleSource(file: file), clock).token()
      #expect(token.value == "ya29.abc" && token.expiresAt == clock.now + .seconds(3_599))
      let ask = try #require(server.asks.withLock { $0.first })
      #expect(ask.method == "POST" && ask.path == "/token")
      #expect(ask.headers[.contentType] == "application/x-www-form-urlencoded")
      #expect(Set(ask.form.keys) == ["grant_type", "assertion"])
      #expect(ask.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
      let (header, claims) = try await account.verified(ask.form["assertion"] ?? "")
      #expect(header == ["typ": "JWT", "alg": "RS256", "kid": ServiceAccount.keyID])
      #expect(
        claims
          == Claims(
            iss: ServiceAccount.email, aud: "https://oauth2.googleapis.com/token", scope: GoogleTokenSource.cloudPlatform,
            iat: clock.now.unixSeconds, exp: clock.now.unixSeconds + 3_600))
    }
    _ = consume folder
  }

  @Test func aUserPresentsTheRefreshToken() async throws {
    let folder = try CredentialFolder()
    let folderPath = folder.path
    let server = GoogleStandIn { _, _ in .token() }
    try await server.whileRunning { address in
      let file = folderPath + "/adc.json"
      let members = [
        "type": "authorized_user", "client_id": "id.apps", "client_secret": "s&=+ ü", "refresh_token": "1//r",
        "quota_project_id": "payer", "token_uri": "http://\(address)/token",
      ]
      try JSONEncoder().encode(members).write(to: URL(filePath: file))
      let tokens = Self.tokens(GoogleSource(file: file), Clock())
      #expect(try await tokens.token().value == "ya29.first")
      #expect(
        server.asks.withLock { $0.first }?.form == [
          "grant_type": "refresh_token", "client_id": "id.apps", "client_secret": "s&=+ ü", "refresh_token": "1//r",
        ])
      #expect(try await tokens.project() == GoogleProject(id: nil, quotaID: "payer"))
    }
    _ = consume folder
  }

  @Test func theMetadataServerIsAskedAndMustSayThatItIsGoogles() async throws {
    let isGoogle = Mutex(true)
    let server = GoogleStandIn { ask, _ in
      var reply = ask.path.hasSuffix("/project-id") ? Reply(body: "project-2") : .token("ya29.machine")
      if let flavor = HTTPFieldNames.metadataFlavor, isGoogle.withLock({ $0 }) { reply.headers[flavor] = "Google" }
      return reply
    }
    try await server.whileRunning { address in
      let source = try GoogleSource.applicationDefault(environment: ["GCE_METADATA_HOST": address], fileExists: { _ in false })
      let tokens = Self.tokens(source, Clock())
      #expect(try await tokens.token().value == "ya29.machine")
      #expect(try await tokens.project() == GoogleProject(id: "project-2"))
      let asks = server.asks.withLock { $0 }
      #expect(
        asks.map(\.path) == [
          "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform",
          "/computeMetadata/v1/project/project-id",
        ])
      #expect(asks.allSatisfy { ask in HTTPFieldNames.metadataFlavor.map { ask.headers[$0] } == "Google" })
      isGoogle.withLock { $0 = false }
      let error = await failure { try await Self.tokens(source, Clock()).token() }
      #expect(error?.reason == .unintelligible && error?.description.contains("not Google's") == true)
    }
  }

  @Test(arguments: [
    (
      Reply(status: 400, body: #"{"error":"invalid_grant","error_description":"about s3cret"}"#),
      GoogleCredentialError.Reason.refused(status: 400), "answered 400 invalid_grant; check that the key"
    ),
    (Reply(status: 401, body: #"{"error":{"message":"s3cret"}}"#), .refused(status: 401), "answered 401; check that the key"),
    (Reply(status: 500, body: "s3cret"), .refused(status: 500), "answered 500; it is tried again by itself"),
    (Reply(status: 503, body: #"{"error":"Bad s3cret"}"#), .refused(status: 503), "answered 503; it is"),
    (Reply(body: "<html>s3cret</html>"), .unintelligible, "no usable `access_token`"),
    (Reply(body: #"{"access_token":"a\r\nx: s3cret","expires_in":3600}"#), .unintelligible, "no usable"),
    (Reply(body: #"{"access_token":"s3cret","expires_in":0}"#), .unintelligible, "no usable"),
    (Reply(body: #"{"access_token":"s3cret"}"#), .unintelligible, "no usable"),
    (Reply(body: #"{"id_token":"s3cret"}"#), .unintelligible, "no usable"),
    (Reply(body: #"{"access_token":"s3cret","expires_in":1e30}"#), .unintelligible, "no usable"),
    (Reply(body: String(repeating: "s3cret ", count: 20_000)), .unintelligible, "more than 65536 bytes"),
    (Reply(body: #"{"access_token":"s3cret","expires_in":3600}"#, stalls: true), .timedOut, "did not answer within 0.3 s"),
  ])
  func everyAnswerThatIsNoTokenIsAnError(reply: Reply, reason: GoogleCredentialError.Reason, words: String) async throws {
    let account = try ServiceAccount.shared.get()
    let folder = try CredentialFolder()
    let folderPath = folder.path
    let server = GoogleStandIn { _, _ in reply }
    try await server.whileRunning { address in
      let file = folderPath + "/key.json"
      try JSONEncoder().encode(account.members(tokenAddress: "http://\(address)/token")).write(to: URL(filePath: file))
      var timeouts = GoogleTimeouts()
      timeouts.tokenEndpoint = .milliseconds(reply.stalls ? 300 : 60_000)
      let limits = timeouts
      let started = ContinuousClock.now
      let error = await failure { try await Self.tokens(GoogleSource(file: file), Clock(), timeouts: limits).token() }
      // The HTTP client alone would wait for the rest of a body for 90 s.
      #expect(ContinuousClock.now - started < .seconds(30))
      #expect(error?.reason == reason && error?.description.contains(words) == true, "\(String(describing: error))")
      #expect(error?.description.contains("s3cret") == false && error?.description.contains(file) == true)
    }
    _ = consume folder
  }

  @Test func whatDoesNotAnswerIsGivenUpInTime() async throws {
    let server = GoogleStandIn { _, _ in Reply(body: "{}", stalls: true) }
    try await server.whileRunning { address in
      var timeouts = GoogleTimeouts()
      #expect(timeouts.metadataServer == .seconds(3))
      timeouts.metadataServer = .milliseconds(200)
      let source = GoogleSource(place: .metadataServer(host: address), origin: "asked last")
      let limits = timeouts
      let started = ContinuousClock.now
      let error = await failure { try await Self.tokens(source, Clock(), timeouts: limits).token() }
      #expect(error?.reason == .timedOut && ContinuousClock.now - started < .seconds(30))
      #expect(error?.description.contains("gcloud auth application-default login") == true)
    }
    let nobody = GoogleSource(place: .metadataServer(host: "127.0.0.1:1"), origin: "asked last")
    let error = await failure { try await Self.tokens(nobody, Clock()).token() }
    #expect(error?.reason == .unreachable || error?.reason == .timedOut, "\(String(describing: error))")
  }

  @Test func aTokenIsNotInItsOwnDescription() {
    let token = AccessToken(value: "ya29.s3cret", expiresAt: Timestamp(unixSeconds: 0))
    var dumped = ""
    dump(token, to: &dumped)
    #expect(!"\(token) \(String(reflecting: token)) \(dumped)".contains("s3cret"))
  }
}
