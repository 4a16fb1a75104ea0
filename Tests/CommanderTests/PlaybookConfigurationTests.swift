// Playbooks in a configuration: every key is read, and every mistake is told with its place.

import Commander
import LLMTelemetry
import Monitors
import Remediation
import Testing

@Suite struct PlaybookConfigurationTests {
  private func load(_ playbooks: String) -> (playbooks: [Playbook], problems: [String]) {
    let text = """
      keys:
        - {name: app, sha256: \(String(repeating: "a", count: 64)), tenant: acme}
      providers:
        - {name: openai, protocol: openai, base_url: "https://api.openai.com", credential: {environment: TOKEN}}
      routes:
        - {name: chat, models: [gpt-*], provider: openai, retries: {attempts: 2}}
      incidents: {reopen_within: 5m}
      playbooks:
      \(playbooks)
      """
    do {
      let configuration = try CommanderConfiguration.parse(text, file: "c.yaml", environment: ["TOKEN": "t"])
      #expect(configuration.commandSettings.reopenWithin == .seconds(300))
      #expect(configuration.commandSettings.shares.first?.retries == 2)
      return (configuration.playbooks, [])
    } catch {
      return ([], error.problems.map(\.description))
    }
  }

  @Test func everyKeyIsRead() throws {
    let (playbooks, problems) = load(
      """
        - {name: roll-back, action: prompt_rollback, mode: approve, modes: {SEV-1: auto}, steps: [10%, 50%, 100%], verify_after: 2m, give_up_after: 5m, time_to_live: 4h, cool_down: 1h, approvers: [dana], max_blast_radius: 30%, runbook: "https://wiki"}
        - {name: slow-down, action: throttle, mode: suggest, requests_per_minute: 60}
        - {name: spend-less, action: budget, mode: approve, dollars_per_hour: 2.5}
        - {name: say-less, action: output_cap, mode: approve, output_tokens: 512}
        - {name: no-search, action: tool_off, mode: approve, tool: search}
        - {name: no-retries, action: retry_limit, mode: auto, retries: 1}
        - {name: leave, action: weight_shift, mode: auto, kept_weight: 5%}
        - {name: again, action: cache_on, mode: approve, max_age: 90s}
        - {name: call, action: tell_person, mode: auto, runbook: call the vendor}
      """)
    #expect(problems.isEmpty)
    let first = try #require(playbooks.first)
    #expect(first.steps == [100, 500, 1_000] && first.modes == [.sev1: .auto] && first.approvers == ["dana"])
    #expect(first.mode(for: .sev1) == .auto && first.mode(for: .sev2) == .approve)
    #expect(first.maximumBlastRadius == 0.3 && first.runbook == "https://wiki" && first.coolDown == .seconds(3_600))
    let parameters = playbooks.map(\.parameters)
    #expect(parameters[1].requestsPerMinute == 60 && parameters[2].dollarsPerHour == Nanodollars(2_500_000_000))
    #expect(parameters[3].outputTokens == 512 && parameters[4].tool == "search" && parameters[5].retries == 1)
    #expect(parameters[6].keptWeight == 5 && parameters[7].maxAge == .seconds(90) && playbooks[8].action == .tellPerson)
  }

  @Test(arguments: [
    ("{name: a, action: budget, mode: auto}", "needs `dollars_per_hour`"),
    ("{name: a, action: tell_person, mode: auto}", "needs `runbook`"),
    ("{name: a, action: tool_off, mode: auto}", "needs `tool`"),
    ("{name: a, action: throttle, mode: auto, tool: x}", "`tool` belongs to action tool_off, not to throttle"),
    ("{name: a, action: throttle, mode: auto, steps: [10%, 100%]}", "has no `steps`"),
    ("{name: a, action: canary_stop, mode: auto, steps: [50%, 10%]}", "growing shares"),
    ("{name: a, action: canary_stop, mode: auto, steps: [0%]}", "growing shares"),
    ("{name: a, action: canary_stop, mode: auto, modes: {SEV-9: auto}}", "not \"SEV-9\""),
    (
      "{name: a, action: canary_stop, mode: auto, steps: [10%, 100%], give_up_after: 10m, time_to_live: 15m}",
      "before its 2 steps"
    ),
    ("{name: a, action: weight_shift, mode: auto, kept_weight: 100%}", "would change nothing"),
    ("{name: a, action: cache_on, mode: auto, max_age: 2d}", "must be from 1s to 1d"),
    ("{name: a, action: throttle, mode: auto, max_age: 2m}", "`max_age` belongs to action cache_on, not to throttle"),
    ("{name: a, action: cache_off, mode: auto}", "must be one of prompt_rollback, canary_stop"),
  ])
  func mistakesAreTold(playbook: String, part: String) {
    let problems = load("  - \(playbook)").problems
    #expect(problems.contains { $0.contains(part) && $0.hasPrefix("c.yaml:9:") }, "\(problems)")
  }
}
