// What can never fire is found for every kind of monitor, and sound monitors are left in peace.

import LLMMetrics
import Monitors
import TestSeries
import Testing

@Suite struct LintKindTests {
  static let objectives = [
    SLODefinition(name: "o", title: "O", meaning: "", indicator: KindTests.objective.indicator, target: 95),
    SLODefinition(
      name: "slices", title: "S", meaning: "",
      indicator: .timeSlice(
        MonitorQuery(.value(.init(.p95, MetricCatalogue.duration))), good: .below, bound: 3, seconds: 300), target: 95),
    SLODefinition(name: "up", title: "U", meaning: "", indicator: .uptime(of: ["errors"]), target: 95),
  ]

  static func lint(_ change: (inout MonitorDefinition) -> Void) throws -> [MonitorDiagnostic] {
    let definition = try LintTests.monitor(change)
    let others = [
      try LintTests.monitor {
        $0.name = "grouped"; $0.groupBy = ["route"]
      },
      try LintTests.monitor {
        $0.name = "by-model"; $0.groupBy = ["model"]
      },
      try LintTests.monitor {
        $0.name = "loop"; $0.kind = .composite(.and(.monitor("grouped"), .monitor("errors")))
      },
    ]
    return definition.lint(
      LintContext(monitors: others + [definition], objectives: objectives, retention: .seconds(8 * 86_400)))
  }

  static func set(_ kind: MonitorKind, above critical: Double, by groupBy: [String] = []) -> LintTests.Change {
    return {
      $0.kind = kind
      $0.threshold = Threshold(.above, critical: critical)
      $0.groupBy = groupBy
      if case .composite = kind { $0.trafficGate = 0 }
      if case .events = kind { $0.trafficGate = 0 }
      if kind == .absence { $0.trafficGate = 0 }
    }
  }

