// Writes a pack as the YAML that reads back to the same pack: what `pull` makes of Datadog's objects, and the default pack's own file.

import LLMMetrics
import LLMTelemetry

extension MonitorPack {
  /// A whole pack file; sections without entries are left out.
  package var yamlText: String { PackText.document(of: self).document }
}

package enum PackText {
  package static func document(of pack: MonitorPack) -> YAMLText {
    .members([
      ("slos", section(pack.objectives.map(objective))),
      ("monitors", section(pack.monitors.map { monitor($0, in: pack) })),
      ("dashboards", section(pack.dashboards.map(dashboard))),
    ])
  }

  private static func section(_ items: [YAMLText]) -> YAMLText? { items.isEmpty ? nil : .list(items) }

  private static func text(_ text: String) -> YAMLText? { text.isEmpty ? nil : .text(text) }

  private static func texts(_ texts: [String]) -> YAMLText? { texts.isEmpty ? nil : .list(texts.map(YAMLText.text)) }

  // MARK: Monitors

  /// - Parameter pack: what a burn rate's or composite's query is read from when none is written.
  static func monitor(_ packed: PackedMonitor, in pack: MonitorPack) -> YAMLText {
    let monitor = packed.definition
    let isImplied = monitor.impliedQuery(in: pack) == monitor.query
    return .members([
      ("name", .text(monitor.name)), ("title", .text(monitor.title)), ("severity", .word(monitor.severity.rawValue)),
      kind(monitor.kind), ("query", isImplied ? nil : .text(monitor.query.description)), ("window", .duration(monitor.window)),
      ("for", monitor.holdFor == .zero ? nil : .duration(monitor.holdFor)),
      (monitor.threshold.comparison.rawValue, .number(monitor.threshold.critical)),
      ("recovery", monitor.threshold.recovery == monitor.threshold.critical ? nil : .number(monitor.threshold.recovery)),
      ("traffic_gate", monitor.trafficGate == 0 ? nil : .word(String(monitor.trafficGate))),
      ("no_data", monitor.noData == .keep ? nil : .word(monitor.noData.rawValue)),
      ("group_by", .texts(monitor.groupBy)), ("playbooks", .texts(monitor.playbooks)),
      ("evaluation_delay", monitor.evaluationDelay == .zero ? nil : .duration(monitor.evaluationDelay)),
      ("renotify", monitor.renotify.map(YAMLText.duration)),
      ("mutes", monitor.mutes.isEmpty ? nil : .list(monitor.mutes.map(mute))),
      ("shadow", monitor.isShadow ? .word("true") : nil),
      ("meaning", text(packed.meaning)), ("steps", texts(packed.steps)), ("owner", packed.owner.map(YAMLText.text)),
      ("runbook", packed.runbook.map(YAMLText.text)), ("notify", .texts(packed.notify)), ("tags", .texts(packed.tags)),
    ])
  }

  private static func kind(_ kind: MonitorKind) -> (String, YAMLText?) {
    switch kind {
    case .threshold: ("threshold", nil)
    case .change(let change):
      (
        "change", .inline(.members([("measure", .word(change.measure.rawValue)), ("shift", .duration(change.shift))]))
      )
    case .anomaly(let anomaly):
      (
        "anomaly",
        .inline(
          .members([
            ("direction", .word(anomaly.direction.rawValue)), ("seasonality", .word(anomaly.seasonality.rawValue)),
            ("history", .duration(anomaly.history)), ("false_alarms_per_week", .number(anomaly.falseAlarmsPerWeek)),
          ]))
      )
    case .outlier(let outlier): ("outlier", .inline(.members([("least_share", .number(outlier.leastShare))])))
    case .forecast(let forecast):
      (
        "forecast",
        .inline(
          .members([("horizon", .duration(forecast.horizon)), ("season", forecast.season.map(YAMLText.duration))]))
      )
    case .burnRate(let rate):
      (
        "burn_rate", .inline(.members([("slo", .text(rate.objective)), ("short_window", .duration(rate.shortWindow))]))
      )
    case .composite(let expression): ("composite", .text(expression.description))
    case .absence: ("absence", .word("true"))
    case .detection(let filter): ("detection", .inline(.members([("signals", .texts(filter.signals))])))
    case .events(let filter):
      (
        "events",
        .inline(
          .members([("kind", filter.kind.map { .word($0.rawValue) }), ("subject", filter.subject.map(YAMLText.text))]))
      )
    }
  }

  private static func mute(_ mute: MuteWindow) -> YAMLText {
    .members([
      ("from", .text(mute.range.lowerBound.rfc3339)), ("to", .text(mute.range.upperBound.rfc3339)),
      (
        "scope",
        mute.scope.isEmpty
          ? nil : .inline(.members(mute.scope.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }))
      ),
      ("reason", text(mute.reason)),
    ])
  }

  // MARK: Objectives

  static func objective(_ objective: SLODefinition) -> YAMLText {
    .members(
      [
        ("name", .text(objective.name)), ("title", .text(objective.title)), ("meaning", text(objective.meaning)),
      ] + indicator(objective.indicator) + [
        ("target", .number(objective.target)), ("timeframe", .word(objective.timeframe.rawValue)),
        ("burn_rates", .list(objective.burnRates.map(burnRate))), ("steps", texts(objective.steps)),
        ("owner", objective.owner.map(YAMLText.text)), ("runbook", objective.runbook.map(YAMLText.text)),
        ("notify", .texts(objective.notify)), ("tags", .texts(objective.tags)),
        ("when_spent", objective.whenSpent.map { .word($0.rawValue) }),
      ])
  }

  private static func indicator(_ indicator: SLODefinition.Indicator) -> [(String, YAMLText?)] {
    switch indicator {
    case .good(let good, let all): [("good", events(good)), ("of", events(all))]
    case .bad(let bad, let all): [("bad", events(bad)), ("of", events(all))]
    case .timeSlice(let query, let good, let bound, let seconds):
      [
        (
          "slice",
          .members([
            ("query", .text(query.description)), (good.rawValue, .number(bound)),
            ("every", .duration(.seconds(Int64(seconds)))),
          ])
        )
      ]
    case .uptime(let names): [("monitors", .inline(.list(names.map(YAMLText.text))))]
    }
  }

  private static func events(_ events: SLODefinition.Events) -> YAMLText {
    .members([
      ("metric", .text(events.metric.name)),
      ("where", events.conditions.isEmpty ? nil : .list(events.conditions.map { .inline(condition($0)) })),
      ("at_most", events.atMost.map(YAMLText.number)),
    ])
  }

  private static func condition(_ condition: SLODefinition.Events.Condition) -> YAMLText {
    switch condition {
    case .isOneOf(let tag, let values): .members([("tag", .text(tag)), ("is", .list(values.map(YAMLText.text)))])
    case .isNoneOf(let tag, let values): .members([("tag", .text(tag)), ("is_not", .list(values.map(YAMLText.text)))])
    case .lacks(let tag): .members([("tag", .text(tag)), ("absent", .word("true"))])
    }
  }

  private static func burnRate(_ rate: SLODefinition.BurnRate) -> YAMLText {
    .inline(
      .members([
        ("factor", .number(rate.factor)), ("long_window", .duration(rate.longWindow)),
        ("short_window", .duration(rate.shortWindow)), ("severity", .word(rate.severity.rawValue)),
      ]))
  }

  // MARK: Dashboards

  static func dashboard(_ dashboard: DashboardDefinition) -> YAMLText {
    .members([
      ("name", .text(dashboard.name)), ("title", .text(dashboard.title)), ("meaning", text(dashboard.meaning)),
      ("variables", .texts(dashboard.variables.map(\.rawValue))),
      (
        "sections",
        .list(
          dashboard.sections.map { section in
            .members([("title", .text(section.title)), ("widgets", .list(section.widgets.map(widget)))])
          })
      ),
    ])
  }

  private static func widget(_ widget: DashboardDefinition.Widget) -> YAMLText {
    let title: (String, YAMLText?) = ("title", .text(widget.title))
    return switch widget.content {
    case .series(let display, let lines):
      .members([title, ("series", .list(lines.map(line))), ("display", .word(display.rawValue))])
    case .value(let value, let decimals): .members([title, ("value", line(value)), ("decimals", .word(String(decimals)))])
    case .top(let top, let limit): .members([title, ("top", line(top)), ("limit", .word(String(limit)))])
    case .table(let lines, let limit):
      .members([title, ("table", .list(lines.map(line))), ("limit", .word(String(limit)))])
    case .note(let note): .members([title, ("note", .text(note))])
    case .objectives: .members([title, ("show", .word("slos"))])
    case .monitors: .members([title, ("show", .word("monitors"))])
    }
  }

  private static func line(_ line: DashboardDefinition.Line) -> YAMLText {
    .members([("name", .text(line.name)), ("query", .text(line.query.description)), ("by", .texts(line.by))])
  }
}

extension MonitorDefinition {
  /// The query a definition of its kind has when none is written; `nil` where one has to be.
  package func impliedQuery(in pack: MonitorPack) -> MonitorQuery? {
    switch kind {
    case .burnRate(let rate): return pack.objectives.first { $0.name == rate.objective }?.nearestQuery
    case .composite(let expression): return pack.query(ofFirstOf: expression, without: [name])
    case .events, .detection: return .count(MetricCatalogue.requests)
    case .threshold, .change, .anomaly, .outlier, .forecast, .absence: return nil
    }
  }
}

extension MonitorPack {
  /// The query of a composite's first part, through composites of composites.
  fileprivate func query(ofFirstOf expression: CompositeExpression, without visited: Set<String>) -> MonitorQuery? {
    guard let name = expression.monitors.first, !visited.contains(name),
      let part = allMonitors.first(where: { $0.definition.name == name })
    else { return nil }
    guard case .composite(let inner) = part.definition.kind else { return part.definition.query }
    return query(ofFirstOf: inner, without: visited.union([name]))
  }
}
