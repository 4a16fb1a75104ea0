// Reads `slos`: what is promised, what counts as good, and how fast a budget may burn.

import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML

extension PackReader {
  func readObjectives(_ value: YAMLValue?) -> [SLODefinition] {
    var objectives: [SLODefinition] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard let objective = readObjective(item) else { continue }
      names.append((objective.name, item))
      objectives.append(objective)
    }
    checkUnique(names, "objective")
    return objectives
  }

  func readObjective(_ item: YAMLValue) -> SLODefinition? {
    guard let mapping = item.mapping(MappingShape.objective.keys) else { return nil }
    let name = mapping.required("name", "a word that burn rates and pages refer to")?.string()
    let title = mapping.required("title", "the promise, for example \"Requests succeed\"")?.string()
    let target = mapping.required("target", "per cent that have to be good, for example 99.5").flatMap(readTarget)
    let timeframe = mapping["timeframe"]?.choice(SLODefinition.Timeframe.self) ?? .thirtyDays
    let indicator = readIndicator(mapping)
    let rates = mapping["burn_rates"].map { ($0.list() ?? []).compactMap { readRate($0, target: target) } }
    let runbook = readAddress(mapping["runbook"])
    let tags = readTags(mapping["tags"])
    guard let name, let title, let target, let indicator else { return nil }
    var defaults = [SLODefinition.BurnRate.fast, .slow].filter { $0.factor < 1 / (1 - target / 100) }
    // The states of monitors are too coarse for the share of a short window.
    if case .uptime = indicator { defaults = [] }
    return SLODefinition(
      name: name, title: title, meaning: mapping["meaning"]?.string() ?? "", indicator: indicator, target: target,
      timeframe: timeframe, burnRates: rates ?? defaults, steps: mapping["steps"]?.strings() ?? [],
      owner: mapping["owner"]?.string(), runbook: runbook, notify: mapping["notify"]?.strings() ?? [], tags: tags)
  }

  private func readTarget(_ value: YAMLValue) -> Double? {
    guard let target = value.number() else { return nil }
    guard target > 0, target < 100 else {
      value.problem("`\(value.path)` must lie between 0 and 100 per cent: without a budget there is nothing to spend")
      return nil
    }
    if target < 1 {
      value.problem("`\(value.path)` is \(Figure.number(target, decimals: 4)) per cent; write 99.5, not .995")
    }
    return target
  }

  private func readIndicator(_ mapping: YAMLMapping) -> SLODefinition.Indicator? {
    let present = MappingShape.indicatorKeys.filter { mapping[$0] != nil }
    guard present.count == 1, let key = present.first, let value = mapping[key] else {
      mapping.value.problem("an objective needs exactly one of `good` (with `of`), `bad` (with `of`), `slice` and `monitors`")
      return nil
    }
    let isCounted = key == "good" || key == "bad"
    if !isCounted { mapping["of"]?.problem("`of` belongs to `good` or `bad`; take it out") }
    switch key {
    case "slice": return readSlice(value)
    case "monitors":
      let names = value.strings() ?? []
      if names.isEmpty { value.problem("`\(value.path)` names no monitor") }
      return names.isEmpty ? nil : .uptime(of: names)
    default:
      let part = readCounted(value)
      let all = mapping.required("of", "everything that counts, for example {metric: llm.requests}").flatMap(readCounted)
      guard let part, let all else { return nil }
      if part.metric != all.metric, part.metric.type != all.metric.type {
        value.problem(
          "\(part.metric.name) is a \(part.metric.type.rawValue) and \(all.metric.name) a \(all.metric.type.rawValue); count the same things on both sides"
        )
      }
      return key == "good" ? .good(part, of: all) : .bad(part, of: all)
    }
  }

  private func readSlice(_ value: YAMLValue) -> SLODefinition.Indicator? {
    guard let mapping = value.mapping(MappingShape.slice.keys) else { return nil }
    let query = mapping.required("query", "for example sum(llm.cost) / sum(llm.requests)").flatMap(readQuery)
    let every = mapping["every"]?.duration() ?? .seconds(300)
    let width = Rollup.width.wholeNanoseconds
    if every < Rollup.width || every.wholeNanoseconds % width != 0 || every > .seconds(3_600) {
      mapping["every"]?.problem("a slice is a multiple of \(DurationText.text(Rollup.width)), an hour at most; use 5m")
    }
    let (good, bound): (Threshold.Comparison, Double?)
    switch (mapping["above"], mapping["below"]) {
    case (let above?, nil): (good, bound) = (.above, above.number())
    case (nil, let below?): (good, bound) = (.below, below.number())
    default:
      value.problem("a slice needs exactly one of `above` and `below`: the side on which it is good")
      return nil
    }
    guard let query, let bound else { return nil }
    return .timeSlice(query, good: good, bound: bound, seconds: Int(every.components.seconds))
  }

  private func readCounted(_ value: YAMLValue) -> SLODefinition.Events? {
    guard let mapping = value.mapping(MappingShape.counted.keys),
      let metricValue = mapping.required("metric", "a metric of the catalogue, for example llm.requests"),
      let name = metricValue.string()
    else { return nil }
    guard let metric = MetricCatalogue.byName[name] else {
      metricValue.problem(
        "no metric \"\(name)\" in the catalogue\(NearestName.hint(for: name, in: MetricCatalogue.all.map(\.name)))")
      return nil
    }
    if metric.type == .gauge {
      metricValue.problem("\(name) is a state, which cannot be counted; use a `slice` on its value")
    }
    let conditions = (mapping["where"]?.list() ?? []).compactMap { readCondition($0, of: metric) }
    let bound = mapping["at_most"]?.number()
    if bound != nil, metric.type != .distribution {
      mapping["at_most"]?.problem("`at_most` is for distributions, and \(name) is a \(metric.type.rawValue)")
    }
    return .init(metric, conditions, atMost: bound)
  }

  private func readCondition(_ item: YAMLValue, of metric: MetricDefinition) -> SLODefinition.Events.Condition? {
    guard let mapping = item.mapping(MappingShape.condition.keys),
      let tagValue = mapping.required("tag", "a tag of \(metric.name)"), let tag = tagValue.string()
    else { return nil }
    if !metric.tagNames.contains(tag) {
      tagValue.problem(
        "\(metric.name) has no tag \"\(tag)\"\(NearestName.hint(for: tag, in: metric.tagNames)); it has \(metric.tagNames.joined(separator: ", "))"
      )
    }
    func values(_ value: YAMLValue) -> [String] {
      let values = value.strings() ?? []
      if values.isEmpty { value.problem("`\(value.path)` names no value") }
      return values
    }
    switch (mapping["is"], mapping["is_not"], mapping["absent"]) {
    case (let value?, nil, nil): return .isOneOf(tag: tag, values(value))
    case (nil, let value?, nil): return .isNoneOf(tag: tag, values(value))
    case (nil, nil, let value?):
      if value.boolean() == false { value.problem("`absent` is true or is left out") }
      return .lacks(tag: tag)
    default:
      item.problem("a condition needs exactly one of `is`, `is_not` and `absent`")
      return nil
    }
  }

  private func readRate(_ item: YAMLValue, target: Double?) -> SLODefinition.BurnRate? {
    guard let mapping = item.mapping(MappingShape.rate.keys) else { return nil }
    let factorValue = mapping.required("factor", "how many times faster than promised, for example 14.4")
    let factor = factorValue?.number()
    let long = mapping.required("long_window", "for example 1h")?.duration()
    let short = mapping.required("short_window", "for example 5m")?.duration()
    let severity = mapping.required("severity", "SEV-1 to SEV-4")?.choice(Severity.self)
    guard let factor, let long, let short, let severity else { return nil }
    if factor <= 0 { factorValue?.problem("`factor` must be above 0") }
    if let target, factor >= 1 / (1 - target / 100) - 1e-9 {
      factorValue?.problem(
        """
        a burn rate above \(Figure.number(factor, decimals: 3)) cannot happen with a target of \
        \(Figure.number(target, decimals: 4)) %: when everything fails it is \(Figure.number(1 / (1 - target / 100), decimals: 1))
        """)
    }
    if short >= long {
      mapping["short_window"]?.problem("the short window must be shorter than the long one; a twelfth of it is usual")
    }
    return .init(factor: factor, long: long, short: short, severity: severity)
  }
}
