// A monitor on trial alerts for the record only, until it is taken out of the shadow.

import Incidents
import LLMTelemetry
import Monitors
import Remediation
import Testing

@Suite struct ShadowTests {
  @Test func aMonitorInShadowAlertsAndOpensNoIncidentUntilItIsOutOfIt() throws {
    var story = try Story.healthy()
    let shown = story.cycle
    var monitors = shown.monitors
    for index in monitors.indices { monitors[index].isShadow = true }
    story.cycle = CommandCycle(monitors: monitors, playbooks: shown.playbooks, settings: shown.settings)
    story.ship("43")
    story.ungroundedShare = { $0["prompt_version"] == "43" ? 0.7 : 0.03 }
    try story.run(seconds: 180)
    let isFiring = story.state.alerts.statuses.values.contains { $0.isFiring }
    #expect(isFiring)
    #expect(story.entries.map(\.kind).contains("alert.alert"))
    #expect(story.state.incidents.incidents.isEmpty && story.state.remediations.remediations.isEmpty)

    story.cycle = shown
    try story.step()
    #expect(story.state.incidents["INC-1"]?.cause?.dimensions == ["prompt": "rag-answer", "prompt_version": "43"])
  }
}