  static let sound: [LintTests.Change] = [
    set(.change(ChangeComparison(.percent, shift: .seconds(60))), above: 100),
    set(.change(ChangeComparison(.percent, shift: .seconds(7 * 86_400))), above: 100),
    set(.anomaly(AnomalySettings()), above: 1, by: ["route"]),
    set(.outlier(OutlierSettings(leastShare: 0.05)), above: 4, by: ["model"]),
    set(.forecast(ForecastSettings(horizon: .seconds(120))), above: 0.5),
    set(.burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(10))), above: 14.4, by: ["route"]),
    set(.composite(.and(.monitor("grouped"), .not(.monitor("by-model")))), above: 0.5),
    set(.absence, above: 0.5), set(.events(EventFilter()), above: 3),
    {
      $0.mutes = [MuteWindow(.second(0)..<(.second(60)))]; $0.renotify = .seconds(3_600); $0.evaluationDelay = .seconds(60)
    },
  ]

  @Test(arguments: sound.indices)
  func soundMonitorsHaveNoErrors(index: Int) throws {
    let errors = try Self.lint(Self.sound[index]).filter { $0.weight == .error }
    #expect(errors.isEmpty, "\(errors)")
  }

  static let faults: [(field: String, words: String, change: LintTests.Change)] = [
    ("shift", "multiple of", set(.change(ChangeComparison(.percent, shift: .seconds(5))), above: 1)),
    ("shift", "overlap", set(.change(ChangeComparison(.percent, shift: .seconds(30))), above: 1)),
    ("shift", "kept for", set(.change(ChangeComparison(.percent, shift: .seconds(9 * 86_400))), above: 1)),
    ("critical", "can never fire", set(.change(ChangeComparison(.difference, shift: .seconds(60))), above: 1)),
    (
      "critical", "can never fire",
      {
        $0.kind = .change(ChangeComparison(.percent, shift: .seconds(60)))
        $0.threshold = Threshold(.below, critical: -100)
      }
    ),
    ("history", "kept for", set(.anomaly(AnomalySettings(history: .seconds(10 * 86_400))), above: 1)),
    ("history", "two seasons", set(.anomaly(AnomalySettings(history: .seconds(86_400))), above: 1)),
    ("history", "fewer than", set(.anomaly(AnomalySettings(seasonality: .none, history: .seconds(600))), above: 1)),
    ("false_alarms_per_week", "no band", set(.anomaly(AnomalySettings(falseAlarmsPerWeek: 0)), above: 1)),
    ("critical", "inside the usual band", set(.anomaly(AnomalySettings()), above: 0.5)),
    ("group_by", "name the tags", set(.outlier(OutlierSettings()), above: 3)),
    ("least_share", "three cannot", set(.outlier(OutlierSettings(leastShare: 0.5)), above: 3, by: ["route"])),
    ("horizon", "no time ahead", set(.forecast(ForecastSettings(horizon: .zero)), above: 0.5)),
    ("window", "less than two", set(.forecast(ForecastSettings(horizon: .seconds(60), season: .seconds(60))), above: 0.5)),
    ("objective", "no objective", set(.burnRate(BurnRateSettings(objective: "x", shortWindow: .seconds(10))), above: 2)),
    ("objective", "no events", set(.burnRate(BurnRateSettings(objective: "up", shortWindow: .seconds(10))), above: 2)),
    ("short_window", "slices", set(.burnRate(BurnRateSettings(objective: "slices", shortWindow: .seconds(50))), above: 2)),
    ("short_window", "not shorter", set(.burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(60))), above: 2)),
    // With 95 % the budget burns at most 20 times too fast.
    ("critical", "at most 20 times", set(.burnRate(BurnRateSettings(objective: "o", shortWindow: .seconds(10))), above: 20)),
    ("composite", "no monitor", set(.composite(.monitor("nobody")), above: 0.5)),
    ("composite", "errors needs loop needs errors", set(.composite(.monitor("loop")), above: 0.5)),
    (
      "composite", "can never fire",
      set(.composite(.and(.monitor("grouped"), .not(.monitor("grouped")))), above: 0.5)
    ),
    ("composite", "are well", set(.composite(.not(.monitor("grouped"))), above: 0.5)),
    ("composite", "no tag in common", set(.composite(.and(.monitor("grouped"), .monitor("by-model"))), above: 0.5)),
    ("critical", "can never fire", set(.composite(.monitor("grouped")), above: 1)),
    ("group_by", "none of its parts", set(.composite(.monitor("grouped")), above: 0.5, by: ["tenant"])),
    ("critical", "can never fire", set(.absence, above: 1)),
    ("group_by", "no groups", set(.events(EventFilter()), above: 1, by: ["route"])),
    ("evaluation_delay", "multiples", { $0.evaluationDelay = .seconds(5) }),
    ("renotify", "a minute", { $0.renotify = .seconds(1) }),
    ("mute", "mutes nothing", { $0.mutes = [MuteWindow(.second(0)..<(.second(60)), scope: ["route": "x"])] }),
    ("mute", "before it begins", { $0.mutes = [MuteWindow(.second(0)..<(.second(0)))] }),
  ]

  @Test(arguments: faults.indices)
  func namesTheFieldAndTheFault(of index: Int) throws {
    let fault = Self.faults[index]
    let findings = try Self.lint(fault.change)
    #expect(findings.map(\.field) == [fault.field], "\(findings)")
    #expect(findings.first?.message.contains(fault.words) == true, "\(findings)")
  }

  @Test func theDefaultPackHasNoErrors() {
    let monitors = MonitorPack.default.monitors.map(\.definition)
    let context = LintContext(monitors: monitors, objectives: MonitorPack.default.objectives, retention: .seconds(30 * 86_400))
    for monitor in monitors {
      let errors = monitor.lint(context).filter { $0.weight == .error }
      #expect(errors.isEmpty, "\(errors)")
    }
  }
}
