// Everything that can go wrong between two connections: each ends in time, is told honestly, and leaves one span.

import LLMTelemetry
import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct BrokenWireTests {
  @Test func aClientThatLeavesInMidStreamEndsTheProvidersConnectionAndPaysForWhatItGot() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("twelve bytes")))
      try await client.receive(until: event("twelve bytes"))
      client.close()
      try await upstream.receiveClose()
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .cancelled && span.usage.output == 3 && span.usage.isEstimated)
    }
  }

  @Test func aClientThatLeavesAfterTheLastEventHasHadAWholeAnswer() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
      try await upstream.send(streamHead + chunk(event("a")) + chunk(usage) + chunk("data: [DONE]\n\n"))
      try await client.receive(until: "[DONE]\n\n")
      client.close()
      try await eventually("the gateway noticed") { client.isClosed ? () : nil }
      try await upstream.send("0\r\n\r\n")
      let span = try await gateway.span()
      #expect(span.outcome == .ok && span.usage == TokenUsage(input: 3, output: 1))
    }
  }

  @Test(arguments: [false, true]) func aClientThatLeavesBeforeTheAnswerEndsTheProvidersConnection(pipelines: Bool) async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request() + (pipelines ? request() : ""))
      let upstream = try await provider.connection()
      try await upstream.receive(until: #""messages":[]}"#)
      client.close()
      try await upstream.receiveClose()
      let span = try await gateway.spans(1)[0]
      #expect(span.outcome.errorClass == .cancelled && span.usage.isUnknown && span.httpStatus == nil)
    }
  }

  @Test func aProviderThatCannotBeReachedIsA502InTheProtocolsShape() async throws {
    try await RunningGateway.scripted { gateway, provider in
      try await provider.close()
      let client = try await gateway.client()
      try await client.send(request())
      #expect(try await client.receive(until: "}}").contains(#""code":"network""#))
      try await client.send(request("{}", path: "/v1beta/models/gemini-2.5-flash:generateContent"))
      #expect(try await client.receive(until: "}}").contains(#""status":"UNAVAILABLE""#))
      for span in try await gateway.spans(2) {
        #expect(span.outcome.errorClass == .network && span.httpStatus == 502 && span.attempts == 0 && span.usage.isUnknown)
      }
    }
  }

  @Test func aProviderThatClosesWithoutAnAnswerIsA502AndOneThatClosesWithinItIsACut() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request())
      let first = try await provider.connection(0)
      try await first.receive(until: #""messages":[]}"#)
      first.close()
      try await client.receive(until: "502 Bad Gateway")
      try await client.receive(until: "}}")
      try await client.send(request())
      let second = try await provider.connection(1)
      try await second.receive(until: #""messages":[]}"#)
      try await second.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choices\":")
      try await client.receive(until: "{\"choices\":")
      second.close()
      try await client.receiveClose()
      let spans = try await gateway.spans(2)
      #expect(spans.map(\.outcome.errorClass) == [.network, .network] && spans.map(\.httpStatus) == [502, 200])
      #expect(spans.map(\.attempts) == [1, 1], "a connection that was new is not tried twice")
    }
  }

  @Test func anIdleConnectionThatDiesUnderARequestIsReplacedOnce() async throws {
    try await RunningGateway.scripted { gateway, provider in
      // Requests of one client share an event loop, and so its connections.
      let client = try await gateway.client()
      try await client.send(request())
      let first = try await provider.connection(0)
      try await first.receive(until: #""messages":[]}"#)
      try await first.send(response(answer))
      try await client.receive(until: answer)
      try await client.send(request())
      try await first.receive(until: #""messages":[]}"#)
      first.close()
      let second = try await provider.connection(1)
      try await second.receive(until: #""messages":[]}"#)
      try await second.send(response(answer))
      try await client.receive(until: answer)
      let spans = try await gateway.spans(2)
      #expect(spans.map(\.attempts) == [1, 2] && spans.allSatisfy { $0.outcome == .ok })
    }
  }

  @Test(arguments: [
    (#"{"choices":[{"mess"#, request()), ("<html>busy</html>", request()), ("", request()), (event("a"), request(streaming)),
    ("data: {\"choi\n\ndata: [DONE]\n\n", request(streaming)),
  ])
  func aSuccessThatNoSDKCanReadIsAnErrorOfTheProvider(body: String, sent: String) async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(sent)
      let upstream = try await provider.connection()
      try await upstream.receive(until: "[]}")
      try await upstream.send(response(body))
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .providerError && span.outcome.message?.isEmpty == false && span.httpStatus == 200)
      try await client.receive(until: "\r\n\r\n" + body)
    }
  }

  @Test func silenceHasALimitBeforeTheAnswerWithinItAndInAll() async throws {
    func limits(_ change: (inout GatewayLimits) -> Void) -> GatewayLimits {
      var limits = GatewayLimits()
      change(&limits)
      return limits
    }
    for (limits, words) in [
      (limits { $0.firstByteTimeout = .milliseconds(50) }, "sent nothing"),
      (limits { $0.totalTimeout = .milliseconds(50) }, "did not finish"),
    ] {
      try await RunningGateway.scripted(limits: limits) { gateway, provider in
        let client = try await gateway.client()
        try await client.send(request())
        #expect(try await client.receive(until: "}}").contains("504 Gateway Timeout"))
        try await provider.connection().receiveClose()
        let span = try await gateway.span()
        #expect(span.outcome.errorClass == .timeout && span.outcome.message?.contains(words) == true && span.httpStatus == 504)
      }
    }
    // The first byte may take longer than any later pause: the shorter patience holds from the head on.
    try await RunningGateway.scripted(limits: limits { $0.idleTimeout = .milliseconds(50) }) { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("a")))
      try await client.receiveClose()
      #expect(client.text.contains(event("a")))
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .timeout && span.httpStatus == 200)
    }
  }

  @Test func aClientThatDoesNotReadStopsTheProviderInsteadOfFillingMemory() async throws {
    var limits = GatewayLimits()
    // Longer than a busy machine pauses between two writes of this test: the silence must be the client's.
    limits.idleTimeout = .seconds(2)
    try await RunningGateway.scripted(limits: limits) { gateway, provider in
      let client = try await gateway.client()
      try await client.setReading(false)
      try await client.send(request())
      let upstream = try await provider.connection()
      try await upstream.receive(until: #""messages":[]}"#)
      try await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: \(256 << 20)\r\n\r\n")
      let megabyte = ByteBuffer(repeating: 0x20, count: 1 << 20)
      var sent = 0
      while sent < 256, (try? await upstream.send(megabyte)) != nil { sent += 1 }
      // The two sockets' kernel buffers hold what the gateway does not.
      #expect(sent < 64)
      let span = try await gateway.span()
      #expect(span.outcome.errorClass == .cancelled && span.outcome.message?.contains("took nothing") == true)
    }
  }

  @Test func whatAClientReadsInBurstsKeepsItsOrder() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.setReading(false)
      try await client.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: #""messages":[]}"#)
      // More than the kernel holds, in pieces that some time wait in the gateway and some time do not.
      let padding = String(repeating: "x", count: 8000)
      let events = (0..<3000).map { "data: {\"number\":\($0),\"padding\":\"\(padding)\"}\n\n" }
      let length = events.reduce(0) { $0 + $1.utf8.count }
      async let written: Void = {
        try await upstream.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: \(length)\r\n\r\n")
        for event in events { try await upstream.send(event) }
      }()
      for _ in 0..<20 {
        let before = client.receivedCount
        try await client.setReading(true)
        try await eventually("a burst") { client.receivedCount > before ? () : nil }
        try await client.setReading(false)
      }
      try await client.setReading(true)
      try await written
      _ = try await gateway.span()
      try await eventually("the last event") { client.endsWith(events[2999]) ? () : nil }
      #expect(client.text.split(separator: "{\"number\":").dropFirst().map { Int($0.prefix { $0 != "," }) } == Array(0..<3000))
    }
  }

  @Test func aClientThatReadsLateGetsEverything() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.setReading(false)
      try await client.send(request())
      let upstream = try await provider.connection()
      try await upstream.receive(until: #""messages":[]}"#)
      let body = ByteBuffer(repeating: 0x20, count: 24 << 20)
      try await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.readableBytes)\r\n\r\n")
      async let written: Void = upstream.send(body)
      try await client.setReading(true)
      try await written
      try await eventually("24 MiB") { client.receivedCount > body.readableBytes ? () : nil }
      #expect(try await gateway.span().outcome == .ok, "an answer too large to be metered is relayed all the same")
    }
  }
}
