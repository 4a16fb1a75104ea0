// The prompt registry as programs see it: every action by its address, its fields, and what it changed.

import Console
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct PromptEndpointTests {
  @Test(arguments: [
    ("promote", #"{"version":"42"}"#, #"promote(version: "42", label: "production")"#),
    ("promote", #"{"version":"42","label":"staging"}"#, #"promote(version: "42", label: "staging")"#),
    ("rollback", "{}", #"rollBack(label: "production")"#),
    ("rollback", #"{"label":"staging"}"#, #"rollBack(label: "staging")"#),
    ("canary", #"{"version":"43","share":"10%"}"#, #"startCanary(version: "43", share: "10%")"#),
    ("stop-canary", #"{"actor":"dana"}"#, "stopCanary"),
  ])
  func eachActionHasAnAddress(action: String, body: String, expected: String) async throws {
    let story = Story(.proposed)
    try await story.application.test(.router) { client in
      let done = try await client.execute(
        uri: "/api/prompts/rag%20answer/\(action)", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: body))
      #expect(done.status == .ok)
      let actor = body.contains("dana") ? "dana" : "operator"
      #expect(story.promoted.withLock { $0 } == ["rag answer \(expected) \(actor)"])
      #expect(done.text.contains(#""changes" : ["#) && done.text.contains(#""to" : "42""#))
      #expect(done.text.contains(#""prompts" : ["#))
    }
  }

  @Test(arguments: [
    ("promote", "{}", 400, "Send what promote needs, for example"), ("canary", #"{"version":"43"}"#, 400, #"\"share\""#),
    ("canary", #"{"version":"43","share":0.1}"#, 400, "one JSON object with text fields"),
    ("demote", "{}", 404, "There is no action demote"),
  ])
  func whatIsIncompleteChangesNothing(action: String, body: String, status: Int, words: String) async throws {
    let story = Story(.proposed)
    try await story.application.test(.router) { client in
      let refused = try await client.execute(
        uri: "/api/prompts/rag-answer/\(action)", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: body))
      #expect(refused.status.code == status && refused.text.contains(words), "\(refused.text)")
      #expect(story.promoted.withLock { $0 }.isEmpty)
    }
  }

  @Test func textsAreReadForComparison() async throws {
    try await Story(.proposed).application.test(.router) { client in
      let texts = try await client.execute(uri: "/api/prompts/rag-answer/versions.json", method: .get)
      #expect(texts.text.contains(#""text" : "Cite.""#) && texts.text.contains(#""version" : "42""#))
      #expect(try await client.execute(uri: "/api/prompts/other/versions.json", method: .get).status == .notFound)
      let list = try await client.execute(uri: "/api/prompts.json", method: .get)
      #expect(!list.text.contains("changes") && list.text.contains(#""production" : "43""#))
    }
  }
}
