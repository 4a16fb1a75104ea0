// What people do to incidents through the JSON interface and the pages, beside acknowledging and closing them.

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Incidents
import Monitors
import NIOCore
import Remediation
import Testing

@testable import Console

@Suite struct ByHandTests {
  @Test(arguments: [
    (
      "severity", #"{"severity":"SEV-1","reason":"press"}"#,
      OperatorCommand.setSeverity(incident: "INC-1", .sev1, reason: "press")
    ),
    ("assign", #"{"role":"scribe","person":"sam"}"#, .assign(incident: "INC-1", .scribe, person: "sam")),
    ("task", #"{"text":"call"}"#, .addTask(incident: "INC-1", text: "call")),
  ])
  func actionsBecomeCommands(action: String, body: String, command: OperatorCommand) async throws {
    let story = Story(.applied)
    try await story.application.test(.router) { client in
      let response = try await client.execute(
        uri: "/api/incidents/INC-1/\(action)", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: body))
      #expect(response.status == .ok)
      #expect(story.submitted.withLock { $0.map(\.command) } == [command])
    }
  }

  @Test(arguments: [
    ("severity", #"{"severity":"SEV-9"}"#, 400), ("assign", #"{"role":"king"}"#, 400), ("merge", "{}", 400),
    ("link", #"{"other":"INC-9"}"#, 404), ("split", #"{"alerts":"none"}"#, 404), ("reopen", "{}", 409), ("explode", "{}", 404),
  ])
  func mistakesAreToldApart(action: String, body: String, status: Int) async throws {
    let story = Story(.applied)
    try await story.application.test(.router) { client in
      let response = try await client.execute(
        uri: "/api/incidents/INC-1/\(action)", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: body))
      #expect(response.status.code == status, "\(response.text)")
    }
  }

  @Test func anIncidentIsDeclared() async throws {
    let story = Story(.applied)
    try await story.application.test(.router) { client in
      let response = try await client.execute(
        uri: "/api/incidents", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: #"{"title":"Users complain","severity":"SEV-3","actor":"dana"}"#))
      #expect(response.status == .ok && response.text.contains(#""id" : "INC-2""#))
      let page = try await client.execute(uri: "/incidents/INC-2", method: .get)
      #expect(page.status == .ok && page.text.contains("Users complain"))
    }
  }

  @Test func aDryRunIsAnEstimateAndSaysSo() async throws {
    let story = Story(.proposed)
    try await story.application.test(.router) { client in
      let response = try await client.execute(uri: "/api/incidents/INC-1/dry-run.json?remediation=REM-1", method: .get)
      #expect(response.status == .ok && response.text.contains(#""label" : "estimate""#))
      #expect(
        try await client.execute(uri: "/api/incidents/INC-1/dry-run.json?remediation=REM-9", method: .get).status == .conflict)
      #expect(try await client.execute(uri: "/api/incidents/INC-9/dry-run.json", method: .get).status == .notFound)
    }
  }

  @Test func whatIsLeftToDoIsOnThePage() async throws {
    let page = try await Story(.resolved).application.test(.router) {
      try await $0.execute(uri: "/incidents/INC-1", method: .get).text
    }
    #expect(page.contains("For good") && page.contains("Correct or withdraw version 43 of prompt rag-answer"))
    #expect(page.contains("acknowledged after 12 min"))
  }

  @Test func severityIsChosenAmongTheWordsThereAre() async throws {
    try await Story(.proposed).application.test(.router) { client in
      let page = try await client.execute(uri: "/incidents/INC-1", method: .get).text
      let form = try #require(page.firstRange(of: "<select name=\"severity\">")).lowerBound
      let options =
        "<option>SEV-1</option><option selected=\"selected\">SEV-2</option><option>SEV-3</option><option>SEV-4</option>"
      #expect(page[form...].prefix(300).contains(options))
    }
  }
}
