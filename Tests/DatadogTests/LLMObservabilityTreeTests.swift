// The spans of a trace are one tree in Datadog, whatever their order, and none hangs below a parent that Datadog never hears of.

import Foundation
import LLMTelemetry
import TestSeries
import Testing

@testable import Datadog

@Suite(.timeLimit(.minutes(1))) struct LLMObservabilityTreeTests {
  private func parents(_ spans: [[String: Any]]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: spans.map { ($0.text("name") ?? "", $0.text("parent_id") ?? "") })
  }

  @Test func childrenThatEndFirstWaitForTheirParent() async throws {
    let run = LLMObservabilityRun()
    let root = LLMObservabilityRun.span(.workflow, "root")
    let step = LLMObservabilityRun.span(.agent, "step", parent: root)
    let call = LLMObservabilityRun.span(.llm, "call", parent: step)
    run.sink.add([call])
    run.time.pass(.seconds(20))
    run.sink.add([step])
    #expect(run.sink.heldSpans == 1 && run.sink.lane.status.waiting == 1)
    run.time.pass(.seconds(20))
    run.sink.add([root])
    #expect(run.sink.heldSpans == 0)
    let expected = ["root": "undefined", "step": String(root.spanID.bits), "call": String(step.spanID.bits)]
    #expect(parents(try await run.finish()) == expected)
  }

  @Test func aParentThatIsNoSpanOfOursLeavesItsChildrenAtTheTop() async throws {
    let run = LLMObservabilityRun()
    let request = LLMObservabilityRun.span(.task, "never sent")
    let first = LLMObservabilityRun.span(.llm, "first", parent: request)
    let below = LLMObservabilityRun.span(.tool, "below", parent: first)
    run.sink.add([first, below])
    #expect(run.sink.heldSpans == 1)
    run.time.pass(.seconds(30))
    run.sink.add([])
    #expect(run.sink.heldSpans == 0)
    #expect(parents(try await run.finish()) == ["first": "undefined", "below": String(first.spanID.bits)])
  }

  @Test func theEndOfTheProgramLosesNone() async throws {
    let run = LLMObservabilityRun()
    let root = LLMObservabilityRun.span(.workflow, "root")
    run.sink.add([LLMObservabilityRun.span(.llm, "call", parent: root)])
    #expect(parents(try await run.finish()) == ["call": "undefined"])
    #expect(run.sink.lane.status.delivered == 1)
    run.sink.add([LLMObservabilityRun.span(.llm, "late", parent: root)])
    #expect(run.sink.takeDrops() == ["shut_down": 1] && run.sink.heldSpans == 0)
  }

  @Test func aCancelledTaskSendsWhatItHolds() async throws {
    let run = LLMObservabilityRun()
    run.sink.add([LLMObservabilityRun.span(.llm, "call", parent: LLMObservabilityRun.span())])
    let task = Task { await run.sink.run() }
    task.cancel()
    await task.value
    #expect(run.sink.lane.status.delivered == 1)
  }

  @Test func circlesAreCutAndASpanIsNotItsOwnParent() async throws {
    let run = LLMObservabilityRun()
    var own = LLMObservabilityRun.span(.llm, "own")
    own.parentSpanID = own.spanID
    var ring = (0..<5).map { LLMObservabilityRun.span(.agent, "ring \($0)", parent: own) }
    for index in ring.indices { ring[index].parentSpanID = ring[(index + 1) % 5].spanID }
    // In two batches, so that some wait and some do not.
    run.sink.add([own] + ring[..<3])
    run.sink.add(Array(ring[3...]))
    let sent = try await run.finish()
    #expect(sent.count == 6)
    let parentOf = Dictionary(uniqueKeysWithValues: sent.map { ($0.text("span_id") ?? "", $0.text("parent_id") ?? "") })
    for start in parentOf.keys {
      var (current, steps) = (start, 0)
      while let parent = parentOf[current], steps <= 6 { (current, steps) = (parent, steps + 1) }
      #expect(current == "undefined" && steps <= 6)
    }
  }

  @Test func aSpanOfAnotherTraceIsNoParent() async throws {
    let run = LLMObservabilityRun()
    var other = LLMObservabilityRun.span(.workflow, "other")
    var call = LLMObservabilityRun.span(.llm, "call")
    call.parentSpanID = other.spanID
    run.sink.add([call, other])
    #expect(run.sink.heldSpans == 1)
    // Nor when it comes later than the one that waits.
    other.name = "again"
    run.sink.add([other])
    #expect(run.sink.heldSpans == 1)
    #expect(parents(try await run.finish()) == ["other": "undefined", "again": "undefined", "call": "undefined"])
  }

  @Test func aSpanThatIsTooOldToBeSentIsNoParent() async throws {
    let run = LLMObservabilityRun()
    var old = LLMObservabilityRun.span(.workflow, "old")
    old.start = run.time.now - .seconds(25 * 3600)
    run.sink.add([old, LLMObservabilityRun.span(.llm, "call", parent: old)])
    #expect(parents(try await run.finish()) == ["call": "undefined"])
  }

  @Test func aRandomForestArrivingInAnyOrderIsTheSameForest() async throws {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: .min ... .max, using: &random)
    var generator = ForestGenerator(state: seed)
    for _ in 0..<20 {
      var spans = [LLMObservabilityRun.span(.workflow, "0")]
      for number in 1..<60 {
        let isRoot = Int.random(in: 0..<10, using: &generator) == 0
        let parent = spans[Int.random(in: 0..<spans.count, using: &generator)]
        spans.append(LLMObservabilityRun.span(.agent, String(number), parent: isRoot ? nil : parent))
      }
      var expected: [String: String] = [:]
      for span in spans { expected[span.name] = span.parentSpanID.map { String($0.bits) } ?? "undefined" }
      let run = LLMObservabilityRun()
      var rest = spans.shuffled(using: &generator)[...]
      while !rest.isEmpty {
        let count = min(rest.count, Int.random(in: 1...9, using: &generator))
        run.sink.add(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
        run.time.pass(.milliseconds(100))
      }
      #expect(run.sink.heldSpans == 0)
      #expect(parents(try await run.finish()) == expected, "seed \(seed)")
    }
  }

  @Test func holdingIsBoundedInNumberAndBytes() async throws {
    let run = LLMObservabilityRun(tree: SpanTree(remembers: 100, countLimit: 10, sizeLimit: 1 << 20))
    let strangers = (0..<1000).map { LLMObservabilityRun.span(.llm, String($0), parent: LLMObservabilityRun.span()) }
    run.sink.add(strangers)
    #expect(run.sink.heldSpans == 10 && run.sink.lane.status.waiting == 990)
    let large = LLMObservabilityRun(tree: SpanTree(sizeLimit: 10_000))
    large.sink.add(Array(strangers.prefix(100)))
    #expect(large.sink.heldSpans < 15 && large.sink.heldSpans > 0)
    // Whoever had to make room is at the top, and none is sent twice or lost.
    let sent = try await run.finish()
    #expect(sent.count == 1000 && Set(sent.map { $0.text("name") }).count == 1000)
    #expect(sent.allSatisfy { $0.text("parent_id") == "undefined" })
  }

  @Test func rememberingAndTurnsAreBounded() {
    var tree = SpanTree<Int>(remembers: 100, countLimit: 10)
    let time = LLMObservabilityRun.start
    for number in 0..<10_000 {
      let parent = LLMObservabilityRun.span()
      let child = LLMObservabilityRun.span(parent: parent)
      _ = tree.remember(child.traceID, child.spanID, parent: parent.spanID)
      #expect(tree.hold(number, child.traceID, parent: parent.spanID, size: 8, until: time).isEmpty)
      #expect(tree.remember(parent.traceID, parent.spanID, parent: nil).map(\.held) == [number])
      #expect(tree.bookkeeping <= 100 + 4 * 10 + 10)
    }
    #expect(tree.count == 0 && tree.size == 0 && tree.releaseAll().isEmpty)
  }
}

/// SplitMix64: the same numbers for the same seed.
private struct ForestGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
