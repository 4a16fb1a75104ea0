// Actions: forms only from our own pages, JSON only from programs, refusals with their reason.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Console

@Suite struct ActionTests {
  private static let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .origin: "http://localhost"]
  private static let json: HTTPFields = [.contentType: "application/json"]

  /// The cookie and the token of a page.
  private func page(_ client: any TestClientProtocol) async throws -> (cookie: String, token: String) {
    let page = try await client.execute(uri: "/incidents/INC-1", method: .get)
    let cookie = try #require(page.headers[.setCookie])
    #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
    let token = try #require(page.text.firstMatch(of: /name="form_token" value="([0-9a-f]{64})"/)?.1)
    return (String(cookie.prefix { $0 != ";" }), String(token))
  }

  @Test func aFormFromOurPageApprovesAndReturnsToIt() async throws {
    let story = Story(.proposed)
    try await story.application.test(.router) { client in
      let (cookie, token) = try await page(client)
      var headers = Self.form
      headers[.cookie] = cookie
      let response = try await client.execute(
        uri: "/incidents/INC-1/approve", method: .post, headers: headers,
        body: ByteBuffer(string: "form_token=\(token)&remediation=REM-1"))
      #expect(response.status == .seeOther)
      #expect(response.headers[.location] == "/incidents/INC-1")
      #expect(story.submitted.withLock { $0 } == [.init(command: .approve(remediation: "REM-1"), actor: "operator")])
      // Twice is refused with the reason.
      let again = try await client.execute(
        uri: "/incidents/INC-1/approve", method: .post, headers: headers,
        body: ByteBuffer(string: "form_token=\(token)&remediation=REM-1"))
      #expect(again.status == .conflict)
      #expect(again.text.contains("only a proposed remediation can be approved"))
    }
  }

  @Test func aFormWithoutItsTokenIsRefused() async throws {
    let story = Story(.proposed)
    try await story.application.test(.router) { client in
      let (cookie, token) = try await page(client)
      func status(_ body: String, _ change: (inout HTTPFields) -> Void = { _ in }) async throws -> HTTPResponse.Status {
        var headers = Self.form
        headers[.cookie] = cookie
        change(&headers)
        return try await client.execute(
          uri: "/incidents/INC-1/acknowledge", method: .post, headers: headers, body: ByteBuffer(string: body)
        ).status
      }
      #expect(try await status("a=b") == .forbidden)
      #expect(try await status("form_token=\(String(repeating: "0", count: 64))") == .forbidden)
      #expect(try await status("form_token=\(token)", { $0[.cookie] = nil }) == .forbidden)
      #expect(
        try await status("form_token=\(token)", { $0[.cookie] = "commander_form=\(String(repeating: "a", count: 32))" })
          == .forbidden)
      #expect(try await status("form_token=\(token)", { $0[.origin] = "http://evil.example" }) == .forbidden)
      #expect(try await status("form_token=\(token)", { $0[.secFetchSite] = "cross-site" }) == .forbidden)
      #expect(try await status("form_token=\(token)", { $0[.contentType] = "text/plain" }) == .unsupportedMediaType)
      #expect(story.submitted.withLock { $0 }.isEmpty)
      #expect(try await status("form_token=\(token)") == .seeOther)
    }
  }

  @Test func programsActWithJSONAndAName() async throws {
    let story = Story(.proposed)
    try await story.application.test(.router) { client in
      func post(_ path: String, _ body: String, _ headers: HTTPFields = Self.json) async throws -> TestResponse {
        try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
      }
      let done = try await post("/api/incidents/INC-1/acknowledge", "{\"actor\":\"dana\"}")
      #expect(done.status == .ok)
      #expect(done.text.contains("\"owner\" : \"dana\""))
      #expect(try await post("/api/incidents/INC-1/approve", "{}").status == .ok)
      #expect(try await post("/api/incidents/INC-1/acknowledge", "{}").status == .conflict)
      #expect(try await post("/api/incidents/INC-7/acknowledge", "{}").status == .notFound)
      #expect(try await post("/api/incidents/INC-1/explode", "{}").status == .notFound)
      #expect(try await post("/api/incidents/INC-1/resolve", "{}", Self.form).status == .unsupportedMediaType)
      #expect(try await post("/api/incidents/INC-1/resolve", "[1]").status == .badRequest)
      #expect(try await post("/api/incidents/INC-1/resolve", String(repeating: " ", count: 20_000)).status == .contentTooLarge)
      #expect(try await post("/api/prompts/rag-answer/promote", "{}").status == .badRequest)
      #expect(try await post("/api/prompts/rag-answer/promote", "{\"version\":\"42\"}").status == .ok)
      #expect(story.promoted.withLock { $0 } == [#"rag-answer promote(version: "42", label: "production") operator"#])
    }
  }

  @Test func anOverrideCanBeWithdrawn() async throws {
    let story = Story(.applied)
    try await story.application.test(.router) { client in
      #expect(try await client.execute(uri: "/api/overrides.json", method: .get).text.contains("OVR-1"))
      let response = try await client.execute(
        uri: "/api/overrides/OVR-1/withdraw", method: .post, headers: Self.json,
        body: ByteBuffer(string: "{\"reason\":\"version 44 is out\"}"))
      #expect(response.text == "{\n  \"generation\" : 2,\n  \"overrides\" : [\n\n  ]\n}\n")
    }
  }
}
