// The JSON siblings byte for byte: they are what programs and the command line build on.

import HummingbirdTesting
import Testing

@testable import Console

@Suite struct DocumentTests {
  private func get(_ path: String, _ chapter: Story.Chapter) async throws -> String {
    try await Story(chapter).application.test(.router) { try await $0.execute(uri: path, method: .get).text }
  }

  @Test func incidents() async throws {
    #expect(
      try await get("/incidents.json?state=resolved", .resolved) == """
        {
          "at" : "2026-11-23T15:03:00Z",
          "incidents" : [
            {
              "affectedRequests" : 4812,
              "ageSeconds" : 1740,
              "cause" : "Prompt rag-answer version 43",
              "id" : "INC-1",
              "openedAt" : "2026-11-23T14:33:00Z",
              "owner" : "dana",
              "resolvedAt" : "2026-11-23T15:02:00Z",
              "severity" : "SEV-2",
              "state" : "resolved",
              "tenantCount" : 17,
              "title" : "Answers of rag-answer became poorly grounded"
            }
          ],
          "meanSecondsToAcknowledge" : 730,
          "meanSecondsToDetect" : 120,
          "meanSecondsToMitigate" : 1260,
          "meanSecondsToResolve" : 1860
        }

        """)
  }

  @Test func spans() async throws {
    #expect(
      try await get("/api/spans.json?limit=1&tenant=acme-eu", .applied) == """
        {
          "spans" : [
            {
              "attempts" : 1,
              "costDollars" : "0.0021639",
              "costExactness" : "exact",
              "dimensions" : {
                "model" : "gemini-2.5-flash",
                "prompt" : "rag-answer",
                "prompt_version" : "43",
                "span_kind" : "llm",
                "tenant" : "acme-eu"
              },
              "durationSeconds" : 5.43,
              "kind" : "llm",
              "name" : "chat gemini-2.5-flash",
              "span" : "0000000000000007",
              "start" : "2026-11-23T14:38:12Z",
              "tokens" : {
                "input" : 2113,
                "isEstimated" : false,
                "output" : 612
              },
              "trace" : "6a1f0c2b000000005c1b9a37e4d20f18",
              "ungrounded" : 0.83
            }
          ]
        }

        """)
    #expect(try await get("/api/spans.json?tenat=x", .applied).contains("There is no filter tenat"))
  }

  @Test func status() async throws {
    #expect(
      try await get("/api/status.json", .empty) == """
        {
          "at" : "2026-11-23T14:20:00Z",
          "dropped" : {
            "queue_full" : 2
          },
          "gatewayAddress" : "http://127.0.0.1:8080",
          "openCircuits" : [
            "vertex gemini-2.5-flash"
          ],
          "queueDepth" : 0,
          "roads" : [
            {
              "delivered" : 4812,
              "dropped" : {
                "unreachable" : 3
              },
              "name" : "Traces to the Datadog Agent",
              "unit" : "spans",
              "waiting" : 17
            }
          ],
          "storeBytes" : 4200000,
          "version" : "0.1.0"
        }

        """)
  }

  @Test func nowAndIncidentAndMonitorsTellTheSameStory() async throws {
    let now = try await get("/now.json?range=15m", .proposed)
    #expect(now.contains("\"headline\" : \"1 incident is open: Answers of rag-answer became poorly grounded\""))
    #expect(now.contains("\"title\" : \"Semantic risk: ungrounded answers\",\n      \"unit\" : \"share\""))
    let incident = try await get("/incidents/INC-1.json", .proposed)
    #expect(incident.contains("\"summary\" : \"Prompt rag-answer version 43 is the likely cause"))
    #expect(incident.contains("\"extraCostDollars\" : \"38.2\""))
    let monitors = try await get("/api/monitors.json", .proposed)
    #expect(monitors.contains("\"query\" : \"sum(llm.answers.ungrounded) / sum(llm.answers.scored)\""))
    #expect(monitors.contains("\"verdict\" : \"breached\""))
  }

  @Test func postmortemIsMarkdown() async throws {
    #expect(try await get("/incidents/INC-1/postmortem.md", .resolved).hasPrefix("# Postmortem of INC-1\n"))
  }
}
