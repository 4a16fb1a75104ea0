// How the sink packs, addresses and counts.

import Delivery
import LLMTelemetry
import Testing

@testable import OpenTelemetry

struct SinkTests {
  private func spans(_ count: Int, service: String = "a") -> [LLMSpan] {
    var samples = SampleSpans(seed: 3)
    return (0..<count).map { _ in
      var span = samples.next()
      span.isSampled = true
      (span.dimensions.service, span.dimensions.env, span.dimensions.version) = (service, "e", "1")
      return span
    }
  }

  @Test(arguments: [
    ("http://h:4318", "http://h:4318/v1/traces"), ("http://h:4318/", "http://h:4318/v1/traces"),
    ("https://h/otlp/v1/traces", "https://h/otlp/v1/traces"), ("https://h/x", "https://h/x"),
  ])
  func anAddressWithoutAPathGetsOne(given: String, used: String) {
    #expect(OTLPTraceSink.address(given) == used)
  }

  @Test func oneResourceIsOneGroup() async {
    let receiver = RecordingReceiver()
    let sink = OTLPTraceSink(settings: .init(url: "http://h"), send: receiver.send)
    sink.add(spans(150) + spans(3, service: "b"))
    #expect(sink.lane.status.waiting == 153)
    await drain(sink.lane)
    #expect(receiver.requests.withLock { $0.count } == 1)
    #expect(sink.lane.status.delivered == 153)
    let request = receiver.requests.withLock { $0[0] }
    #expect(request.headers.contains { $0 == ("content-encoding", "gzip") })
    #expect(request.headers.contains { $0 == ("content-type", "application/x-protobuf") })
  }

  @Test func credentialsAreSent() async {
    let receiver = RecordingReceiver()
    var settings = OTLPTraceSink.Settings(url: "http://h")
    settings.headers = [("dd-api-key", "k"), ("dd-otlp-source", "datadog")]
    let sink = OTLPTraceSink(settings: settings, send: receiver.send)
    sink.add(spans(1))
    await drain(sink.lane)
    #expect(receiver.requests.withLock { $0[0].headers.contains { $0 == ("dd-api-key", "k") } })
  }

  @Test(arguments: [OTLPEncoding.protobuf, .json])
  func whatAReceiverTakesOnlyInPartIsCounted(encoding: OTLPEncoding) async {
    let receiver = RecordingReceiver { _ in
      DeliveryResponse(
        status: 200, headers: [("Content-Type", encoding.contentType)],
        body: OTLPReply.success(rejected: 4, message: "too old", encoding))
    }
    let sink = OTLPTraceSink(settings: .init(url: "http://h"), send: receiver.send)
    sink.add(spans(10))
    await drain(sink.lane)
    #expect(sink.takeRejected() == 4)
    #expect(sink.takeRejected() == 0)
  }

  @Test func garbageInAnAnswerSaysNothing() {
    #expect(OTLPReply.rejectedSpans([0xff], .protobuf) == 0)
    #expect(OTLPReply.rejectedSpans(Array("{".utf8), .json) == 0)
    #expect(OTLPReply.rejectedSpans(OTLPReply.success(rejected: 0, message: "", .json), .json) == 0)
  }
}
