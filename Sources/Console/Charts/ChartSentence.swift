// What a chart shows in one sentence, for those who cannot see it and for those in a hurry.

import LLMTelemetry

extension Chart {
  var sentence: String {
    guard let main = lines.first, let last = main.points.last else {
      return "No data from \(label(range.lowerBound)) to \(label(range.upperBound)) UTC."
    }
    var parts = lines.compactMap { line -> String? in
      guard let last = line.points.last, let peak = line.points.max(by: { $0.value < $1.value }) else {
        return "\(line.name): no data"
      }
      let name = lines.count > 1 ? "\(line.name) " : ""
      return "\(name)\(unit.text(last.value)), highest \(unit.text(peak.value)) at \(label(peak.at))"
    }
    parts[0] = "At \(label(last.at)): " + parts[0]
    var text = parts.joined(separator: "; ") + "."
    if let threshold {
      let above = main.points.count { $0.value > threshold }
      text +=
        above == 0
        ? " Never above the threshold of \(unit.text(threshold))."
        : " Above the threshold of \(unit.text(threshold)) in \(above) of \(main.points.count) intervals."
    }
    let missing = missingTime
    if missing > .zero, !drawsColumns { text += " No data for \(Words.span(missing)) of it, drawn as gaps." }
    return text
  }

  /// Time inside the range, after the first point, that has none.
  var missingTime: Duration {
    guard let first = lines.first?.points.first else { return range.upperBound - range.lowerBound }
    let expected = (range.upperBound - first.at).wholeNanoseconds / step.wholeNanoseconds
    let missing = expected - Int64(lines.first?.points.count ?? 0)
    return missing > 0 ? step * Int(missing) : .zero
  }
}
