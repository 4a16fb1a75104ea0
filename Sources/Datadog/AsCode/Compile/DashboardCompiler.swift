// Compiles dashboards into Datadog's: ordered, a group a section, queries and formulas.

import LLMMetrics
import LLMTelemetry
import Monitors

package struct DashboardCompiler: Sendable {
  package let settings: CompileSettings

  package init(settings: CompileSettings) { self.settings = settings }

  package func compile(_ dashboard: DashboardDefinition) -> Compilation {
    let id = DatadogObjectID(.dashboard, dashboard.name)
    let variables = dashboard.variables.map(\.rawValue)
    var top = 0
    var groups: [JSONValue] = []
    for section in dashboard.sections {
      var flow = WidgetFlow()
      let widgets = section.widgets.map { widget -> JSONValue in
        .object([
          "definition": .object(definition(of: widget, variables: variables)),
          "layout": flow.place(Self.size(of: widget.content)),
        ])
      }
      let height = flow.height + 1
      groups.append(
        .object([
          "definition": .object([
            "type": .string("group"), "layout_type": .string("ordered"), "title": .string(section.title),
            "show_title": .bool(true), "widgets": .array(widgets),
          ]),
          "layout": WidgetFlow.layout(x: 0, y: top, width: WidgetFlow.columns, height: height),
        ]))
      top += height
    }
    var result = Compilation()
    result.add(
      CompiledObject(
        id,
        .object([
          "title": .string(dashboard.title),
          // Datadog's dashboards have no tags but `team`: the identity stands where people see that it is not theirs to edit.
          "description": .string("\(dashboard.meaning)\n\n\(DatadogIdentity.line(dashboard.name))"),
          "layout_type": .string("ordered"), "reflow_type": .string("fixed"), "widgets": .array(groups),
          "tags": .strings(["team:\(settings.team)"]),
          "template_variables": .array(
            variables.map {
              .object([
                "name": .string($0), "prefix": .string($0), "available_values": .array([]), "defaults": .strings(["*"]),
              ])
            }),
        ])))
    return result
  }

  private static func size(of content: DashboardDefinition.Content) -> (width: Int, height: Int) {
    switch content {
    case .value: (3, 2)
    case .series: (6, 3)
    case .top: (4, 4)
    case .table: (12, 4)
    case .note: (12, 1)
    case .objectives, .monitors: (12, 4)
    }
  }

  private func definition(of widget: DashboardDefinition.Widget, variables: [String]) -> [String: JSONValue] {
    var members: [String: JSONValue] = ["title": .string(widget.title)]
    switch widget.content {
    case .series(let display, let lines):
      members["type"] = .string("timeseries")
      members["show_legend"] = .bool(true)
      members["legend_layout"] = .string("auto")
      members["legend_columns"] = .strings(["avg", "max", "value"])
      members["requests"] = .array([
        request(lines, format: "timeseries", variables: variables, others: ["display_type": .string(display.rawValue)])
      ])
    case .value(let line, let decimals):
      members["type"] = .string("query_value")
      members["autoscale"] = .bool(true)
      members["precision"] = .number(Double(decimals))
      members["requests"] = .array([request([line], format: "scalar", variables: variables)])
    case .top(let line, let limit):
      members["type"] = .string("toplist")
      members["requests"] = .array([
        request([line], format: "scalar", variables: variables, others: ["sort": Self.highest(limit)])
      ])
    case .table(let lines, let limit):
      members["type"] = .string("query_table")
      members["has_search_bar"] = .string("auto")
      members["requests"] = .array([
        request(lines, format: "scalar", variables: variables, others: ["sort": Self.highest(limit)])
      ])
    case .note(let text):
      members = [
        "type": .string("note"), "content": .string(text), "background_color": .string("white"), "font_size": .string("14"),
        "text_align": .string("left"), "show_tick": .bool(false), "tick_edge": .string("left"), "tick_pos": .string("50%"),
      ]
    case .objectives:
      members["type"] = .string("slo_list")
      members["requests"] = .array([
        .object([
          "request_type": .string("slo_list"),
          "query": .object(["query_string": .string(CompileSettings.ownership), "limit": .number(100)]),
        ])
      ])
    case .monitors:
      members["type"] = .string("manage_status")
      members["summary_type"] = .string("monitors")
      members["display_format"] = .string("countsAndList")
      members["color_preference"] = .string("text")
      members["hide_zero_counts"] = .bool(true)
      members["show_last_triggered"] = .bool(true)
      members["show_priority"] = .bool(true)
      members["sort"] = .string("status,asc")
      // Parts of composites speak to nobody, and gates are in alert whenever there is traffic.
      members["query"] = .string(
        """
        tag:(\(CompileSettings.ownership)) -tag:(commander_part:gate) -tag:(commander_part:signal) \
        status:(alert OR warn OR "no data")
        """
      )
    }
    return members
  }

  private static func highest(_ limit: Int) -> JSONValue {
    .object([
      "count": .number(Double(limit)),
      "order_by": .array([.object(["type": .string("formula"), "index": .number(0), "order": .string("desc")])]),
    ])
  }

  private func request(
    _ lines: [DashboardDefinition.Line], format: String, variables: [String], others: [String: JSONValue] = [:]
  ) -> JSONValue {
    var queries: [JSONValue] = []
    var formulas: [JSONValue] = []
    for (index, line) in lines.enumerated() {
      let prefix = lines.count == 1 ? "query" : "\(Self.letter(index))"
      let parts = FormulaQuery(line.query, scope: settings.scope, by: line.by, variables: variables, prefix: prefix)
      for part in parts.queries {
        var members: [String: JSONValue] = [
          "data_source": .string("metrics"), "name": .string(part.name), "query": .string(part.text),
        ]
        if format == "scalar" { members["aggregator"] = .string(part.aggregator) }
        queries.append(.object(members))
      }
      formulas.append(.object(["formula": .string(parts.formula), "alias": .string(line.name)]))
    }
    return .object(
      ["response_format": .string(format), "queries": .array(queries), "formulas": .array(formulas)].merging(others) { $1 })
  }

  /// `a`, `b`, …: a widget has fewer lines than there are letters, and a number in front of the query's own would be misread.
  private static func letter(_ index: Int) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    return index < letters.count ? String(letters[index]) : "line\(index)_"
  }
}

/// Puts widgets side by side from left to right, and below when a row is full.
private struct WidgetFlow {
  static let columns = 12
  private var x = 0
  private var y = 0
  private var rowHeight = 0

  var height: Int { y + rowHeight }

  mutating func place(_ size: (width: Int, height: Int)) -> JSONValue {
    if x + size.width > Self.columns {
      y += rowHeight
      (x, rowHeight) = (0, 0)
    }
    defer {
      x += size.width
      rowHeight = max(rowHeight, size.height)
    }
    return Self.layout(x: x, y: y, width: size.width, height: size.height)
  }

  static func layout(x: Int, y: Int, width: Int, height: Int) -> JSONValue {
    .object([
      "x": .number(Double(x)), "y": .number(Double(y)), "width": .number(Double(width)), "height": .number(Double(height)),
    ])
  }
}
