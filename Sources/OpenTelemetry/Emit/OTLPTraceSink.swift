// Sends spans to any receiver of OTLP/HTTP: a collector, a vendor, Datadog's intake.

import Compression
import Delivery
import LLMTelemetry
import Synchronization

/// Encodes on the caller's thread and sends from its lane. Requests need no putting together: one after the other, the pieces are
/// themselves a message, since protobuf appends repeated fields.
package final class OTLPTraceSink: Sendable {
  package struct Settings: Sendable {
    /// The receiver's address; `/v1/traces` is added to one that has no path.
    package var url: String
    /// For credentials, for example `dd-api-key` and `dd-otlp-source: datadog`.
    package var headers: [(name: String, value: String)] = []
    /// gzip, which every receiver takes.
    package var compresses = true

    package init(url: String) { self.url = url }
  }

  /// Spans in one item: what is lost at once when a receiver finds it too large.
  private static let spansInItem = 64
  private static let bytesInItem = 96 << 10

  package let lane: DeliveryLane
  private let rejected: Rejections

  package init(
    settings: Settings, limits: DeliveryLimits = DeliveryLimits(), send: @escaping DeliverySend,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
  ) {
    let url = Self.address(settings.url)
    let rejected = Rejections()
    self.rejected = rejected
    lane = DeliveryLane(
      name: "otlp_traces", limits: limits,
      assemble: { items in
        var headers = settings.headers + [("content-type", OTLPEncoding.protobuf.contentType)]
        var body: [UInt8] = []
        body.reserveCapacity(items.reduce(0) { $0 + $1.bytes.count })
        for item in items { body += item.bytes }
        if settings.compresses, let compressed = CompressionFormat.gzip.compress(body) {
          body = compressed
          headers.append(("content-encoding", "gzip"))
        }
        return DeliveryRequest(url: url, headers: headers, body: body)
      },
      answered: { response in
        let encoding = OTLPEncoding(contentType: response.header("content-type") ?? "") ?? .protobuf
        rejected.count.add(OTLPReply.rejectedSpans(response.body, encoding), ordering: .relaxed)
      }, send: send, sleep: sleep, jitter: jitter)
  }

  /// The end of the path is the sender's to add (OTLP exporter specification, "Endpoint URLs for OTLP/HTTP").
  static func address(_ url: String) -> String {
    let afterScheme = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
    guard let slash = afterScheme.firstIndex(of: "/") else { return url + "/v1/traces" }
    return afterScheme[slash...] == "/" ? url + "v1/traces" : url
  }

  /// Spans that the receiver took the request of and did not keep, since this was last asked: losses beside the lane's drops.
  package func takeRejected() -> Int { rejected.count.exchange(0, ordering: .relaxed) }

  /// Encodes the spans that whoever began their trace wants kept, and offers them; neither blocks nor waits.
  package func add(_ spans: [LLMSpan]) {
    var items: [DeliveryItem] = []
    var first = 0
    while first < spans.count {
      let resource = spans[first].dimensions
      var writer = ProtobufWriter(capacity: 1 << 16)
      var count = 0
      let group = writer.begin(1)
      OTLPSpanWriter.writeResource(resource, to: &writer)
      let scopeSpans = writer.begin(2)
      let scope = writer.begin(1)
      writer.text(1, "llm-incident-commander")
      writer.end(scope)
      while first < spans.count, count < Self.spansInItem, writer.count < Self.bytesInItem,
        Self.haveOneResource(spans[first].dimensions, resource)
      {
        if spans[first].isSampled {
          OTLPSpanWriter.write(spans[first], to: &writer)
          count += 1
        }
        first += 1
      }
      writer.end(scopeSpans)
      writer.text(3, OTLPSpanWriter.schema)
      writer.end(group)
      if count > 0 { items.append(DeliveryItem(writer.bytes, count: count)) }
    }
    lane.offer(items)
  }

  private static func haveOneResource(_ left: Dimensions, _ right: Dimensions) -> Bool {
    left.service == right.service && left.env == right.env && left.version == right.version
  }
}

/// Apart from the sink, so that its lane can hold it.
private final class Rejections: Sendable {
  let count = Atomic<Int>(0)
}
