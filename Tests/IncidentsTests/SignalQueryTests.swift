// Each signal of detection shows in a figure; a monitor that does not listen to detection keeps its own.

import Incidents
import LLMMetrics
import Monitors
import Testing

@Suite struct SignalQueryTests {
  @Test func aDetectionMonitorShowsTheSignalThatFired() throws {
    let quality = try #require(MonitorPack.default.monitors.map(\.definition).first { $0.name == "detected-quality" })
    #expect(
      quality.showing("refusal").query.description
        == #"sum(llm.semantic_risk.flagged{scorer="refusal"}) / sum(llm.semantic_risk.scored{scorer="refusal"})"#)
    #expect(quality.showing("ungrounded").query.words == "share of ungrounded answers")
    #expect(quality.showing("blocked").query.unit == .share && quality.showing("truncation").query.unit == .share)
    #expect(quality.showing(nil) == quality && quality.showing("unheard of") == quality)
    #expect(Story.errors.showing("refusal") == Story.errors)
  }

  @Test func ofAFindingTheBestSignalThatTheMonitorSpeaksForCounts() throws {
    let cost = try #require(MonitorPack.default.monitors.map(\.definition).first { $0.name == "detected-cost" })
    let finding = DetectionFinding(
      signals: ["refusal", "output_tokens", "cost_per_request"], group: [:], opened: .second(0), onset: .second(0),
      severity: .sev2, dimensions: [:], confidence: 1)
    #expect(cost.signal(of: finding) == "output_tokens")
    #expect(cost.signal(of: nil) == nil && Story.errors.signal(of: finding) == nil)
  }
}
