// Budgets at the gateway: over the limit is a 429 that says so, a runaway stream is cut, and what is spent is what was used.

import Budgets
import LLMTelemetry
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct BudgetRelayTests {
  @Test func overBudgetIsA429InTheProtocolsShapeThatNamesTheBudget() async throws {
    let budget = Budget(name: "acme-daily", scope: .tenant("acme"), limit: .requests(1), period: .day)
    try await RunningGateway.scripted(budgets: [budget]) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request())
      let upstream = try await provider.connection(0)
      try await upstream.receive(until: #""messages":[]}"#)
      // The first is still in flight: its reservation counts.
      let other = try await gateway.client()
      try await other.send(request("{}", path: "/v1beta/models/gemini-2.5-flash:generateContent"))
      let google = try await other.receive(until: "}}")
      #expect(
        google.contains("429 Too Many Requests") && google.contains(#""status":"RESOURCE_EXHAUSTED""#)
          && google.contains("retry-after: "))
      #expect(google.contains(#"budget \"acme-daily\""#))
      try await upstream.send(response(answer))
      try await client.receive(until: answer)
      try await client.send(request())
      #expect(try await client.receive(until: "}}").contains(#""type":"rate_limit_error""#))
      try await client.send(request(#"{"model":"claude-haiku-4-5","max_tokens":5,"messages":[]}"#, path: "/v1/messages"))
      #expect(try await client.receive(until: "}}").contains(#""type":"rate_limit_error""#))
      let spans = try await gateway.spans(4)
      #expect(spans.count { $0.outcome.errorClass == .quotaExhausted && $0.attempts == 0 } == 3)
    }
  }

  @Test func aRequestThatReachedNobodyCostsNothing() async throws {
    let budget = Budget(name: "b", scope: .virtualKey("test"), limit: .requests(1), period: .day)
    try await RunningGateway.scripted(
      routes: [Route(name: "chat", models: ["gpt-*"], provider: "nowhere")], budgets: [budget]
    ) { gateway, _ in
      let client = try await gateway.client()
      for _ in 1...3 {
        try await client.send(request())
        #expect(try await client.receive(until: "}}").contains("502 Bad Gateway"))
      }
    }
  }

  @Test func aRunawayStreamIsCutAtItsReservation() async throws {
    let budget = Budget(
      name: "tokens", scope: .tenant("*"), limit: .tokens(10_000), period: .day, cutsStreams: true, assumedOutputTokens: 10)
    try await RunningGateway.scripted(budgets: [budget]) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection(0)
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event(String(repeating: "a", count: 36))))
      try await client.receive(until: "aaa")
      try await upstream.send(chunk(event(String(repeating: "b", count: 36))))
      let got = try await client.receive(until: "\r\n0\r\n\r\n")
      #expect(got.contains(#"data: {"error":"#) && got.contains("A budget cut this answer after the 10 output tokens"))
      try await upstream.receiveClose()
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .quotaExhausted && span.usage.output == 18 && span.usage.isEstimated)
    }
  }
}
