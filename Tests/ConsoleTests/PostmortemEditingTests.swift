// A postmortem edited in the browser: previewed, saved, published; two people at once, forged forms, and markup that others wrote.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Console

@Suite struct PostmortemEditingTests {
  private static let path = "/incidents/INC-1/postmortem"

  /// A browser that has loaded the editor.
  private struct Editor {
    let client: any TestClientProtocol
    let cookie: String
    let token: String
    let page: String

    init(_ client: any TestClientProtocol) async throws {
      let response = try await client.execute(uri: path + "/edit", method: .get)
      self.client = client
      cookie = String(try #require(response.headers[.setCookie]).prefix { $0 != ";" })
      token = String(try #require(response.text.firstMatch(of: /name="form_token" value="([0-9a-f]{64})"/)?.1))
      page = response.text
    }

    var base: Int { page.firstMatch(of: /name="base" value="([0-9]+)"/).flatMap { Int($0.1) } ?? -1 }

    func send(
      _ action: String, _ text: String, base: Int? = nil, author: String = "", change: (inout HTTPFields) -> Void = { _ in }
    ) async throws -> TestResponse {
      var headers: HTTPFields = [
        .contentType: "application/x-www-form-urlencoded", .origin: "http://localhost", .cookie: cookie,
      ]
      change(&headers)
      let fields = [
        "form_token": token, "do": action, "text": text.replacing("\n", with: "\r\n"), "base": String(base ?? self.base),
        "author": author,
      ]
      let body = fields.map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
      return try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
    }

    private static func encoded(_ text: String) -> String {
      text.addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: "a"..."z")) ?? ""
    }
  }

  private func get(_ client: any TestClientProtocol, _ path: String) async throws -> String {
    try await client.execute(uri: path, method: .get).text
  }

  @Test func anEditedTextIsPreviewedSavedPublishedAndExported() async throws {
    let story = Story(.resolved)
    try await story.application.test(.router) { client in
      let editor = try await Editor(client)
      #expect(MarkupCheck.firstProblem(in: editor.page) == nil && editor.base == 0)
      #expect(editor.page.contains("# Postmortem of INC-1\n\n**Answers of rag-answer"))
      let text = "# What we learned\n\nVersion 43 was [1,214](/incidents/INC-1#impact) times wrong: 5 < 6 & \"so\".\n"
      let preview = try await editor.send("preview", text)
      #expect(preview.status == .ok && MarkupCheck.firstProblem(in: preview.text) == nil)
      #expect(preview.text.contains("<h1>What we learned</h1>") && preview.text.contains("Preview, not saved"))
      #expect(preview.text.contains("<a href=\"/incidents/INC-1#impact\">1,214</a>"))
      #expect(preview.text.contains("rows=\"28\" required=\"required\" spellcheck=\"true\">\n# What we learned\n\nVersion 43"))
      #expect(story.submitted.withLock { $0 }.isEmpty, "a preview is no edit")
      let saved = try await editor.send("save", text, author: " Dana  Smith ")
      #expect(saved.status == .seeOther && saved.headers[.location] == Self.path)
      let draft = try await get(client, Self.path)
      #expect(MarkupCheck.firstProblem(in: draft) == nil)
      #expect(draft.contains("Draft, saved") && draft.contains("by Dana Smith, revision 1"))
      let second = try await Editor(client)
      #expect(second.base == 1 && second.page.contains("# What we learned"))
      #expect(try await second.send("publish", text + "\nAnd more.").status == .seeOther)
      let page = try await get(client, Self.path)
      #expect(page.contains("Published") && page.contains("by operator, revision 2") && page.contains("History of edits"))
      #expect(page.contains("Revision 1</a></th><td data-label=\"What\">Saved as a draft</td>"))
      let export = try await get(client, Self.path + ".md")
      #expect(export.hasPrefix("# What we learned\n\nVersion 43") && export.hasSuffix("And more."), "lines end as they were")
      #expect(export.contains("](http://"))
      // What was before is there still.
      #expect(try await get(client, Self.path + ".md?revision=1").hasSuffix("\"so\"."))
      #expect(try await get(client, Self.path + ".md?draft=1").hasPrefix("# Postmortem of INC-1"))
      #expect(try await client.execute(uri: Self.path + "?revision=7", method: .get).status == .notFound)
    }
  }

