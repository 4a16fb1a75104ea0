// A dashboard by sections: what is shown of which query, and by which tags the whole of it can be narrowed.

import LLMMetrics
import LLMTelemetry

package struct DashboardDefinition: Hashable, Sendable {
  /// One query as it is shown.
  package struct Line: Hashable, Sendable {
    package var name: String
    package var query: MonitorQuery
    package var by: [String]

    package init(_ name: String, _ query: MonitorQuery, by: [String] = []) {
      self.name = name
      self.query = query
      self.by = by
    }
  }

  package enum Content: Hashable, Sendable {
    package enum Display: String, CaseIterable, Hashable, Sendable { case line, bars, area }

    case series(Display, [Line])
    case value(Line, decimals: Int)
    case top(Line, limit: Int)
    /// One column a line; all of them by the same tags.
    case table([Line], limit: Int)
    case note(String)
    /// The objectives of this product, each with its budget.
    case objectives
    /// The monitors of this product that are not ok.
    case monitors
  }

  package struct Widget: Hashable, Sendable {
    package var title: String
    package var content: Content

    package init(_ title: String, _ content: Content) {
      self.title = title
      self.content = content
    }
  }

  package struct Section: Hashable, Sendable {
    package var title: String
    package var widgets: [Widget]

    package init(_ title: String, _ widgets: [Widget]) {
      self.title = title
      self.widgets = widgets
    }
  }

  /// Unique among the dashboards: `overview`.
  package var name: String
  package var title: String
  package var meaning: String
  package var variables: [Dimension]
  package var sections: [Section]

  package init(name: String, title: String, meaning: String, variables: [Dimension], sections: [Section]) {
    self.name = name
    self.title = title
    self.meaning = meaning
    self.variables = variables
    self.sections = sections
  }

  package var lines: [Line] {
    sections.flatMap(\.widgets).flatMap { widget -> [Line] in
      switch widget.content {
      case .series(_, let lines), .table(let lines, _): lines
      case .value(let line, _), .top(let line, _): [line]
      case .note, .objectives, .monitors: []
      }
    }
  }
}
