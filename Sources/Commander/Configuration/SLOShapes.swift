// The keys of `slos`, for the reader and the JSON Schema.

import Monitors

extension MappingShape {
  static let condition = MappingShape(
    name: "condition",
    fields: [
      FieldShape("tag", .text, required: true, "a tag of the metric"),
      FieldShape("is", .list(.text), "one of these values"),
      FieldShape("is_not", .list(.text), "none of these values; what lacks the tag passes too"),
      FieldShape("absent", .truth, "the tag is not there"),
    ], choices: [.exactlyOne(["is", "is_not", "absent"])])

  static let counted = MappingShape(
    name: "counted",
    fields: [
      FieldShape("metric", .text, required: true, "a metric of the catalogue"),
      FieldShape("where", .list(.mapping(.condition)), "conditions that all have to hold"),
      FieldShape("at_most", .number(), "of a distribution only values up to this one"),
    ])

  static let slice = MappingShape(
    name: "slice",
    fields: [
      FieldShape("query", .text, required: true, "what each slice of time is judged by"),
      FieldShape("above", .number(), "good while the value is above"),
      FieldShape("below", .number(), "good while the value is below"),
      FieldShape("every", .duration, "the length of a slice; 5m"),
    ], choices: [.exactlyOne(["above", "below"])])

  static let rate = MappingShape(
    name: "rate",
    fields: [
      FieldShape("factor", .number(least: 0), required: true, "how many times faster than promised the budget burns"),
      FieldShape("long_window", .duration, required: true, "1h to 48h in Datadog"),
      FieldShape("short_window", .duration, required: true, "often a twelfth of the long one"),
      FieldShape("severity", .word(Severity.allCases.map(\.rawValue)), required: true, "of the monitor that this makes"),
    ])

  static let indicatorKeys = ["good", "bad", "slice", "monitors"]

  static let objective = MappingShape(
    name: "objective",
    fields: [
      FieldShape("name", .text, required: true, "unique; burn rates refer to it"),
      FieldShape("title", .text, required: true, "the promise, as a person reads it"),
      FieldShape("meaning", .text, "what counts, and what does not"),
      FieldShape("good", .mapping(.counted), "the good ones of what `of` counts"),
      FieldShape("bad", .mapping(.counted), "the bad ones of what `of` counts"),
      FieldShape("of", .mapping(.counted), "everything that counts; with good or bad"),
      FieldShape("slice", .mapping(.slice), "slices of time that are good or not"),
      FieldShape("monitors", .list(.text), "time is good while none of these is in alert"),
      FieldShape("target", .number(least: 0, most: 100), required: true, "per cent that have to be good"),
      FieldShape(
        "timeframe", .word(SLODefinition.Timeframe.allCases.map(\.rawValue)),
        "the last days, or the calendar week, month or quarter in UTC; 30d"),
      FieldShape("burn_rates", .list(.mapping(.rate)), "a monitor for each; 14.4 over 1h and 6 over 6h"),
      FieldShape("steps", .list(.text), "what to look at, in this order"),
      FieldShape("owner", .text, "the handle of the team that owns it"),
      FieldShape("runbook", .text, "the address of its runbook"),
      FieldShape("notify", .list(.text), "receivers or handles of its burn rates"),
      FieldShape("tags", .list(.tag), "further tags"),
      FieldShape(
        "when_spent", .word(SLODefinition.WhenSpent.allCases.map(\.rawValue)),
        "what a spent error budget forbids; nothing without it"),
    ], choices: [.exactlyOne(indicatorKeys)])
}
