// A chart as it stands on a page: title, legend with latest values, drawing, sentence, and all values as a table.

import LLMTelemetry

extension Chart {
  /// `id` is unique on the page.
  func figure(id: String) -> HTML {
    let heading: HTML = "<h3>\(title) <span class=\"unit\">\(unit.symbol)</span></h3>"
    guard !isEmpty else {
      return "<figure class=\"card\">\(heading)<p class=\"empty-chart\">\(sentence)</p></figure>"
    }
    return """
      <figure class="card"><div class="head\(lines.count == 1 ? " one" : "")">\(heading)\(legend)</div>
      \(drawing(labelledBy: "\(id)-says"))
      <figcaption id="\(id)-says">\(sentence)</figcaption>
      <details><summary>Values as a table</summary>\(table)</details></figure>
      """
  }

  private var legend: HTML {
    let entries = lines.map { line -> HTML in
      let value = line.points.last.map { unit.text($0.value) } ?? "no data"
      let swatch: HTML =
        "<svg class=\"swatch\" viewBox=\"0 0 18 8\" aria-hidden=\"true\"><path class=\"line \(line.stroke.rawValue)\" d=\"M1 4H17\"/></svg>"
      return lines.count > 1 ? "<li>\(swatch)\(line.name) <b>\(value)</b></li>" : "<li><b>\(value)</b></li>"
    }
    return "<ul class=\"legend\">\(entries)</ul>"
  }

  private var table: HTML {
    let times = Set(lines.flatMap { $0.points.map(\.at) }).sorted()
    let columns = lines.map { line in Dictionary(line.points.map { ($0.at, $0.value) }) { first, _ in first } }
    let rows = times.map { time -> HTML in
      let cells = columns.map { column -> HTML in "<td>\(column[time].map(unit.text) ?? "no data")</td>" }
      return "<tr><th scope=\"row\">\(drawsColumns ? label(time) : time.timeOfDay)</th>\(cells)</tr>"
    }
    let heads = lines.map { HTML("<th scope=\"col\">\($0.name)</th>") }
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(title), values"><table><thead><tr><th scope="col">UTC</th>\(heads)</tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
  }
}

extension Array where Element == Chart.Mark {
  /// What the markers on a chart stand for, in words.
  func legend(at now: Timestamp) -> HTML {
    guard !isEmpty else { return .empty }
    let items = suffix(8).map { mark -> HTML in
      "<li><span class=\"key \(mark.kind.rawValue)\" aria-hidden=\"true\">\(mark.kind == .change ? "◆" : "▼")</span> \(mark.at.element(at: now)) \(mark.text)</li>"
    }
    let more: HTML? = count > 8 ? "<li>and \(count - 8) earlier</li>" : nil
    return "<ul class=\"marks\">\(items)\(more)</ul>"
  }
}
