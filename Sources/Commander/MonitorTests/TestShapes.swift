// The keys of a file of monitor tests, for the reader and the JSON Schema.

import LLMTelemetry
import Monitors

extension MappingShape {
  static let testSeries = MappingShape(
    name: "test_series",
    fields: [
      FieldShape("metric", .text, required: true, "a metric of the catalogue"),
      FieldShape("tags", .texts, "the tags of this series"),
      FieldShape("values", .text, required: true, "a value a step: 100x30 0+10x20 _x5"),
      FieldShape("count", .integer(1...1_000_000), "of a distribution: how many values of that size come each step; 1"),
    ])

  static let testChange = MappingShape(
    name: "test_change",
    fields: [
      FieldShape("at", .duration, required: true, "after the start"),
      FieldShape("kind", .word(ChangeEvent.Kind.allCases.map(\.rawValue)), required: true, "what kind of thing was changed"),
      FieldShape("subject", .text, required: true, "what was changed"),
      FieldShape("from", .text, "what it was"),
      FieldShape("to", .text, "what it is now"),
      FieldShape("author", .text, "who changed it"),
    ])

  static let expectedAlert = MappingShape(
    name: "expected_alert",
    fields: [
      FieldShape("monitor", .text, required: true, "its name"),
      FieldShape("group", .texts, "the values of its group_by"),
      FieldShape("value", .number(), "what was measured"),
    ])

  static let expectation = MappingShape(
    name: "expectation",
    fields: [
      FieldShape("at", .duration, required: true, "after the start"),
      FieldShape("alerts", .list(.mapping(.expectedAlert)), "exactly these fire then, of the monitors under test; [] for none"),
      FieldShape("monitor", .text, "one monitor, whose state is looked at"),
      FieldShape("group", .texts, "the values of its group_by"),
      FieldShape("state", .word(AlertState.allCases.map(\.rawValue)), "ok, pending, alert, no_data or recovered"),
      FieldShape("value", .number(), "what was measured, within one per cent"),
    ], choices: [.exactlyOne(["alerts", "monitor"])])

  static let test = MappingShape(
    name: "test",
    fields: [
      FieldShape("name", .text, required: true, "what is shown to be so"),
      FieldShape("start", .time, "when the series begin; 2026-11-02T00:00:00Z, a Monday, or the first record of the traffic"),
      FieldShape("step", .duration, "the time from one value of a series to the next; 1m"),
      FieldShape("evaluate_every", .duration, "10s, as while serving"),
      FieldShape("monitors", .list(.text), "those under test; those that are expected of, or all where no alert is expected"),
      FieldShape("series", .list(.mapping(.testSeries)), "what is measured"),
      FieldShape("traffic", .list(.text), "recorded traffic, plain or gzip, relative to this file"),
      FieldShape("changes", .list(.mapping(.testChange)), "what was changed meanwhile"),
      FieldShape("expect", .list(.mapping(.expectation)), required: true, "what has to be so, and when"),
    ])

  /// A pack whose definitions are tested, and the tests.
  static let testFile = MappingShape(
    name: "tests",
    fields: packFile.fields + [FieldShape("tests", .list(.mapping(.test)), required: true, "each on series of its own")])
}
