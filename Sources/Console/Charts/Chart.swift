// A chart as a value: lines over one time range, with what happened meanwhile. Drawing and wording read it, nothing else.

import LLMTelemetry
import Monitors

struct Chart {
  struct Point: Equatable {
    var at: Timestamp
    var value: Double
  }

  /// How a line looks. Colour speaks of state only, so lines differ by stroke, and only `failing` has a state's colour.
  enum Stroke: String {
    case solid, dashed, dotted, failing
  }

  struct Line {
    var name: String
    var stroke: Stroke
    /// Ordered by time; an interval without data has no point.
    var points: [Point]

    /// Stretches without a gap: a line is never drawn across missing data.
    func runs(step: Duration) -> [ArraySlice<Point>] {
      var runs: [ArraySlice<Point>] = []
      var start = points.startIndex
      for index in points.indices.dropFirst() where points[index].at - points[index - 1].at > step + step / 2 {
        runs.append(points[start..<index])
        start = index
      }
      if start < points.endIndex { runs.append(points[start...]) }
      return runs
    }
  }

  struct Mark {
    enum Kind: String {
      case change, remediation
    }

    var at: Timestamp
    var kind: Kind
    var text: String
  }

  struct Shade {
    var range: Range<Timestamp>
    var text: String
  }

  var title: String
  var unit: ChartUnit
  var range: Range<Timestamp>
  /// Width of one interval: points further apart than this have a gap between them.
  var step: Duration
  var lines: [Line]
  var threshold: Double?
  var marks: [Mark] = []
  var shades: [Shade] = []
  /// Sums of intervals stand as columns; levels are lines.
  var drawsColumns = false

  /// How a time is written beside the chart: with its day where there are several.
  func label(_ time: Timestamp) -> String {
    range.upperBound - range.lowerBound > .seconds(86_400)
      ? "\(time.rfc3339.dropFirst(5).prefix(5)) \(time.hourMinute)" : time.hourMinute
  }

  var isEmpty: Bool { lines.allSatisfy(\.points.isEmpty) }
}

/// What the values of a chart are measured in, and how they are written.
enum ChartUnit: Equatable {
  case query(QueryUnit)
  case perMinute
  /// In words that follow the number; what a query cannot have.
  case named(String)

  init(frozen text: String, query: String) {
    if let parsed = try? MonitorQuery(parsing: query) {
      self = .query(parsed.unit)
    } else {
      self = text == "ratio" ? .query(.share) : text.isEmpty ? .query(.quotient) : .named(text)
    }
  }

  var symbol: String {
    switch self {
    case .query(let unit): unit.symbol
    case .perMinute: "per minute"
    case .named(let words): words
    }
  }

  func text(_ value: Double) -> String {
    switch self {
    case .query(.share): "\(Words.plain(value * 100)) %"
    case .query(.dollarsPerMinute): "\(Self.dollars(value))/min"
    case .query(.dollars): Self.dollars(value)
    case .query(.seconds): "\(Words.plain(value)) s"
    case .perMinute: "\(Words.plain(value))/min"
    case .named(let words): "\(Words.plain(value)) \(words)"
    case .query: symbol.isEmpty ? Words.plain(value) : "\(Words.plain(value)) \(symbol)"
    }
  }

  private static func dollars(_ value: Double) -> String {
    value.magnitude < 1e9 ? Words.dollars(Nanodollars(Int64((value * 1e9).rounded()))) : "$\(Words.plain(value))"
  }

  /// On the axis, whose title already carries the unit.
  func tick(_ value: Double) -> String {
    if self == .query(.share) { return Figure.number(value * 100, decimals: 2) }
    return value >= 10_000 ? "\(Words.plain(value / 1_000))k" : Figure.number(value, decimals: 5)
  }
}
