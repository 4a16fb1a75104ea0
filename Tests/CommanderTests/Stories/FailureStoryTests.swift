// Each failure of the table becomes one incident with its cause and its remedy, and ends well; on healthy days nothing is said.

import Incidents
import LLMTelemetry
import Remediation
import Testing

@testable import Commander

@Suite struct FailureStoryTests {
  @Test(arguments: FailureStory.all) func aFailureIsFoundBlamedAndEnded(story: FailureStory) async throws {
    let state = try await Self.told(story)
    let missing = Self.missing(of: story, in: state)
    #expect(missing.isEmpty, "\(missing.map(\.rawValue).sorted())\n\(state.story)")
  }

  @Test(arguments: HealthyDay.all) func onAHealthyDayNothingIsSaid(day: HealthyDay) async throws {
    let commander = try StoryCommander(seed: 23)
    commander.traffic.disturbances = day.disturbances
    commander.traffic.versions = day.versions
    if let newcomer = day.newcomer { commander.traffic.tenants.append(newcomer) }
    for change in day.changes { try await commander.note(change.event(at: commander.now)) }
    while commander.minute < 20 { try await commander.step() }
    let state = await commander.center.state
    #expect(state.incidents.incidents.isEmpty, "\(state.incidents.incidents.map(\.title))")
    #expect(state.overrides.overrides.isEmpty)
  }

  static func told(_ story: FailureStory) async throws -> CommandState {
    let commander = try StoryCommander(seed: UInt64(story.name.utf8.reduce(17) { ($0 * 31 + Int($1)) % 1_000_003 }))
    commander.traffic.disturbances = story.disturbances
    if let change = story.change {
      let event = change.event(at: commander.now)
      if let prompt = event.promptSubject?.prompt, let version = event.promptVersion {
        commander.traffic.versions = [(prompt, version, 2, story.share)]
      }
      try await commander.note(event)
    }
    while commander.minute < 48 {
      try await commander.step()
      let incidents = await commander.center.state.incidents
      if !incidents.incidents.isEmpty, incidents.open.isEmpty { break }
    }
    return await commander.center.state
  }

  /// What of the story did not come true.
  static func missing(of story: FailureStory, in state: CommandState) -> Set<FailureStory.Part> {
    var missing: Set<FailureStory.Part> = []
    let incidents = state.incidents.incidents
    if incidents.isEmpty { missing.insert(.incident) }
    if incidents.count > 1 { missing.insert(.oneIncident) }
    let isBlamed = incidents.contains { incident in
      story.causes.contains { $0 == incident.cause?.dimensions ?? [:] }
    }
    if !isBlamed { missing.insert(.cause) }
    let remediations = state.remediations.remediations
    switch story.ending {
    case .mended(let action):
      let tried = remediations.filter { state.playbookAction(of: $0) == action }
      if tried.isEmpty { missing.insert(.remedy) }
      if !tried.contains(where: { $0.state == .verified }) { missing.insert(.verified) }
    case .person:
      if !incidents.contains(where: { !$0.tasks.isEmpty }) { missing.insert(.remedy) }
    }
    if incidents.contains(where: \.isOpen) { missing.insert(.end) }
    return missing
  }
}

extension CommandState {
  /// What happened, in lines: what a reader of a failed test asks for first.
  fileprivate var story: String {
    incidents.incidents.map { incident in
      let lines = incident.timeline.map { entry in
        let minute = (entry.at - StoryCommander.beginning - StoryCommander.learning).inSeconds / 60
        return "  \((minute * 10).rounded() / 10) \(entry.kind.rawValue): \(entry.text)"
      }
      return ([incident.id + " " + incident.title + ", " + incident.state.rawValue] + lines).joined(separator: "\n")
    }
    .joined(separator: "\n")
  }

  fileprivate func playbookAction(of remediation: Remediation) -> Playbook.Action? {
    switch remediation.plan.action {
    case .rollBackPrompt: .promptRollback
    case .stopCanary: .canaryStop
    case .fallBackModel: .modelFallback
    case .shiftWeight: .weightShift
    case .throttle: .throttle
    case .limitSpending: .budget
    case .capOutputTokens: .outputCap
    case .limitRetries: .retryLimit
    case .removeTool: .toolOff
    case .cacheAnswers: .cacheOn
    case .closeRoute: .routeClose
    case nil: .tellPerson
    }
  }
}
