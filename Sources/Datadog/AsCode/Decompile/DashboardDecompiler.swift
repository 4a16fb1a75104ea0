// Turns a Datadog dashboard into a definition that compiles to it, where there is one.

import LLMMetrics
import LLMTelemetry
import Monitors

struct DashboardDecompiler: Sendable {
  let settings: CompileSettings

  func candidate(_ json: JSONValue, name: String) throws(Unsayable) -> DashboardDefinition {
    var variables: [Dimension] = []
    for variable in json["template_variables"]?.list ?? [] {
      guard let name = variable["name"]?.text, let dimension = Dimension(rawValue: name) else {
        throw Unsayable("the variable \(variable["name"]?.text ?? "?") is no dimension of the catalogue")
      }
      variables.append(dimension)
    }
    var sections: [DashboardDefinition.Section] = []
    for group in json["widgets"]?.list ?? [] {
      guard let definition = group["definition"], definition["type"]?.text == "group" else {
        throw Unsayable("a widget outside of a group has no section to be in")
      }
      var widgets: [DashboardDefinition.Widget] = []
      for widget in definition["widgets"]?.list ?? [] {
        guard let inner = widget["definition"] else { throw Unsayable("a widget without a definition") }
        widgets.append(.init(inner["title"]?.text ?? "", try content(inner)))
      }
      sections.append(.init(definition["title"]?.text ?? "", widgets))
    }
    let identity = DatadogIdentity.line(name)
    let meaning = (json["description"]?.text ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map(String.init).filter { $0.trimmed != identity }.joined(separator: "\n").trimmed
    return DashboardDefinition(
      name: name, title: json["title"]?.text ?? name, meaning: meaning, variables: variables, sections: sections)
  }

  private func content(_ widget: JSONValue) throws(Unsayable) -> DashboardDefinition.Content {
    let type = widget["type"]?.text ?? "?"
    let requests = widget["requests"]?.list ?? []
    let request = requests.first
    func limit() -> Int { request?["sort"]?["count"]?.double.map { Int($0) } ?? 10 }
    switch type {
    case "note": return .note(widget["content"]?.text ?? "")
    case "slo_list": return .objectives
    case "manage_status": return .monitors
    case "timeseries", "query_value", "toplist", "query_table":
      guard let request, requests.count == 1 else { throw Unsayable("a \(type) of \(requests.count) requests") }
      let lines = try lines(request)
      switch type {
      case "timeseries":
        guard let display = DashboardDefinition.Content.Display(rawValue: request["display_type"]?.text ?? "line") else {
          throw Unsayable("series shown as \(request["display_type"]?.text ?? "?")")
        }
        return .series(display, lines)
      case "query_table": return .table(lines, limit: limit())
      case "toplist":
        guard lines.count == 1 else { throw Unsayable("a toplist of several formulas") }
        return .top(lines[0], limit: limit())
      default:
        guard lines.count == 1 else { throw Unsayable("a number of several formulas") }
        return .value(lines[0], decimals: Int(widget["precision"]?.double ?? 2))
      }
    default: throw Unsayable("a widget of the type \(type) has no word in definitions")
    }
  }

  private func lines(_ request: JSONValue) throws(Unsayable) -> [DashboardDefinition.Line] {
    let reader = DecompileQuery(scope: settings.scope)
    let queries = DecompileQuery.texts(request)
    var lines: [DashboardDefinition.Line] = []
    for formula in request["formulas"]?.list ?? [] {
      let text = formula["formula"]?.text ?? ""
      let (query, groups, _) = try reader.formula(text, queries: queries)
      lines.append(.init(formula["alias"]?.text ?? text, query, by: groups))
    }
    guard !lines.isEmpty else { throw Unsayable("a widget without formulas") }
    return lines
  }
}
