// Reads `dashboards`: sections of widgets, each on queries in the language of monitors.

import LLMTelemetry
import Monitors
import StrictYAML

extension PackReader {
  func readDashboards(_ value: YAMLValue?) -> [DashboardDefinition] {
    var dashboards: [DashboardDefinition] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard let dashboard = readDashboard(item) else { continue }
      names.append((dashboard.name, item))
      dashboards.append(dashboard)
    }
    checkUnique(names, "dashboard")
    return dashboards
  }

  func readDashboard(_ item: YAMLValue) -> DashboardDefinition? {
    guard let mapping = item.mapping(MappingShape.dashboard.keys) else { return nil }
    let name = mapping.required("name", "a word that is unique among dashboards")?.string()
    let title = mapping.required("title", "what a person reads, for example \"LLM: overview\"")?.string()
    let variables = (mapping["variables"]?.list() ?? []).compactMap { value -> Dimension? in
      guard let text = value.string() else { return nil }
      guard let dimension = Dimension(rawValue: text) else {
        let all = Dimension.allCases.map(\.rawValue)
        value.problem("no dimension \"\(text)\"\(NearestName.hint(for: text, in: all)); known: \(all.joined(separator: ", "))")
        return nil
      }
      return dimension
    }
    let sections = mapping.required("sections", "a list of {title: …, widgets: […]}")?.list()?.compactMap(readSection)
    guard let name, let title, let sections else { return nil }
    return DashboardDefinition(
      name: name, title: title, meaning: mapping["meaning"]?.string() ?? "", variables: variables, sections: sections)
  }

  private func readSection(_ item: YAMLValue) -> DashboardDefinition.Section? {
    guard let mapping = item.mapping(MappingShape.section.keys) else { return nil }
    let title = mapping.required("title", "what the section is about")?.string()
    let widgets = mapping.required("widgets", "a list such as {title: Requests, value: {…}}")?.list()?.compactMap(readWidget)
    guard let title, let widgets else { return nil }
    return .init(title, widgets)
  }

  private func readWidget(_ item: YAMLValue) -> DashboardDefinition.Widget? {
    guard let mapping = item.mapping(MappingShape.widget.keys) else { return nil }
    let title = mapping.required("title", "what it shows")?.string()
    let present = MappingShape.contentKeys.filter { mapping[$0] != nil }
    guard present.count == 1, let key = present.first, let value = mapping[key] else {
      item.problem("a widget needs exactly one of \(MappingShape.contentKeys.map { "`\($0)`" }.joined(separator: ", "))")
      return nil
    }
    for (option, owners) in [("display", ["series"]), ("decimals", ["value"]), ("limit", ["top", "table"])]
    where !owners.contains(key) {
      mapping[option]?.problem("`\(option)` belongs to \(owners.map { "`\($0)`" }.joined(separator: " and ")), not to `\(key)`")
    }
    guard let title, let content = readContent(key, value, mapping) else { return nil }
    return .init(title, content)
  }

  private func readContent(_ key: String, _ value: YAMLValue, _ mapping: YAMLMapping) -> DashboardDefinition.Content? {
    let limit = mapping["limit"]?.integer(1...100) ?? 10
    switch key {
    case "series":
      let display = mapping["display"]?.choice(DashboardDefinition.Content.Display.self) ?? .line
      return readLines(value).map { .series(display, $0) }
    case "value":
      let decimals = mapping["decimals"]?.integer(0...10) ?? 2
      return readLine(value).map { .value($0, decimals: decimals) }
    case "top":
      guard let line = readLine(value) else { return nil }
      if line.by.isEmpty { value.problem("a top list compares groups; name their tags with `by`") }
      return .top(line, limit: limit)
    case "table":
      guard let lines = readLines(value) else { return nil }
      if Set(lines.map(\.by)).count > 1 { value.problem("all columns of a table have the same `by`") }
      return .table(lines, limit: limit)
    case "note": return value.string().map { .note($0) }
    default:
      return value.choice(Shown.self).map { $0 == .slos ? .objectives : .monitors }
    }
  }

  private enum Shown: String, CaseIterable { case slos, monitors }

  private func readLines(_ value: YAMLValue) -> [DashboardDefinition.Line]? {
    guard let items = value.list() else { return nil }
    if items.isEmpty { value.problem("`\(value.path)` has no query") }
    return items.compactMap(readLine)
  }

  private func readLine(_ item: YAMLValue) -> DashboardDefinition.Line? {
    guard let mapping = item.mapping(MappingShape.line.keys) else { return nil }
    let name = mapping.required("name", "how the legend calls it")?.string()
    let query = mapping.required("query", "for example sum(llm.requests)").flatMap(readQuery)
    let tags = mapping["by"]?.list() ?? []
    if let query {
      for tag in tags {
        guard let text = tag.string(), !query.tagNames.contains(text) else { continue }
        tag.problem(
          "\(query) carries no tag \"\(text)\"\(NearestName.hint(for: text, in: query.tagNames)); it has \(query.tagNames.joined(separator: ", "))"
        )
      }
    }
    guard let name, let query else { return nil }
    return .init(name, query, by: tags.compactMap(\.scalarText))
  }
}

extension MonitorQuery {
  /// Tags that all of its metrics have.
  var tagNames: [String] {
    switch form {
    case .value(let term), .perMinute(let term): term.metric.tagNames
    case .ratio(let numerator, let denominator): numerator.metric.tagNames.filter(denominator.metric.tagNames.contains)
    }
  }
}
