// Reads what makes a monitor another kind than a threshold, and what has to be written for each kind.

import Detection
import LLMTelemetry
import Monitors
import SemanticRisk
import StrictYAML

/// The keys that a kind cannot do without.
struct MonitorNeeds {
  var query = true
  var window = true
  var threshold = true

  static let nothing = MonitorNeeds(query: false, window: false, threshold: false)
}

extension PackReader {
  func readKind(_ mapping: YAMLMapping) -> (kind: MonitorKind, needs: MonitorNeeds) {
    let present = MappingShape.kindKeys.filter { mapping[$0] != nil }
    guard let key = present.first, let value = mapping[key] else { return (.threshold, MonitorNeeds()) }
    if present.count > 1 {
      let all = present.map { "`\($0)`" }.joined(separator: " and ")
      mapping.value.problem("a monitor is of one kind, and this one has \(all); keep one")
    }
    switch key {
    case "change": return (readChange(value), MonitorNeeds())
    case "anomaly": return (readAnomaly(value), MonitorNeeds())
    case "outlier":
      let share = value.mapping(MappingShape.outlier.keys)?["least_share"].flatMap { readShare($0) } ?? 0
      if mapping["group_by"]?.elements.isEmpty != false {
        mapping.value.problem("an outlier monitor compares groups; name their tags with `group_by`")
      }
      return (.outlier(.init(leastShare: share)), MonitorNeeds())
    case "forecast":
      let forecast = value.mapping(MappingShape.forecast.keys)
      let horizon = forecast?.required("horizon", "how far ahead to look, for example 1d")?.duration()
      return (
        .forecast(.init(horizon: horizon ?? .seconds(86_400), season: forecast?["season"]?.duration())), MonitorNeeds()
      )
    case "burn_rate": return (readBurnRate(value), MonitorNeeds(query: false))
    case "composite": return (readComposite(value), .nothing)
    case "absence":
      if value.boolean() == false {
        value.problem("`absence` is true or is left out; a monitor on the value itself has no kind")
      }
      return (.absence, MonitorNeeds())
    case "detection": return (readDetection(value), MonitorNeeds(query: false))
    default: return (readEvents(value), MonitorNeeds(query: false))
    }
  }

  private func readShare(_ value: YAMLValue) -> Double? {
    guard let number = value.number() else { return nil }
    guard (0...1).contains(number) else {
      value.problem("`\(value.path)` must be a share from 0 to 1")
      return nil
    }
    return number
  }

  private func readChange(_ value: YAMLValue) -> MonitorKind {
    guard let mapping = value.mapping(MappingShape.change.keys) else { return .threshold }
    let measure = mapping["measure"]?.choice(ChangeComparison.Measure.self) ?? .percent
    let shift = mapping.required("shift", "how much earlier the other window ends, for example 1d")?.duration()
    if let shift, shift <= .zero { mapping["shift"]?.problem("`shift` must be longer than 0s") }
    return .change(.init(measure, shift: shift ?? .seconds(86_400)))
  }

  private func readAnomaly(_ value: YAMLValue) -> MonitorKind {
    guard let mapping = value.mapping(MappingShape.anomaly.keys) else { return .threshold }
    var settings = AnomalySettings()
    if let direction = mapping["direction"]?.choice(AnomalySettings.Direction.self) { settings.direction = direction }
    if let seasonality = mapping["seasonality"]?.choice(AnomalySettings.Seasonality.self) { settings.seasonality = seasonality }
    if let history = mapping["history"]?.duration() { settings.history = history }
    if let count = mapping["false_alarms_per_week"]?.number() {
      if count <= 0 {
        mapping["false_alarms_per_week"]?.problem("`false_alarms_per_week` must be above 0; no band is wide enough for none")
      }
      settings.falseAlarmsPerWeek = count
    }
    return .anomaly(settings)
  }

