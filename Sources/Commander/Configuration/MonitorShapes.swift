// The keys of `monitors` and `overrides`, for the reader and the JSON Schema.

import LLMTelemetry
import Monitors

extension MappingShape {
  /// The kinds of a monitor that are not a plain threshold; at most one of them is written.
  static let kindKeys = ["change", "anomaly", "outlier", "forecast", "burn_rate", "composite", "absence", "events", "detection"]

  static let change = MappingShape(
    name: "change",
    fields: [
      FieldShape("measure", .word(ChangeComparison.Measure.allCases.map(\.rawValue)), "percent (the default) or difference"),
      FieldShape("shift", .duration, required: true, "how much earlier the other window ends: 1d, 7d, or its own length"),
    ])

  static let anomaly = MappingShape(
    name: "anomaly",
    fields: [
      FieldShape("direction", .word(AnomalySettings.Direction.allCases.map(\.rawValue)), "which side of the band counts; both"),
      FieldShape("seasonality", .word(AnomalySettings.Seasonality.allCases.map(\.rawValue)), "what repeats; daily"),
      FieldShape("history", .duration, "how much of the past the band is made of; 7d"),
      FieldShape(
        "false_alarms_per_week", .number(least: 0), "how many windows of a healthy week may lie outside the band; 0.5"),
    ])

  static let outlier = MappingShape(
    name: "outlier",
    fields: [
      FieldShape("least_share", .number(least: 0, most: 1), "groups with a smaller share of the requests are not compared; 0")
    ])

  static let forecast = MappingShape(
    name: "forecast",
    fields: [
      FieldShape("horizon", .duration, required: true, "how far ahead the value is looked for: 1d"),
      FieldShape("season", .duration, "what repeats after this long is no trend: 1d; the window needs two of them"),
    ])

  static let burnRate = MappingShape(
    name: "burn_rate",
    fields: [
      FieldShape("slo", .text, required: true, "the name of an objective under slos"),
      FieldShape("short_window", .duration, "the second window; a twelfth of `window`"),
    ])

  static let detection = MappingShape(
    name: "detection",
    fields: [
      FieldShape(
        "signals", .list(.word(DetectionFilter.knownSignals)),
        "only failures that show in one of these; all of them")
    ])

  static let events = MappingShape(
    name: "events",
    fields: [
      FieldShape("kind", .word(ChangeEvent.Kind.allCases.map(\.rawValue)), "only changes of this kind"),
      FieldShape("subject", .text, "only changes of this prompt, route, model …"),
    ])

  static let mute = MappingShape(
    name: "mute",
    fields: [
      FieldShape("from", .time, required: true, "when the silence begins: 2026-11-24T10:00:00Z"),
      FieldShape("to", .time, required: true, "when it ends"),
      FieldShape("scope", .texts, "only groups with these values of their tags"),
      FieldShape("reason", .text, "why"),
    ])

  static let monitor = MappingShape(
    name: "monitor",
    fields: [
      FieldShape("name", .text, required: true, "unique; alerts, pages and Datadog's identity tags show it"),
      FieldShape("title", .text, required: true, "what a person reads"),
      FieldShape("severity", .word(Severity.allCases.map(\.rawValue)), required: true, "how bad it is for users"),
      FieldShape(
        "query", .text,
        "what is charted and, unless the kind says otherwise, compared: sum(llm.errors) / sum(llm.requests), p95(m), sum(m) per minute"
      ),
      FieldShape("window", .duration, "how much of the past one evaluation reads; a multiple of 10s"),
      FieldShape("for", .duration, "how long a breach, and a recovery, must last; 0s"),
      FieldShape("above", .number(), "alerts when the value is above; exactly one of above and below"),
      FieldShape("below", .number(), "alerts when the value is below"),
      FieldShape("recovery", .number(), "where the value is good again; the threshold itself"),
      FieldShape("traffic_gate", .integer(0...1_000_000_000), "the least number of requests in the window; 0"),
      FieldShape("no_data", .word(NoDataPolicy.allCases.map(\.rawValue)), "what an empty window means; keep"),
      FieldShape("group_by", .list(.text), "one alert for each combination of these tags' values"),
      FieldShape("playbooks", .list(.text), "what may be done about it, in this order"),
      FieldShape("evaluation_delay", .duration, "how long after its end a window is read; 0s"),
      FieldShape("renotify", .duration, "a reminder after this long in alert"),
      FieldShape("mutes", .list(.mapping(.mute)), "times at which it pages nobody"),
      FieldShape("shadow", .truth, "on trial: it is evaluated and recorded, opens no incident and pages nobody; false"),
      FieldShape("change", .mapping(.change), "compares the value with that of an earlier window"),
      FieldShape("anomaly", .mapping(.anomaly), "compares with what is usual; the threshold is a number of band widths"),
      FieldShape("outlier", .mapping(.outlier), "compares each group with the others; the threshold is in robust deviations"),
      FieldShape("forecast", .mapping(.forecast), "compares the value expected after a horizon"),
      FieldShape("burn_rate", .mapping(.burnRate), "how many times faster than promised an objective's budget burns"),
      FieldShape("composite", .text, "other monitors' states: requests-failing && !provider-errors"),
      FieldShape("absence", .truth, "minutes since the query's last data"),
      FieldShape("events", .mapping(.events), "how many changes were recorded in the window"),
      FieldShape("detection", .mapping(.detection), "how many failures detection follows; one alert for each slice it blames"),
      FieldShape("meaning", .text, "what it means for users, in one sentence"),
      FieldShape("steps", .list(.text), "what to look at, in this order"),
      FieldShape("owner", .text, "the handle of the team that owns it"),
      FieldShape("runbook", .text, "the address of its runbook"),
      FieldShape("notify", .list(.text), "receivers or handles beside those its severity has"),
      FieldShape("tags", .list(.tag), "further tags"),
    ],
    choices: [.atMostOne(kindKeys), .atMostOne(["above", "below"])])

  static let override = monitor.partial(
    "override", without: Set(kindKeys),
    adding: [FieldShape("remove", .truth, "takes the monitor out")])
}
