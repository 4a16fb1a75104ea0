// What a metric of the catalogue is called in Prometheus, and how its values are kept there.

import LLMMetrics

/// How Prometheus sees a metric. A new `MetricType` gets its place in `init(_: MetricType)`, and nowhere else.
enum PrometheusKind: Sendable {
  case counter, gauge, histogram

  init(_ type: MetricType) {
    switch type {
    case .count: self = .counter
    case .distribution: self = .histogram
    case .gauge: self = .gauge
    }
  }

  var word: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }
}

/// All series of one metric.
struct PrometheusFamily: Sendable {
  /// As OpenMetrics has it: with the unit, without `_total`.
  let name: String
  let kind: PrometheusKind
  /// `nil` where the unit is only what is counted, which the name says already.
  let unit: String?
  let help: String
  /// Upper bounds of a histogram's buckets, without the infinite one.
  let bounds: [Double]
  /// What a count is divided by: money is counted in billionths.
  let isMoney: Bool

  init(_ definition: MetricDefinition) {
    kind = PrometheusKind(definition.type)
    unit = Self.unit(definition.unit)
    let base = Self.identifier(definition.name)
    name = unit.map { base.hasSuffix("_" + $0) ? base : base + "_" + $0 } ?? base
    help = definition.meaning
    bounds = kind == .histogram ? HistogramBounds.of(definition.unit) : []
    isMoney = definition.unit == .dollar
  }

  private static func unit(_ unit: MetricUnit) -> String? {
    switch unit {
    case .second: "seconds"
    case .dollar: "dollars"
    default: nil
    }
  }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`: everything else becomes an underscore.
  static func identifier(_ name: String) -> String {
    var result = ""
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if result.isEmpty { result = "_" }
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "_"
      }
    }
    return result
  }
}

/// The buckets of histograms: fixed for a unit, so that series of all instances add up.
enum HistogramBounds {
  /// 5 ms to 164 s, each twice the one before: those of the GenAI conventions' `client.operation.duration`, and one more at both
  /// ends.
  static let seconds = [
    0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84,
  ]
  static let scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
  /// Those of the GenAI conventions' `client.token.usage`: 1 to 64 Mi, each four times the one before.
  static let counts: [Double] = [
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
  ]

  static func of(_ unit: MetricUnit) -> [Double] {
    switch unit {
    case .second: seconds
    case .score: scores
    default: counts
    }
  }
}
