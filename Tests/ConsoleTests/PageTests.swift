// Every page of every chapter: well-formed, says its answer first, escapes what others wrote, and promises what it must.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Testing

@testable import Console

@Suite struct PageTests {
  static let paths = [
    "/", "/?range=15m", "/?range=24h&live=1", "/incidents", "/incidents?state=open", "/incidents/INC-1",
    "/incidents/INC-1/postmortem", "/system", "/cost", "/cost?range=30d&tenant=acme", "/nowhere",
  ]

  @Test(arguments: [Story.Chapter.empty, .healthy, .proposed, .applied, .resolved])
  func pagesAreWellFormed(_ chapter: Story.Chapter) async throws {
    try await Story(chapter).application.test(.router) { client in
      for path in Self.paths {
        let page = try await client.execute(uri: path, method: .get).text
        #expect(MarkupCheck.firstProblem(in: page) == nil, "\(path)")
        #expect(page.contains("<h1"), "\(path)")
        #expect(
          !page.contains("<script") && !page.contains(" style=") && !page.contains("http-equiv=\"refresh\" content=\"0"),
          "\(path)")
      }
    }
  }

  @Test func nowAnswersInItsFirstLine() async throws {
    let answers: [(Story.Chapter, String)] = [
      (.empty, "No request has come through yet."), (.healthy, "Nothing is wrong."),
      (.proposed, "1 incident is open: Answers of rag-answer became poorly grounded"), (.resolved, "Nothing is wrong."),
    ]
    for (chapter, answer) in answers {
      try await Story(chapter).application.test(.router) { client in
        let page = try await client.execute(uri: "/", method: .get).text
        let heading = try #require(page.firstRange(of: /<h1[^>]*>([^<]*)/)).lowerBound
        #expect(page[heading...].prefix(200).contains(answer))
      }
    }
  }

  @Test func whatAMonitorOnTrialWouldHaveSaidStandsApart() async throws {
    #expect(
      try await Story(.proposed).application.test(.router) {
        try await $0.execute(uri: "/", method: .get).text.contains("On trial")
      }
        == false)
    let story = Story(.proposed, shadows: Set(Story.monitors.map(\.name)))
    try await story.application.test(.router) { client in
      let page = try await client.execute(uri: "/", method: .get).text
      #expect(MarkupCheck.firstProblem(in: page) == nil)
      let trials = try #require(page.firstRange(of: "On trial")).lowerBound
      #expect(page[trials...].prefix(600).contains("<li><strong>rag-answer-ungrounded"))
      #expect(try await client.execute(uri: "/api/monitors.json", method: .get).text.contains(/"shadow" ?: ?true/))
    }
  }

  @Test func nowRefreshesOnlyWhileSomethingIsWrongOrWhenAsked() async throws {
    func refreshes(_ chapter: Story.Chapter, _ path: String) async throws -> Bool {
      try await Story(chapter).application.test(.router) {
        try await $0.execute(uri: path, method: .get).text.contains("http-equiv=\"refresh\"")
      }
    }
    #expect(try await refreshes(.proposed, "/"))
    #expect(try await refreshes(.proposed, "/?live=0") == false)
    #expect(try await refreshes(.healthy, "/") == false)
    #expect(try await refreshes(.healthy, "/?live=1"))
    #expect(try await refreshes(.proposed, "/incidents/INC-1") == false)
  }

  @Test func emptyPagesTeachTheOneCommand() async throws {
    try await Story(.empty).application.test(.router) { client in
      for path in ["/", "/incidents"] {
        let page = try await client.execute(uri: path, method: .get).text
        #expect(page.contains("commander demo"))
      }
      let now = try await client.execute(uri: "/", method: .get).text
      #expect(now.contains("OPENAI_BASE_URL=http://127.0.0.1:8080/v1"))
    }
  }

  @Test func whatOthersWroteIsText() async throws {
    let attack = "<script>alert(1)</script>\"' onload='x"
    let story = Story(.applied, tenant: attack, title: attack)
    try await story.source.submit(.note(incident: "INC-1", text: attack), attack)
    try await story.application.test(.router) { client in
      for path in Self.paths {
        let page = try await client.execute(uri: path, method: .get).text
        #expect(!page.contains("<script") && !page.contains("' onload"), "\(path)")
        #expect(MarkupCheck.firstProblem(in: page) == nil, "\(path)")
      }
      let page = try await client.execute(uri: "/incidents/INC-1", method: .get).text
      #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    }
  }

  @Test func theIncidentPageShowsCauseActionAndEvidence() async throws {
    try await Story(.proposed).application.test(.router) { client in
      let page = try await client.execute(uri: "/incidents/INC-1", method: .get).text
      for part in [
        "Prompt rag-answer version 43 is the likely cause, changed 9 min before the onset.", "score 0.91 of 1",
        "Approve: Roll back prompt rag-answer from version 43 to 42", "Model gemini-2.5-flash:", "+63 pp", "4,812", "$38.20",
        "p95 latency was 5.4 s over 5 min, above 4 s", "$0.00216", "detected 2 min after onset", "expires after 1 day",
      ] { #expect(page.contains(part), "\(part)") }
    }
  }

  @Test func everyResponseIsHardened() async throws {
    try await Story(.healthy).application.test(.live) { client in
      for path in ["/", "/now.json", "/nowhere", "/console.css", "/api/nowhere"] {
        let headers = try await client.execute(uri: path, method: .get).headers
        #expect(headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'; style-src 'self';") == true)
        #expect(headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true)
        #expect(headers[.xContentTypeOptions] == "nosniff")
      }
      let sheet = try await client.execute(uri: "/console.css", method: .get)
      let tag = try #require(sheet.headers[.eTag])
      #expect(try await client.execute(uri: "/console.css", method: .get, headers: [.ifNoneMatch: tag]).status == .notModified)
      #expect(try await client.execute(uri: "/nowhere", method: .get).status == .notFound)
      #expect(try await client.execute(uri: "/incidents/INC-9", method: .get).status == .notFound)
      #expect(
        try await client.execute(uri: "/incidents/INC-9.json", method: .get).text
          == "{\n  \"error\" : \"There is no incident INC-9; the list of incidents has all of them.\"\n}\n")
    }
  }

  @Test func onlyKnownHostNamesAreAnswered() {
    let local = ConsoleConfiguration(allowedHosts: ["commander.example.com"])
    for name in ["localhost:8090", "127.0.0.1:8090", "LOCALHOST", "[::1]:8090", "commander.example.com"] {
      #expect(local.permits(authority: name), "\(name)")
    }
    for name in ["evil.example.com:8090", "localhost.evil.example", "10.0.0.7:8090", "", "127.0.0.1.evil.example"] {
      #expect(!local.permits(authority: name), "\(name)")
    }
    #expect(!local.permits(authority: nil))
    #expect(ConsoleConfiguration(host: "0.0.0.0").permits(authority: "10.0.0.7:8090"))
    #expect(!ConsoleConfiguration(host: "0.0.0.0").permits(authority: "evil.example.com"))
  }

  @Test func markdownLinksCannotRunAnything() {
    let html = MarkdownText(
      "# A <b>\n\n- [x](javascript:alert(1)) and [y](/incidents/INC-1)\n- `<i>` **b**\n\n[z](//evil.example)"
    ).html.text
    #expect(
      html
        == "<h1>A &lt;b&gt;</h1>\n<ul><li>x) and <a href=\"/incidents/INC-1\">y</a></li><li><code>&lt;i&gt;</code> <strong>b</strong></li></ul>\n<p>z</p>\n"
    )
  }
}
