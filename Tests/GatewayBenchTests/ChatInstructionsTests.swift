// What the bench upstream reads from a request: the load generator's own, and one that a gateway has written anew.

import NIOCore
import Testing

@testable import gateway_bench

struct ChatInstructionsTests {
  @Test("the load generator's request says what its plan says, and its body always has the same length")
  func readsThePlan() throws {
    for instructions in [
      ChatInstructions(), ChatInstructions(streams: true, chunks: 24, paceMicroseconds: 50_000),
      ChatInstructions(streams: true, includesUsage: true, chunks: 1, paceMicroseconds: 0),
    ] {
      var plan = LoadPlan()
      plan.instructions = instructions
      let request = String(buffer: plan.request)
      let parts = request.split(separator: "\r\n\r\n", maxSplits: 1)
      let body = try #require(parts.last)
      #expect(body.utf8.count == LoadPlan.bodyBytes)
      #expect(request.contains("content-length: \(LoadPlan.bodyBytes)\r\n"))
      #expect(Array(body.utf8).withUnsafeBytes { ChatInstructions(reading: $0) } == instructions)
    }
  }

  @Test("spaces, another order of members, and words of the prompt change nothing")
  func readsForeignForms() {
    let body =
      #"{"stream_options": {"include_usage": true}, "stream": true, "messages": [{"content": "a stream; pace_us=7 chunks=3"}]}"#
    let read = Array(body.utf8).withUnsafeBytes { ChatInstructions(reading: $0) }
    #expect(read == ChatInstructions(streams: true, includesUsage: true, chunks: 3, paceMicroseconds: 7))
    let whole = Array(#"{"stream": false, "messages": []}"#.utf8).withUnsafeBytes { ChatInstructions(reading: $0) }
    #expect(whole == ChatInstructions())
  }

  @Test("a complete answer has 762 bytes")
  func completeAnswer() throws {
    let parts = String(buffer: ChatAnswers().complete).split(separator: "\r\n\r\n", maxSplits: 1)
    #expect(try #require(parts.last).utf8.count == 762)
  }
}
