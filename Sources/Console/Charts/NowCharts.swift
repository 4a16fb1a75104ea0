// The four charts of the Now page and the figures above them, from seven reads of the store.

import LLMMetrics
import LLMTelemetry
import Monitors

struct NowCharts {
  /// A figure of the last minutes against the hour before them.
  struct Tile {
    var title: String
    var value: String
    var comparison: String
    /// The page that says more of it.
    var path: String?
  }

  static let recent = Duration.seconds(300)
  static let baseline = Duration.seconds(3_600)

  let range: Range<Timestamp>
  let step: Duration
  private let now: Timestamp
  private let requests, errors, duration, timeToFirstToken, cost, scored, ungrounded: SeriesWindow

  init(_ selected: ChartRange, at now: Timestamp, from source: ConsoleSource) throws {
    self.now = now
    range = selected.range(until: now)
    step = selected.step
    let whole = min(range.lowerBound, now - Self.recent - Self.baseline)..<now
    requests = try SeriesWindow(MetricCatalogue.requests, in: whole, from: source)
    errors = try SeriesWindow(MetricCatalogue.errors, in: whole, from: source)
    duration = try SeriesWindow(MetricCatalogue.duration, in: whole, from: source)
    timeToFirstToken = try SeriesWindow(MetricCatalogue.timeToFirstToken, in: whole, from: source)
    cost = try SeriesWindow(MetricCatalogue.cost, in: whole, from: source)
    scored = try SeriesWindow(MetricCatalogue.answersScored, in: whole, from: source)
    ungrounded = try SeriesWindow(MetricCatalogue.answersUngrounded, in: whole, from: source)
  }

  var hasTraffic: Bool { !requests.points.isEmpty }
  var newestTraffic: Timestamp? { requests.points.last.map { $0.start + Rollup.width } }

  // MARK: Charts

  func charts(marks: [Chart.Mark], shades: [Chart.Shade]) -> [Chart] {
    func chart(_ title: String, _ unit: ChartUnit, _ lines: [Chart.Line]) -> Chart {
      Chart(title: title, unit: unit, range: range, step: step, lines: lines, marks: marks, shades: shades)
    }
    let traffic = requests.buckets(of: step, in: range)
    let failures = errors.buckets(of: step, in: range)
    let poorlyGrounded = ungrounded.buckets(of: step, in: range)
    let perMinute = 60 / step.inSeconds
    return [
      chart(
        "Traffic and errors", .perMinute,
        [
          line("requests", .solid, traffic) { _, total in Double(total.countValue) * perMinute },
          line("errors", .failing, traffic) { start, _ in Double(failures[start]?.countValue ?? 0) * perMinute },
        ]),
      chart(
        "Latency", .query(.seconds),
        [
          line("p95", .solid, duration.buckets(of: step, in: range)) { _, total in total.quantile(0.95) },
          line("p50", .dashed, duration.buckets(of: step, in: range)) { _, total in total.quantile(0.5) },
          line("first token p95", .dotted, timeToFirstToken.buckets(of: step, in: range)) { _, total in total.quantile(0.95) },
        ]),
      chart(
        "Cost", .query(.dollarsPerMinute),
        [line("cost", .solid, cost.buckets(of: step, in: range)) { _, total in total.dollars * perMinute }]),
      chart(
        "Semantic risk: ungrounded answers", .query(.share),
        [
          line("ungrounded", .solid, scored.buckets(of: step, in: range)) { start, total in
            share(of: poorlyGrounded[start], in: total)
          }
        ]),
    ]
  }

  private func line(
    _ name: String, _ stroke: Chart.Stroke, _ buckets: [Timestamp: Aggregate], _ value: (Timestamp, Aggregate) -> Double?
  ) -> Chart.Line {
    let points = buckets.compactMap { bucket in value(bucket.key, bucket.value).map { Chart.Point(at: bucket.key, value: $0) } }
    return Chart.Line(name: name, stroke: stroke, points: points.sorted { $0.at < $1.at })
  }

  // MARK: Tiles

  var tiles: [Tile] {
    let recent = now - Self.recent..<now
    let before = now - Self.recent - Self.baseline..<now - Self.recent
    func tile(_ title: String, _ unit: ChartUnit, path: String? = nil, _ value: (Range<Timestamp>) -> Double?) -> Tile {
      let present = value(recent)
      let past = value(before)
      let change = present.flatMap { present in past.flatMap { Words.change(from: $0, to: present) } }
      let comparison =
        past.map { "\(change.map { "\($0) " } ?? "")\(unit.text($0)) in the hour before that" }
        ?? "no data in the hour before that"
      return Tile(title: title, value: present.map(unit.text) ?? "no data", comparison: comparison, path: path)
    }
    func minutes(_ range: Range<Timestamp>, _ window: SeriesWindow) -> Double {
      let start = max(range.lowerBound, window.points.first?.start ?? range.lowerBound)
      return max(1.0 / 6, (range.upperBound - start).inSeconds / 60)
    }
    return [
      tile("Requests", .perMinute) { range in
        requests.total(in: range).map { Double($0.countValue) / minutes(range, requests) }
      },
      tile("Error rate", .query(.share)) { range in
        requests.total(in: range).flatMap { share(of: errors.total(in: range), in: $0) }
      },
      tile("Latency p95", .query(.seconds)) { range in duration.total(in: range)?.quantile(0.95) },
      tile("Cost", .query(.dollarsPerMinute), path: "/cost") { range in
        cost.total(in: range).map { $0.dollars / minutes(range, cost) }
      },
      tile("Ungrounded answers", .query(.share)) { range in
        scored.total(in: range).flatMap { share(of: ungrounded.total(in: range), in: $0) }
      },
    ]
  }

  private func share(of part: Aggregate?, in whole: Aggregate) -> Double? {
    whole.countValue > 0 ? Double(part?.countValue ?? 0) / Double(whole.countValue) : nil
  }
}

extension Aggregate {
  /// `nil` for a count and for an empty sketch.
  fileprivate func quantile(_ quantile: Double) -> Double? {
    guard case .sketch(let sketch) = self else { return nil }
    return sketch.quantile(quantile)
  }

  /// Of a count of nano-dollars; for charts and rates only.
  fileprivate var dollars: Double { Nanodollars(countValue).dollars }
}
