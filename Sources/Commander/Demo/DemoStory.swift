// The story the demo tells: healthy traffic, a flawed prompt version, one incident, its cause, a remediation, its proof.

import Foundation
import Incidents
import LLMTelemetry
import Monitors
import Remediation

struct DemoStory: Sendable {
  let center: CommandCenter
  let traffic: DemoTraffic
  let console: String
  let approvesByItself: Bool
  let deadline: ContinuousClock.Instant
  let began: ContinuousClock.Instant

  /// Traffic that counts as healthy before anything is changed: two closed rollups are the least a baseline needs.
  private static let healthyTurns = 3

  /// Tells the story to its end. Throws `DemoFailure` when a chapter does not come in time.
  func tell() async throws {
    say("Simulated Vertex AI, gateway, RAG service and console are up. The console: \(console)")
    let beginning = Timestamp.now()
    say("Four tenants ask the handbook. Prompt \(DemoConfiguration.prompt) serves version \(DemoConfiguration.soundVersion).")
    try await wait("three quiet turns of the command cycle") { () -> Bool? in
      guard let turn = await center.lastTurn else { return nil }
      return turn - beginning >= .seconds(10 * Self.healthyTurns) ? true : nil
    }
    let answered = traffic.counters.totals
    guard answered.answered > 50 else {
      throw DemoFailure(
        "Only \(answered.answered) requests were answered and \(answered.failed) failed; the traffic does not flow.")
    }
    say("Healthy: \(answered.answered) requests answered, \(answered.failed) failed, no alert.")

    try await center.promote(
      prompt: DemoConfiguration.prompt, version: DemoConfiguration.flawedVersion, actor: "lee", now: .now())
    say(
      "lee ships version \(DemoConfiguration.flawedVersion) of the prompt: \"\(DemoConfiguration.temptation) to enrich every answer\"."
    )

    let alert = try await wait("the first alert") { await center.state.alerts.statuses.first { $0.value.isFiring } }
    say("Alert: \(alert.key). The error count is still zero.")
    let opened = try await wait("an incident") { await center.state.incidents.incidents.last }
    say("\(opened.id) opened, \(opened.severity.rawValue): \(opened.title)")
    let explained = try await wait("its cause") { () -> Incident? in
      guard let incident = await center.state.incidents[opened.id], incident.cause != nil else { return nil }
      return incident
    }
    if let cause = explained.cause {
      say("Cause: \(cause.title), confidence \(Int((cause.confidence * 100).rounded())) %.")
      for sentence in cause.evidence.prefix(3) { say("  · \(sentence)") }
    }
    let proposed = try await wait("a remediation") { await center.state.remediations.of(incident: opened.id).first }
    say("\(proposed.id) proposed: \(proposed.plan.sentence). Expected: \(proposed.plan.expectedEffect).")
    try await approve(proposed)
    let applied = try await wait("the override at the gateway") { () -> Remediation? in
      guard let remediation = await center.state.remediations[proposed.id], remediation.isInForce else { return nil }
      return remediation
    }
    say(
      "\(applied.id) applied as \(applied.override?.id ?? "an override"), generation \(await center.state.overrides.generation). Watching whether it helps."
    )
    let judged = try await wait("the verification") { () -> Remediation? in
      guard let remediation = await center.state.remediations[proposed.id], remediation.state != .applied else { return nil }
      return remediation
    }
    guard judged.state == .verified else { throw DemoFailure("\(judged.id) is \(judged.state.rawValue): \(judged.reason)") }
    say("\(judged.id) verified: \(judged.reason)")
    let resolved = try await wait("the end of the incident") { () -> Incident? in
      guard let incident = await center.state.incidents[opened.id], incident.state == .resolved else { return nil }
      return incident
    }
    guard await center.state.incidents.incidents.count == 1 else {
      throw DemoFailure("One cause became \(await center.state.incidents.incidents.count) incidents; it should be one.")
    }
    say("\(resolved.id) resolved. Postmortem: \(console)/incidents/\(resolved.id)/postmortem")
    let totals = traffic.counters.totals
    say("\(totals.answered) requests answered, \(totals.failed) failed, during the whole story.")
  }

  private func approve(_ remediation: Remediation) async throws {
    if approvesByItself {
      try await center.submit(.approve(remediation: remediation.id), actor: "demo", now: .now())
      return say("Approved by --auto.")
    }
    say("Press Enter to approve it, or approve it on \(console)/incidents/\(remediation.incident)")
    // A blocking read of the terminal must not hold a thread of the concurrency pool.
    let center = self.center
    Thread.detachNewThread {
      guard readLine() != nil else { return }
      Task {
        // Refused when someone was quicker on the page; the story sees the approval either way.
        try? await center.submit(
          .approve(remediation: remediation.id), actor: ProcessInfo.processInfo.environment["USER"] ?? "you", now: .now())
      }
    }
    try await wait("an approval") { () -> Bool? in
      await center.state.remediations[remediation.id]?.state == .proposed ? nil : true
    }
  }

  /// Looks every 200 ms until `condition` yields a value or the demo's time is up.
  @discardableResult
  private func wait<Value: Sendable>(
    _ what: String, condition: () async throws -> Value?
  ) async throws -> Value {
    while ContinuousClock.now < deadline {
      if let value = try await condition() { return value }
      try await Task.sleep(for: .milliseconds(200))
    }
    let state = await center.state
    let alerts = state.alerts.statuses.map { "\($0.key) \($0.value.state.rawValue)" }.sorted().joined(separator: ", ")
    throw DemoFailure(
      "The demo's time is up while waiting for \(what). Alerts: \(alerts.isEmpty ? "none" : alerts). Give it longer with --seconds."
    )
  }

  private func say(_ text: String) {
    let seconds = Int((ContinuousClock.now - began).components.seconds)
    let minutes = String(seconds / 60)
    let rest = seconds % 60
    Say.message("\(minutes):\(rest < 10 ? "0" : "")\(rest)  \(text)")
  }
}
