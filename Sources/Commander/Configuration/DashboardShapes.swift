// The keys of `dashboards`, for the reader and the JSON Schema.

import LLMTelemetry
import Monitors

extension MappingShape {
  static let line = MappingShape(
    name: "line",
    fields: [
      FieldShape("name", .text, required: true, "how the legend calls it"),
      FieldShape("query", .text, required: true, "in the language of monitors"),
      FieldShape("by", .list(.text), "a line for each combination of these tags' values"),
    ])

  static let contentKeys = ["series", "value", "top", "table", "note", "show"]

  static let widget = MappingShape(
    name: "widget",
    fields: [
      FieldShape("title", .text, required: true, "what it shows"),
      FieldShape("series", .list(.mapping(.line)), "values over time"),
      FieldShape(
        "display", .word(DashboardDefinition.Content.Display.allCases.map(\.rawValue)), "how a series is drawn; line"),
      FieldShape("value", .mapping(.line), "one number"),
      FieldShape("decimals", .integer(0...10), "of a value; 2"),
      FieldShape("top", .mapping(.line), "the highest groups"),
      FieldShape("table", .list(.mapping(.line)), "a column for each, all by the same tags"),
      FieldShape("limit", .integer(1...100), "groups of a top list or rows of a table; 10"),
      FieldShape("note", .text, "a text"),
      FieldShape("show", .word(["slos", "monitors"]), "the objectives, or the monitors that are not ok"),
    ], choices: [.exactlyOne(contentKeys)])

  static let section = MappingShape(
    name: "section",
    fields: [
      FieldShape("title", .text, required: true, "what the section is about"),
      FieldShape("widgets", .list(.mapping(.widget)), required: true, "in the order in which they stand"),
    ])

  static let dashboard = MappingShape(
    name: "dashboard",
    fields: [
      FieldShape("name", .text, required: true, "unique among dashboards"),
      FieldShape("title", .text, required: true, "what a person reads"),
      FieldShape("meaning", .text, "what it is for"),
      FieldShape("variables", .list(.word(Dimension.allCases.map(\.rawValue))), "tags by which all of it can be narrowed"),
      FieldShape("sections", .list(.mapping(.section)), required: true, "groups of widgets"),
    ])
}
