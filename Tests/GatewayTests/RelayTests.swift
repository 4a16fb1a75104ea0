// What crosses the gateway when all goes well, byte for byte, and the span it leaves.

import LLMTelemetry
import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct RelayTests {
  @Test func whatIsNotEditedReachesBothEndsByteForByte() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let body = "{ \"messages\" : [\n{\"role\":\"user\",\"content\":\"\\u00e9 \u{1F600}\"} ],\t\"model\":\"gpt-4o\", \"x\":1e3 }"
      let client = try await gateway.client()
      try await client.send(
        request(
          body,
          headers: "X-Custom:  kept\r\nX-Commander-Feature: ask\r\nBaggage: a=b\r\nX-Datadog-Trace-Id: 7\r\nX-Api-Key: other\r\n"
            + "TraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nAccept-Encoding: gzip\r\n"))
      let upstream = try await provider.connection()
      let sent = try await upstream.receive(until: "1e3 }")
      #expect(sent.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n") && sent.hasSuffix("\r\n\r\n" + body))
      let head = sent.dropLast(body.count).lowercased()
      for kept in ["x-custom: kept\r\n", "authorization: bearer sk-openai\r\n", "accept-encoding: identity\r\n"] {
        #expect(head.contains(kept))
      }
      for stopped in ["ck-test", "x-commander", "x-datadog", "traceparent", "baggage", "x-api-key", "gzip"] {
        #expect(!head.contains(stopped))
      }
      let reply = " " + answer + "\n"
      try await upstream.send(response(reply, headers: "X-Request-Id: 42\r\nContent-Type: application/json\r\n"))
      let got = try await client.receive(until: reply)
      #expect(got.contains("X-Request-Id: 42\r\n"))
      let span = try await gateway.span()
      #expect(got.contains("x-commander-span-id: \(span.spanID)\r\n"))
      #expect(
        span.outcome == .ok && span.usage == TokenUsage(input: 3, output: 1) && span.attempts == 1 && span.httpStatus == 200)
      #expect(span.dimensions.tenant == "acme" && span.dimensions.feature == "ask" && span.dimensions.route == "chat")
      #expect(
        span.traceID.description == "0af7651916cd43dd8448eb211c80319c" && span.parentSpanID?.description == "b7ad6b7169203331")
    }
  }

  @Test func eachEventArrivesBeforeTheNextIsSent() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead)
      for text in ["a", "b", "c"] {
        try await upstream.send(chunk(event(text)))
        try await client.receive(until: event(text))
      }
      try await upstream.send(chunk("data: [DONE]\n\n") + "0\r\n\r\n")
      try await client.receive(until: "\r\n0\r\n\r\n")
      let span = try await gateway.span()
      #expect(span.outcome == .ok && span.isStreaming && span.timeToFirstToken != nil && span.content?.responseText == "abc")
      #expect(span.usage.isEstimated, "the provider told no usage")
    }
  }

  @Test func usageIsAskedForAndKeptFromAClientThatDidNotAsk() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(#"{"model":"gpt-4o","stream":true}"#))
      let upstream = try await provider.connection()
      try await upstream.receive(until: #"{"stream_options":{"include_usage":true},"model":"gpt-4o","stream":true}"#)
      let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
      let end = "data: [DONE]\n\n"
      try await upstream.send(
        "HTTP/1.1 200 OK\r\nContent-Length: \((event("a") + usage + end).utf8.count)\r\n\r\n" + event("a") + usage + end)
      let got = try await client.receive(until: "\r\n0\r\n\r\n")
      #expect(got.contains(event("a")) && got.contains(end) && !got.contains("prompt_tokens"))
      #expect(try await gateway.span().usage == TokenUsage(input: 3, output: 1))
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrderOverOneConnectionEach() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request() + request() + request(headers: "Connection: close\r\n"))
      let upstream = try await provider.connection()
      for number in 1...3 {
        try await upstream.receive(until: #""messages":[]}"#)
        try await upstream.send(response(answer, headers: "X-Number: \(number)\r\n"))
        try await client.receive(until: "X-Number: \(number)\r\n")
      }
      try await client.receiveClose()
      #expect(client.text.contains("connection: close"))
      #expect(provider.connectionCount == 1)
      #expect(Set(try await gateway.spans(3).map(\.spanID)).count == 3)
    }
  }

  @Test func anHTTP10ClientGetsAStreamWithoutChunksThatEndsWithTheConnection() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request(streaming, headers: "Connection: keep-alive\r\n").replacing("HTTP/1.1", with: "HTTP/1.0"))
      let upstream = try await provider.connection()
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead + chunk(event("a")) + chunk("data: [DONE]\n\n") + "0\r\n\r\n")
      try await client.receiveClose()
      #expect(client.text.hasPrefix("HTTP/1.0 200") && client.text.hasSuffix("\r\n\r\n" + event("a") + "data: [DONE]\n\n"))
    }
  }

  @Test func aClientThatExpectsLeaveToSendGetsIt() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      let parts = request(headers: "Expect: 100-continue\r\n").split(separator: "\r\n\r\n")
      try await client.send(parts[0] + "\r\n\r\n")
      try await client.receive(until: "100 Continue\r\n\r\n")
      try await client.send(String(parts[1]))
      let upstream = try await provider.connection()
      #expect(!(try await upstream.receive(until: #""messages":[]}"#).lowercased().contains("expect")))
      try await upstream.send(response(answer))
      try await client.receive(until: answer)
    }
  }

  @Test func bytesThatAreNoTextAreRelayedOrRefusedButNeverATrap() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      var bytes = ByteBuffer(
        string: request(headers: "X-Odd: a?b\r\nX-Commander-Feature: f?\r\n") + request("{\"model\":\"gpt-?\",\"x\":\"?\"}"))
      for index in bytes.readableBytesView.indices where bytes.readableBytesView[index] == UInt8(ascii: "?") {
        bytes.setInteger(UInt8(0xff), at: index)
      }
      try await client.send(bytes)
      let upstream = try await provider.connection()
      for _ in 1...2 {
        try await upstream.receive(until: "\r\n\r\n")
        try await upstream.send(response(answer))
        try await client.receive(until: answer)
      }
      #expect(try await gateway.spans(2).allSatisfy { $0.outcome == .ok })
    }
  }
}
