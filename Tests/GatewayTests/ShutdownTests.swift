// A gateway that stops finishes what it began, cuts what does not finish, and tells both.

import LLMTelemetry
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
  @Test func aRunningAnswerIsFinishedAndIdleConnectionsAreClosed() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let idle = try await gateway.client()
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("a")))
      try await client.receive(until: event("a"))
      async let stopped: Void = gateway.server.shutdown(patience: .seconds(30))
      try await idle.receiveClose()
      try await upstream.send(chunk("data: [DONE]\n\n") + "0\r\n\r\n")
      try await stopped
      try await client.receiveClose()
      #expect(client.text.hasSuffix("data: [DONE]\n\n\r\n0\r\n\r\n"))
      #expect(gateway.spanCount == 1, "the last spans are handed over before shutdown returns")
      #expect(try await gateway.span().outcome == .ok)
    }
  }

  @Test func whatDoesNotFinishInTimeIsCutWithASpanEach() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let streams = try await gateway.client()
      try await streams.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("a")))
      try await streams.receive(until: event("a"))
      let waits = try await gateway.client()
      try await waits.send(request())
      let silent = try await provider.connection(1)
      try await silent.receive(until: #""messages":[]}"#)
      let half = try await gateway.client()
      try await half.send("POST /v1/chat/completions HTTP/1.1\r\n")
      try await gateway.server.shutdown(patience: .milliseconds(20))
      for client in [streams, waits, half] { try await client.receiveClose() }
      #expect(waits.text.hasPrefix("HTTP/1.1 503") && half.text.isEmpty)
      let spans = try await gateway.spans(2)
      #expect(spans.count == 2 && spans.allSatisfy { $0.outcome.errorClass == .network })
      for connection in [upstream, silent] { try await connection.receiveClose() }
    }
  }
}
