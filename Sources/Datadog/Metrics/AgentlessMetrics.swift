// Metrics for those without an Agent: one point for each series every ten seconds, by HTTP.

import Delivery
import LLMMetrics
import LLMTelemetry
import Synchronization

/// Who takes the points.
package enum MetricIntake: Sendable {
  /// Datadog. The key is asked for at every request, so that it can be renewed, and is nowhere else.
  case datadog(site: String, apiKey: @Sendable () -> String)
  /// A receiver of Datadog's series of version 1 below this URL, for example VictoriaMetrics' `http://HOST:8428/datadog`. It gets
  /// no distributions: no such receiver is known to take them.
  case compatible(url: String)
}

/// How a body is made smaller.
package struct IntakeCompression: Sendable {
  /// The word for `Content-Encoding`.
  package let encoding: String
  package let compress: @Sendable ([UInt8]) -> [UInt8]

  package init(encoding: String, compress: @escaping @Sendable ([UInt8]) -> [UInt8]) {
    self.encoding = encoding
    self.compress = compress
  }
}

package final class AgentlessMetrics: Sendable {
  /// 512,000 bytes is what the intake takes in one body, after compression, and 5 MiB before.
  private static let bodyLimit = 480_000
  private static let rawLimit = 2 << 20

  /// Counts and gauges.
  package let series: DeliveryLane
  /// `nil` where nobody takes them.
  package let distributions: DeliveryLane?
  private let version: SeriesVersion
  private let host: String
  private let fold: Mutex<PointFold>

  package var lanes: [DeliveryLane] { [series] + (distributions.map { [$0] } ?? []) }

  /// - Parameters:
  ///   - host: must differ between programs that send the same series at one time, or their points overwrite each other.
  ///   - sentThrough: what `sentThrough` was when an earlier program of this host ended, where that is known.
  package init(
    intake: MetricIntake, host: String, constantTags: TagSet = TagSet([:]), compression: IntakeCompression? = nil,
    sentThrough: Timestamp? = nil, at now: Timestamp = .now(), send: @escaping DeliverySend
  ) {
    self.host = host
    fold = Mutex(PointFold(constantTags: constantTags, at: now, sentThrough: sentThrough))
    var limits = DeliveryLimits()
    limits.itemCapacity = 200_000
    limits.batchItems = 10_000
    limits.batchBytes = compression == nil ? Self.bodyLimit : Self.rawLimit
    let key: (@Sendable () -> String)?
    let base: String
    switch intake {
    case .datadog(let site, let apiKey):
      (version, base, key) = (.two, DatadogSite.origin(site, "api"), apiKey)
    case .compatible(let url):
      (version, base, key) = (.one, DatadogSite.withoutSlash(url), nil)
    }
    let assemble: @Sendable (String, [DeliveryItem]) -> DeliveryRequest = { path, items in
      var headers = [(name: "Content-Type", value: "application/json")]
      if let key { headers.append((name: "DD-API-KEY", value: key())) }
      var body = IntakeJSON.list(items.map(\.bytes), opening: "{\"series\":[", closing: "]}")
      if let compression {
        headers.append((name: "Content-Encoding", value: compression.encoding))
        body = compression.compress(body)
      }
      return DeliveryRequest(url: base + path, headers: headers, body: body)
    }
    let seriesPath = version == .two ? "/api/v2/series" : "/api/v1/series"
    series = DeliveryLane(name: "metrics", limits: limits, assemble: { assemble(seriesPath, $0) }, send: send)
    distributions =
      version == .two
      ? DeliveryLane(
        name: "distributions", limits: limits, assemble: { assemble("/api/v1/distribution_points", $0) }, send: send)
      : nil
  }

  /// Everything a batch of spans means, at the time it is handed over: a span that ended in an interval that was sent already
  /// counts in the next point, as it does with an Agent.
  package func add(_ batch: MeasurementBatch, at now: Timestamp = .now()) {
    offer(
      fold.withLock { fold in
        let points = fold.closed(at: now)
        fold.add(batch)
        return points
      })
  }

  package func add(_ measurements: [MetricMeasurement], at now: Timestamp = .now()) {
    offer(
      fold.withLock { fold in
        let points = fold.closed(at: now)
        fold.add(measurements)
        return points
      })
  }

  /// Hands the points of an interval that is over to the lanes; to be called at every tick, about once a second.
  package func flush(at now: Timestamp = .now()) { offer(fold.withLock { $0.closed(at: now) }) }

  /// Hands over what there is; to be called once, before the lanes are shut down.
  package func finish(at now: Timestamp = .now()) { offer(fold.withLock { $0.finish(at: now) }) }

  /// What is in no point, since this was last asked. What the lanes could not deliver they say themselves.
  package func takeDrops() -> [MetricPointDrop: Int] { fold.withLock { $0.takeDrops() } }

  /// The latest time any point was given.
  package var sentThrough: Timestamp { fold.withLock { $0.sentThrough } }

  private func offer(_ points: [MetricPoint]) {
    guard !points.isEmpty else { return }
    var seriesItems: [DeliveryItem] = []
    var distributionItems: [DeliveryItem] = []
    var missing = 0
    for point in points {
      if let bytes = PointDocument.series(point, version: version, host: host) {
        seriesItems.append(DeliveryItem(bytes))
      } else if distributions != nil, let document = PointDocument.distribution(point, host: host) {
        distributionItems.append(DeliveryItem(document.bytes))
        missing += document.missing
      }
    }
    if missing > 0 { fold.withLock { $0.left(out: missing) } }
    series.offer(seriesItems)
    distributions?.offer(distributionItems)
  }
}