  /// A short window of zero stands for a twelfth of the long one, which is not known yet.
  private func readBurnRate(_ value: YAMLValue) -> MonitorKind {
    guard let mapping = value.mapping(MappingShape.burnRate.keys) else { return .threshold }
    let objective = mapping.required("slo", "the name of an objective under `slos`")?.string()
    let short = mapping["short_window"]?.duration() ?? .zero
    return .burnRate(.init(objective: objective ?? "", shortWindow: short))
  }

  private func readComposite(_ value: YAMLValue) -> MonitorKind {
    guard let text = value.string() else { return .threshold }
    do throws(Monitors.QueryError) {
      return .composite(try CompositeExpression(parsing: text))
    } catch {
      value.problem("composite \(error)")
      return .threshold
    }
  }

  private func readDetection(_ value: YAMLValue) -> MonitorKind {
    guard let mapping = value.mapping(MappingShape.detection.keys) else { return .threshold }
    let known = DetectionFilter.knownSignals
    let signals = (mapping["signals"]?.list() ?? []).compactMap { item -> String? in
      guard let name = item.string() else { return nil }
      if !known.contains(name) {
        item.problem(
          "there is no signal \"\(name)\"\(NearestName.hint(for: name, in: known)); known: \(known.joined(separator: ", "))")
      }
      return name
    }
    return .detection(.init(signals: signals))
  }

  private func readEvents(_ value: YAMLValue) -> MonitorKind {
    guard let mapping = value.mapping(MappingShape.events.keys) else { return .threshold }
    return .events(
      .init(kind: mapping["kind"]?.choice(ChangeEvent.Kind.self), subject: mapping["subject"]?.string()))
  }

  // MARK: What refers to what

  /// Names that nothing has, and composites that are parts of themselves.
  func checkReferences(_ section: (String) -> YAMLValue?, in pack: MonitorPack) {
    let monitors = Dictionary(pack.allMonitors.map { ($0.definition.name, $0.definition) }) { first, _ in first }
    let objectives = pack.objectives.map(\.name)
    for item in section("monitors")?.elements ?? [] {
      if let value = item.member("burn_rate")?.member("slo"), let name = value.scalarText, !objectives.contains(name) {
        value.problem("there is no objective \"\(name)\" under `slos`\(NearestName.hint(for: name, in: objectives))")
      }
      guard let value = item.member("composite"), let text = value.scalarText,
        let expression = try? CompositeExpression(parsing: text)
      else { continue }
      let own = item.memberText("name") ?? ""
      for name in expression.monitors {
        if name == own || reaches(own, from: name, in: monitors) {
          value.problem("composite \"\(own)\" is a part of itself through \"\(name)\"; take it out")
        } else if monitors[name] == nil {
          value.problem("there is no monitor \"\(name)\"\(NearestName.hint(for: name, in: monitors.keys.sorted()))")
        }
      }
    }
    for item in section("slos")?.elements ?? [] {
      for value in item.member("monitors")?.elements ?? [] {
        guard let name = value.scalarText, monitors[name] == nil else { continue }
        value.problem("there is no monitor \"\(name)\"\(NearestName.hint(for: name, in: monitors.keys.sorted()))")
      }
    }
  }

  private func reaches(_ target: String, from start: String, in monitors: [String: MonitorDefinition]) -> Bool {
    var visited: Set<String> = []
    var waiting = [start]
    while let name = waiting.popLast() {
      guard visited.insert(name).inserted, case .composite(let expression)? = monitors[name]?.kind else { continue }
      if expression.monitors.contains(target) { return true }
      waiting += expression.monitors
    }
    return false
  }
}

extension DetectionFilter {
  /// Signals of the watch for population shifts.
  static let shiftSignals = RiskScorer.allCases.map(\.shiftSignal)
  /// Every name that `signals` may have.
  static let knownSignals = DetectionSignal.allCases.map(\.name) + shiftSignals
}