  @Test func ofTwoWhoEditAtOnceTheSecondIsToldAndKeepsTheText() async throws {
    let story = Story(.resolved)
    try await story.application.test(.router) { client in
      let (first, second) = (try await Editor(client), try await Editor(client))
      #expect(try await first.send("save", "# Mine\n\nIt was the prompt.", author: "dana").status == .seeOther)
      let refused = try await second.send("publish", "# Other\n\nIt was <b>the model</b>.", author: "lee")
      #expect(refused.status == .conflict && MarkupCheck.firstProblem(in: refused.text) == nil)
      #expect(refused.text.contains("dana wrote revision 1 of INC-1&#39;s postmortem"))
      #expect(refused.text.contains("\n# Other\n\nIt was &lt;b&gt;the model&lt;/b&gt;.</textarea>"), "what was typed is kept")
      #expect(refused.text.contains("# Mine\n\nIt was the prompt.</code>"), "and the other's text is beside it")
      #expect(refused.text.contains("value=\"lee\""))
      #expect(try await get(client, Self.path + ".md").hasPrefix("# Mine"), "nothing was overwritten")
      // Pressed again without a choice it is refused again; based on what is there it is taken.
      #expect(try await second.send("publish", "# Both", base: 0).status == .conflict)
      #expect(try await second.send("publish", "# Both", base: 1, author: "lee").status == .seeOther)
      #expect(story.state.incidents.postmortem(of: "INC-1").all.map(\.text) == ["# Mine\n\nIt was the prompt.", "# Both"])
      #expect(story.state.incidents.postmortem(of: "INC-1").all.map(\.author) == ["dana", "lee"])
    }
  }

  @Test func whileItIsOpenADraftIsSavedAndNothingPublished() async throws {
    let story = Story(.applied)
    try await story.application.test(.router) { client in
      let editor = try await Editor(client)
      #expect(!editor.page.contains("value=\"publish\""))
      let refused = try await editor.send("publish", "# Too early")
      #expect(refused.status == .conflict && refused.text.contains("until then save a draft"))
      #expect(refused.text.contains("# Too early</textarea>"))
      #expect(try await editor.send("save", "# Notes").status == .seeOther)
      #expect(try await get(client, Self.path).contains("Draft, saved"))
      #expect(try await Editor(client).send("save", "# Notes").status == .conflict, "nothing changed")
    }
  }

  @Test func formsOfOthersAndTooLongTextsAreRefused() async throws {
    let story = Story(.resolved)
    try await story.application.test(.router) { client in
      let editor = try await Editor(client)
      #expect(try await editor.send("publish", "x") { $0[.origin] = "http://evil.example" }.status == .forbidden)
      #expect(try await editor.send("publish", "x") { $0[.secFetchSite] = "cross-site" }.status == .forbidden)
      #expect(try await editor.send("publish", "x") { $0[.cookie] = nil }.status == .forbidden)
      #expect(try await editor.send("publish", "x") { $0[.contentType] = "text/plain" }.status == .unsupportedMediaType)
      #expect(try await editor.send("publish", String(repeating: "x", count: 262_145)).status == .conflict)
      let headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .cookie: editor.cookie]
      let long = try await client.execute(
        uri: Self.path, method: .post, headers: headers, body: ByteBuffer(repeating: 120, count: 900_000))
      #expect(long.status == .contentTooLarge)
      #expect(story.submitted.withLock { $0 }.isEmpty)
    }
  }

  @Test func markupThatOthersWroteIsText() async throws {
    let story = Story(.resolved, title: "</textarea><script>alert(1)</script>")
    try await story.application.test(.router) { client in
      let editor = try await Editor(client)
      let evil = "# </textarea><script>alert(2)</script>\n\n[x](javascript:alert(3)) <img src=x onerror=alert(4)>"
      for page in [editor.page, try await editor.send("preview", evil, author: "\"><script>").text] {
        #expect(MarkupCheck.firstProblem(in: page) == nil)
        #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("href=\"javascript"))
      }
      #expect(try await editor.send("publish", evil, author: "<script>").status == .seeOther)
      let page = try await get(client, Self.path)
      #expect(MarkupCheck.firstProblem(in: page) == nil && !page.contains("<script") && !page.contains("href=\"javascript"))
    }
  }
}
