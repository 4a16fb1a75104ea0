// The text that Prometheus reads: OpenMetrics 1.0 with exemplars, or the classic format 0.0.4 without.

import LLMMetrics
import LLMTelemetry

package struct PrometheusExposition: Sendable {
  package enum Format: Sendable {
    case openMetrics, classic

    package var contentType: String {
      switch self {
      case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
      case .classic: "text/plain; version=0.0.4; charset=utf-8"
      }
    }

    /// OpenMetrics for those who name it and like it as well as plain text; browsers and old scrapers name neither.
    package init(accept: String?) {
      var openMetrics = 0.0
      var classic = 0.0
      for entry in (accept ?? "").lowercased().split(separator: ",") {
        let parts = entry.split(separator: ";").map { $0.filter { $0 != " " } }
        let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
        if parts.first == "application/openmetrics-text" { openMetrics = max(openMetrics, quality) }
        if parts.first == "text/plain" { classic = max(classic, quality) }
      }
      self = openMetrics > 0 && openMetrics >= classic ? .openMetrics : .classic
    }
  }

  package let format: Format
  package private(set) var body: [UInt8] = []
  package var contentType: String { format.contentType }

  init(_ cells: PrometheusCells, format: Format) {
    self.format = format
    // All series of a family stand together.
    var places = [[Int]](repeating: [], count: cells.families.count)
    for (place, series) in cells.series.enumerated() { places[series.family].append(place) }
    body.reserveCapacity(cells.series.count * 512)
    for (family, places) in zip(cells.families, places) where !places.isEmpty {
      writeHead(family)
      for place in places {
        let series = cells.series[place]
        switch family.kind {
        case .counter: writeCounter(family, series)
        case .gauge: writeSample(family.name, series.labels, PrometheusText.number(series.sum))
        case .histogram: writeHistogram(family, series, cells)
        }
      }
    }
    if format == .openMetrics { line("# EOF") }
  }

  private func totalName(_ family: PrometheusFamily) -> String {
    family.name.hasSuffix("_total") ? family.name : family.name + "_total"
  }

  private mutating func writeHead(_ family: PrometheusFamily) {
    // The classic format names a counter by its sample.
    let name = family.kind == .counter && format == .classic ? totalName(family) : family.name
    body += "# HELP \(name) ".utf8
    PrometheusText.append(help: family.help, to: &body)
    line("")
    line("# TYPE \(name) \(family.kind.word)")
    if format == .openMetrics, let unit = family.unit { line("# UNIT \(name) \(unit)") }
  }

  private mutating func writeCounter(_ family: PrometheusFamily, _ series: PrometheusSeries) {
    func amount(_ count: Int64) -> String { family.isMoney ? Nanodollars(count).decimalDollars : String(count) }
    writeSample(totalName(family), series.labels, amount(series.count), exemplar: series.exemplar.map { ($0, amount($0.bits)) })
  }

  private mutating func writeHistogram(_ family: PrometheusFamily, _ series: PrometheusSeries, _ cells: PrometheusCells) {
    var total: Int64 = 0
    for offset in 0...family.bounds.count {
      total += cells.buckets[series.firstBucket + offset]
      let bound = offset < family.bounds.count ? PrometheusText.number(family.bounds[offset]) : "+Inf"
      let exemplar = cells.bucketExemplars[series.firstBucket + offset].map { exemplar in
        (exemplar, PrometheusText.number(Double(bitPattern: UInt64(bitPattern: exemplar.bits))))
      }
      writeSample(
        family.name + "_bucket", series.labels, String(total), more: "le=\"\(bound)\"", exemplar: exemplar)
    }
    writeSample(family.name + "_count", series.labels, String(series.count))
    writeSample(family.name + "_sum", series.labels, PrometheusText.number(series.sum))
  }

  private mutating func writeSample(
    _ name: String, _ labels: [UInt8], _ value: String, more: String? = nil, exemplar: (Exemplar, value: String)? = nil
  ) {
    body += name.utf8
    if !labels.isEmpty || more != nil {
      body.append(UInt8(ascii: "{"))
      body += labels
      if let more {
        if !labels.isEmpty { body.append(UInt8(ascii: ",")) }
        body += more.utf8
      }
      body.append(UInt8(ascii: "}"))
    }
    body.append(UInt8(ascii: " "))
    body += value.utf8
    if format == .openMetrics, let (exemplar, value) = exemplar {
      // 63 of the 128 characters an exemplar's labels may have.
      body +=
        " # {trace_id=\"\(exemplar.trace)\",span_id=\"\(exemplar.span)\"} \(value) \(PrometheusText.seconds(exemplar.at))".utf8
    }
    body.append(UInt8(ascii: "\n"))
  }

  private mutating func line(_ text: String) {
    body += text.utf8
    body.append(UInt8(ascii: "\n"))
  }
}
