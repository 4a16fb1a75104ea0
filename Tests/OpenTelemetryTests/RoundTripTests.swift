// What our sink sends our receiver understands, whole; and nothing that arrives can make it trap.

import Compression
import Delivery
import LLMTelemetry
import Synchronization
import TestSeries
import Testing

@testable import OpenTelemetry

/// Takes what a sink sends and answers it.
final class RecordingReceiver: Sendable {
  let requests = Mutex<[DeliveryRequest]>([])
  let answer: @Sendable (DeliveryRequest) -> DeliveryResponse

  init(answer: @escaping @Sendable (DeliveryRequest) -> DeliveryResponse = { _ in DeliveryResponse(status: 200) }) {
    self.answer = answer
  }

  var send: DeliverySend {
    { request in
      self.requests.withLock { $0.append(request) }
      return self.answer(request)
    }
  }
}

/// Sends everything that waits and ends.
func drain(_ lane: DeliveryLane) async {
  lane.shutDown()
  await lane.run()
}

func protobufHeaders(_ more: (name: String, value: String)...) -> [(name: String, value: String)] {
  [("Content-Type", "application/x-protobuf")] + more
}

struct RoundTripTests {
  private func received(_ spans: [LLMSpan], compresses: Bool) async -> [LLMSpan] {
    let receiver = RecordingReceiver()
    var settings = OTLPTraceSink.Settings(url: "http://127.0.0.1:4318")
    settings.compresses = compresses
    let sink = OTLPTraceSink(settings: settings, send: receiver.send)
    sink.add(spans)
    await drain(sink.lane)
    let traces = OTLPTraceReceiver()
    return receiver.requests.withLock { $0 }.flatMap { request in
      #expect(request.url == "http://127.0.0.1:4318/v1/traces")
      return traces.handle(method: "POST", path: "/v1/traces", headers: request.headers, body: request.body).spans
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4])
  func everythingComesBack(seed: UInt64) async throws {
    var samples = SampleSpans(seed: seed)
    let spans = (0..<500).map { _ in samples.next() }
    let back = await received(spans, compresses: seed % 2 == 0)
    try #require(back.count == spans.count)
    for (var sent, received) in zip(spans, back) {
      // The input of a tool and of a search has no role of its own there.
      if sent.kind == .tool || sent.kind == .retrieval, sent.content?.input.isEmpty == false {
        sent.content?.input[0].role = "user"
      }
      #expect(received == sent)
    }
  }

  @Test func whatIsNotSampledStaysHere() async {
    var samples = SampleSpans(seed: 9)
    var spans = (0..<10).map { _ in samples.next() }
    for place in spans.indices { spans[place].isSampled = place % 2 == 0 }
    #expect(await received(spans, compresses: true).map(\.spanID) == [0, 2, 4, 6, 8].map { spans[$0].spanID })
  }

  @Test(arguments: [SamplingPriority.autoKeep, .userKeep], [nil, SamplingMechanism.manual, .rule])
  func whoKeptATraceAndHowMuchComesBack(priority: SamplingPriority, mechanism: SamplingMechanism?) async {
    var samples = SampleSpans(seed: 9)
    var span = samples.next()
    span.sampling = SamplingDecision(priority, by: mechanism)
    #expect(await received([span], compresses: false).map(\.sampling) == [span.sampling])
  }

  @Test func arbitraryBytesNeverTrap() async throws {
    var samples = SampleSpans(seed: 5)
    let receiver = RecordingReceiver()
    var settings = OTLPTraceSink.Settings(url: "http://x/v1/traces")
    settings.compresses = false
    let sink = OTLPTraceSink(settings: settings, send: receiver.send)
    sink.add((0..<5).map { _ in samples.next() })
    await drain(sink.lane)
    let whole = try #require(receiver.requests.withLock { $0.first?.body })
    let traces = OTLPTraceReceiver()
    var generator = SplitMix(state: 77)
    var answers: Set<Int> = []
    for round in 0..<4000 {
      var bytes: [UInt8]
      if round % 4 == 0 {
        bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
      } else {
        bytes = whole
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        if round % 4 == 1 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
      }
      let type = round % 8 == 7 ? "application/json" : "application/x-protobuf"
      let coding = round % 16 == 4 ? "gzip" : "identity"
      let answer = traces.handle(
        method: "POST", path: "/v1/traces", headers: [("content-type", type), ("content-encoding", coding)], body: bytes)
      answers.insert(answer.status)
    }
    #expect(answers == [200, 400])
  }

  @Test func arbitraryJSONNeverTraps() {
    let words = [
      "{", "}", "[", "]", ":", ",", "\"resourceSpans\"", "\"scopeSpans\"", "\"spans\"", "\"attributes\"", "\"key\"", "\"value\"",
      "\"intValue\"", "\"kvlistValue\"", "\"values\"", "\"traceId\"", "\"5b8efff798038103d269b633813fc60c\"", "1", "-9e999",
      "null",
      "\"startTimeUnixNano\"", "\"99999999999999999999\"", "\"events\"", "\"status\"",
    ]
    let traces = OTLPTraceReceiver()
    var generator = SplitMix(state: 4)
    for _ in 0..<4000 {
      var text = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{"
      for _ in 0..<Int.random(in: 0...30, using: &generator) { text += words.randomElement(using: &generator) ?? "" }
      if Bool.random(using: &generator) { text += "}]}]}]}" }
      let answer = traces.handle(
        method: "POST", path: "/v1/traces", headers: [("content-type", "application/json")], body: Array(text.utf8))
      #expect([200, 400].contains(answer.status))
    }
  }
}
