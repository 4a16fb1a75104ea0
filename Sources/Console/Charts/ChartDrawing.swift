// The SVG of a chart. Lines stretch with the page, text and strokes do not: the plot is drawn in shares of its width, and
// positions that need a style would break the content security policy, so they are attributes.

import LLMTelemetry
import Monitors

extension Chart {
  /// The chart without its words; `label` is the id of the element that says what it shows.
  func drawing(labelledBy label: String) -> HTML {
    let scale = ChartScale(self)
    return """
      <svg class="chart" role="img" aria-labelledby="\(label)">\(grid(scale))\(shading(scale))\
      <svg viewBox="0 0 1000 \(Self.number(ChartScale.height))" preserveAspectRatio="none" width="100%" height="\(Self.number(ChartScale.height))">\
      \(areas(scale))\(thresholdLine(scale))\(paths(scale))</svg>\(markers(scale))</svg>
      """
  }

  private func grid(_ scale: ChartScale) -> HTML {
    let rows = scale.valueTicks.map { value -> HTML in
      let y = Self.number(scale.y(value))
      return
        "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"\(y)\" y2=\"\(y)\"/><text x=\"-8\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(unit.tick(value))</text>"
    }
    let y = Self.number(ChartScale.height + 18)
    let columns = scale.timeTicks.map { time -> HTML in
      let x = scale.x(time)
      let anchor = x < 0.04 ? "start" : x > 0.96 ? "end" : "middle"
      return "<text x=\"\(Self.percent(x))\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(tickLabel(time))</text>"
    }
    return "\(rows)\(columns)"
  }

  private func shading(_ scale: ChartScale) -> HTML {
    let rectangles = shades.compactMap { shade -> HTML? in
      let left = max(0, scale.x(shade.range.lowerBound))
      let right = min(1, scale.x(shade.range.upperBound))
      guard right > left else { return nil }
      return
        "<rect class=\"shade\" x=\"\(Self.percent(left))\" width=\"\(Self.percent(right - left))\" y=\"0\" height=\"\(Self.number(ChartScale.height))\"><title>\(shade.text)</title></rect>"
    }
    return "\(rectangles)"
  }

  /// A lone line is easier to read with the space below it tinted.
  private func areas(_ scale: ChartScale) -> HTML? {
    guard lines.count == 1, !drawsColumns, let line = lines.first else { return nil }
    let runs = line.runs(step: step).filter { $0.count > 1 }.map { run -> HTML in
      let corners = run.map { "\(coordinates($0, scale))" }.joined(separator: "L")
      let base = Self.number(ChartScale.height)
      return
        "<path class=\"area\" d=\"M\(Self.number(scale.x(run[run.startIndex].at) * 1_000)) \(base)L\(corners)L\(Self.number(scale.x(run[run.endIndex - 1].at) * 1_000)) \(base)Z\"/>"
    }
    return "\(runs)"
  }

  /// Days where the chart spans several, else times.
  private func tickLabel(_ time: Timestamp) -> String {
    range.upperBound - range.lowerBound > .seconds(86_400) ? String(time.rfc3339.dropFirst(5).prefix(5)) : time.hourMinute
  }

  private func columns(_ scale: ChartScale) -> HTML {
    let base = Self.number(ChartScale.height)
    let paths = lines.flatMap(\.points).map { point -> HTML in
      let left = scale.x(point.at) * 1_000
      let width = (scale.x(point.at + step) - scale.x(point.at)) * 1_000
      let sides = (Self.number(left + width * 0.1), Self.number(left + width * 0.9))
      return "<path class=\"column\" d=\"M\(sides.0) \(base)V\(Self.number(scale.y(point.value)))H\(sides.1)V\(base)Z\"/>"
    }
    return "\(paths)"
  }

  private func paths(_ scale: ChartScale) -> HTML {
    if drawsColumns { return columns(scale) }
    let paths = lines.reversed().map { line -> HTML in
      // A point without neighbours is a stroke of no length, which the round line cap makes a dot.
      let data = line.runs(step: step).map { run in
        run.count == 1
          ? "M\(coordinates(run[run.startIndex], scale))h0" : "M" + run.map { coordinates($0, scale) }.joined(separator: "L")
      }
      return "<path class=\"line \(line.stroke.rawValue)\" d=\"\(data.joined())\"/>"
    }
    return "\(paths)"
  }

  private func thresholdLine(_ scale: ChartScale) -> HTML? {
    threshold.map { "<path class=\"threshold\" d=\"M0 \(Self.number(scale.y($0)))H1000\"/>" }
  }

  private func markers(_ scale: ChartScale) -> HTML {
    let markers = marks.filter { range.contains($0.at) }.map { mark -> HTML in
      let x = Self.percent(scale.x(mark.at))
      let shape = mark.kind == .change ? "M0 -6L5 0L0 6L-5 0Z" : "M-5 -5H5L0 5Z"
      return
        "<g class=\"mark \(mark.kind.rawValue)\"><title>\(mark.at.hourMinute) \(mark.text)</title><line x1=\"\(x)\" x2=\"\(x)\" y1=\"0\" y2=\"\(Self.number(ChartScale.height))\"/><svg x=\"\(x)\" y=\"0\" class=\"shape\"><path d=\"\(shape)\"/></svg></g>"
    }
    return "\(markers)"
  }

  private func coordinates(_ point: Point, _ scale: ChartScale) -> String {
    "\(Self.number(scale.x(point.at) * 1_000)) \(Self.number(scale.y(point.value)))"
  }

  private static func number(_ value: Double) -> String { Figure.number(value, decimals: 1) }
  private static func percent(_ share: Double) -> String { "\(Figure.number(share * 100, decimals: 2))%" }
}
