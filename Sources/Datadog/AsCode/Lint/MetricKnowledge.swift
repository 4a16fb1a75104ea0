// What a linter knows of the metrics a query names: their types, tags and bounds. Ours by default, anybody's from a file.

import LLMMetrics
import LLMTelemetry
import Monitors

package struct KnownMetric: Hashable, Sendable {
  /// How values of it come about, which decides what may be asked of it.
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    case count, rate, gauge, distribution
    /// A histogram that an Agent turns into `.avg`, `.count`, `.max`, `.median` and `.95percentile`: its own name has no series.
    case histogram
  }

  package var name: String
  /// `nil` when the file does not say.
  package var kind: Kind?
  /// `nil` when the file does not say.
  package var tags: Set<String>?
  /// Tags whose values are known: a filter for another value finds nothing.
  package var tagValues: [String: Set<String>]
  /// The least and the most one value can be.
  package var bounds: ClosedRange<Double>

  package init(
    name: String, kind: Kind?, tags: Set<String>?, tagValues: [String: Set<String>] = [:],
    bounds: ClosedRange<Double> = -.infinity ... .infinity
  ) {
    self.name = name
    self.kind = kind
    self.tags = tags
    self.tagValues = tagValues
    self.bounds = bounds
  }
}

package struct MetricKnowledge: Sendable {
  package var byName: [String: KnownMetric]
  /// First words of names (`llm`): a name that begins with one and is not known does not exist. Of other names nothing is known.
  package var namespaces: Set<String>
  /// True when everything that is not in it does not exist, whatever it begins with.
  package var isComplete: Bool

  package init(_ metrics: [KnownMetric], isComplete: Bool) {
    byName = Dictionary(metrics.map { ($0.name, $0) }) { first, _ in first }
    namespaces = Set(metrics.compactMap { $0.name.split(separator: ".").first.map(String.init) })
    self.isComplete = isComplete
  }

  package enum Standing: Hashable, Sendable {
    case known(KnownMetric)
    /// The suffix of a histogram's series, and the histogram.
    case histogramSeries(KnownMetric)
    case missing(nearest: String?)
    case foreign
  }

  static let histogramSuffixes = [
    "avg", "count", "max", "min", "median", "sum", "75percentile", "90percentile", "95percentile", "99percentile",
  ]

  package func standing(of name: String) -> Standing {
    if let metric = byName[name] { return .known(metric) }
    if let dot = name.lastIndex(of: "."), Self.histogramSuffixes.contains(String(name[name.index(after: dot)...])),
      let base = byName[String(name[..<dot])], base.kind == .histogram
    {
      return .histogramSeries(base)
    }
    let first = name.split(separator: ".").first.map(String.init) ?? name
    // What Datadog and its integrations make themselves is in nobody's list.
    if Self.foreignNamespaces.contains(first) { return .foreign }
    guard isComplete || namespaces.contains(first) else { return .foreign }
    return .missing(nearest: nearest(to: name))
  }

  private static let foreignNamespaces: Set<String> = [
    "system", "datadog", "trace", "aws", "gcp", "azure", "kubernetes", "docker", "container", "process", "synthetics", "rum",
    "runtime", "jvm", "http", "network", "ntp", "kubernetes_state",
  ]

  private func nearest(to name: String) -> String? { NearestName.nearest(to: name, in: byName.keys) }

  /// The catalogue of this product.
  package static let ours = MetricKnowledge(
    MetricCatalogue.all.map { metric in
      KnownMetric(
        name: metric.name, kind: KnownMetric.Kind(metric.type), tags: Set(metric.tagNames),
        tagValues: [
          "span_kind": Set(SpanKind.allCases.map(\.rawValue)), "cache": ["hit", "miss"],
          "error_class": Set(ErrorClass.allCases.map(\.rawValue)),
        ],
        bounds: metric.unit == .score ? 0...1 : 0 ... .infinity)
    }, isComplete: false)
}

extension KnownMetric.Kind {
  init(_ type: MetricType) {
    switch type {
    case .count: self = .count
    case .distribution: self = .distribution
    case .gauge: self = .gauge
    }
  }
}
