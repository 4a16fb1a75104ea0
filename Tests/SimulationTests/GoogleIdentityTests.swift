// The ways to an access token, and that a token of ours opens the door until it is revoked.
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Simulation

@Suite struct GoogleIdentityTests {
  private static func part(_ json: String) -> String {
    Data(json.utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
  }

  private static func assertion(_ claims: String, algorithm: String = "RS256") -> String {
    "\(part(#"{"alg":"\#(algorithm)","typ":"JWT"}"#)).\(part(claims)).c2lnbmF0dXJl"
  }

  private static let claims =
    #"{"iss":"a@b","aud":"https://oauth2.googleapis.com/token","scope":"s","iat":1000,"exp":4600}"#

  private func form(_ assertion: String) -> String {
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
  }

  private let question = #"{"contents":[{"parts":[{"text":"hi"}]}]}"#

  @Test func anAssertionIsExchangedForATokenThatIsGoodUntilItIsRevoked() async throws {
    let simulator = ProviderSimulator()
    try await simulator.running { client in
      let answer = try await client.post("/token", form(Self.assertion(Self.claims)), headers: [:]).json()
      let token = try #require(answer["access_token"]?.string)
      #expect(token == "ya29.sim-1" && answer["token_type"]?.string == "Bearer" && answer["expires_in"]?.integer == 3599)
      let path = ProviderSimulator.vertexPath + ":generateContent"
      #expect(try await client.post(path, question, headers: [.authorization: "Bearer \(token)"]).status == .ok)
      #expect(try await client.post(path, question, headers: [.authorization: "Bearer ya29.sim-2"]).status == .unauthorized)
      simulator.tokens.revokeAll()
      #expect(try await client.post(path, question, headers: [.authorization: "Bearer \(token)"]).status == .unauthorized)
      _ = try await client.execute(
        uri: "/_simulator/tokens", method: .put, body: ByteBuffer(string: #"{"expires_in_s":5}"#))
      let next = try await client.post("/token", form(Self.assertion(Self.claims)), headers: [:]).json()
      #expect(next["access_token"]?.string == "ya29.sim-2" && next["expires_in"]?.integer == 5)
      #expect(simulator.tokens.issuedCount == 2)
    }
  }

  @Test(arguments: [
    "a.b", assertion(claims, algorithm: "HS256"), assertion(#"{"iss":"a","aud":"https://x/token","iat":1,"exp":2}"#),
    assertion(#"{"iss":"a","aud":"https://x/token","scope":"s","iat":1,"exp":3602}"#),
    assertion(#"{"iss":"a","aud":"https://x/other","scope":"s","iat":1,"exp":2}"#),
  ])
  func aWrongAssertionIsRefused(assertion: String) async throws {
    try await ProviderSimulator().running { client in
      let refused = try await client.post("/token", form(assertion), headers: [:])
      #expect(refused.status == .badRequest)
      #expect(try refused.json()["error"]?.string == "invalid_grant")
    }
  }

  @Test func anotherProvidersTokenIsExchangedAndSpeaksForAnAccount() async throws {
    let exchange =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=%2F%2Fiam.googleapis.com%2Fp&scope=s"
      + "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&subject_token_type=urn%3Aj&subject_token="
    let account = "/v1/projects/-/serviceAccounts/a@b:generateAccessToken"
    try await ProviderSimulator().running { client in
      let federated = try await client.post("/v1/token", exchange + "t", headers: [:]).json()
      #expect(federated["issued_token_type"]?.string == "urn:ietf:params:oauth:token-type:access_token")
      let token = try #require(federated["access_token"]?.string)
      let question = #"{"scope":["s"],"lifetime":"600s"}"#
      let answer = try await client.post(account, question, headers: [.authorization: "Bearer \(token)"]).json()
      #expect(answer["accessToken"]?.string == "ya29.sim-2" && answer["expireTime"]?.string?.hasSuffix("Z") == true)
      // Nobody's token speaks for nobody, and no subject is nobody.
      #expect(try await client.post(account, question, headers: [.authorization: "Bearer other"]).status == .unauthorized)
      #expect(try await client.post("/v1/token", exchange, headers: [:]).json()["error"]?.string == "invalid_grant")
      let elsewhere = exchange.replacingOccurrences(of: "iam.googleapis.com", with: "evil.example")
      #expect(try await client.post("/v1/token", elsewhere + "t", headers: [:]).json()["error"]?.string == "invalid_target")
    }
  }

  @Test func theMetadataServerWantsItsHeaderAndAnswersWithIt() async throws {
    try await ProviderSimulator().running { client in
      let name = try #require(HTTPFields.Element.Name("Metadata-Flavor"))
      let path = "/computeMetadata/v1/instance/service-accounts/default/token?expires_in=7"
      let answer = try await client.execute(uri: path, method: .get, headers: [name: "Google"])
      #expect(answer.headers[name] == "Google")
      #expect(try answer.json()["expires_in"]?.integer == 7)
      #expect(try await client.execute(uri: path, method: .get).status == .forbidden)
    }
  }

  @Test func onlyARuleThatNamesThePathStrikesATokenRequest() async throws {
    let rules = #"[{"name":"models","effect":{"status":500}}]"#
    let simulator = ProviderSimulator(faults: try FaultRule.list(parsing: rules.utf8))
    try await simulator.running { client in
      let body = form(Self.assertion(Self.claims))
      #expect(try await client.post("/token", body, headers: [:]).status == .ok)
      let named = #"[{"name":"tokens","when":{"path_contains":"/token"},"effect":{"status":503}}]"#
      simulator.replaceFaults(with: try FaultRule.list(parsing: named.utf8))
      #expect(try await client.post("/token", body, headers: [:]).status == .serviceUnavailable)
    }
  }
}
