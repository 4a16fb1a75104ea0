// The configuration: complete or refused, with every error at once and the place of each.

import Commander
import Foundation
import Gateway
import LLMTelemetry
import Monitors
import StrictYAML
import Testing

@Suite struct ConfigurationTests {
  private static let good = """
    keys:
      - {name: app, sha256: \(String(repeating: "a", count: 64)), tenant: acme}
    providers:
      - {name: vertex, protocol: vertex, base_url: "https://us-central1-aiplatform.googleapis.com", credential: {environment: TOKEN}}
    routes:
      - {name: answers, models: [gemini-*], provider: vertex, fallbacks: [{provider: vertex, model: gemini-2.5-flash-lite, automatic: false}]}
    prompts:
      - {name: rag-answer, production: "42", versions: {"42": Answer from the documents.}}
    playbooks:
      - {name: roll-back, action: prompt_rollback, mode: approve}
    monitors:
      - {name: errors, title: Requests fail, severity: SEV-1, query: sum(llm.errors) / sum(llm.requests), window: 5m, for: 1m, above: 0.05, recovery: 0.01, traffic_gate: 20, playbooks: [roll-back]}

    """

  private func problems(_ text: String, environment: [String: String] = ["TOKEN": "t"]) -> [String] {
    do {
      _ = try CommanderConfiguration.parse(text, file: "c.yaml", environment: environment)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func aWholeConfigurationIsRead() throws {
    let configuration = try CommanderConfiguration.parse(Self.good, file: "c.yaml", environment: ["TOKEN": " secret \n"])
    #expect(configuration.providers.first?.credential == "secret")
    #expect(
      configuration.providers.first.map { "\($0.host):\($0.port) \($0.usesTLS)" }
        == "us-central1-aiplatform.googleapis.com:443 true")
    #expect(configuration.monitors.first?.threshold == Threshold(.above, critical: 0.05, recovery: 0.01))
    #expect(configuration.monitors.first?.window == .seconds(300) && configuration.monitors.first?.holdFor == .seconds(60))
    #expect(
      configuration.gatewayListen.description == "127.0.0.1:8080" && configuration.consoleListen.description == "127.0.0.1:8090")
    #expect(configuration.commandSettings.fallbacks.first?.leavesProvider == false)
  }

  @Test func everyMistakeIsReportedAtOnceWithItsPlaceAndRemedy() {
    let text = Self.good
      .replacing("base_url:", with: "base_uri:")
      .replacing("production: \"42\"", with: "production: \"41\"")
      .replacing("provider: vertex, fallbacks", with: "provider: vertx, fallbacks")
      .replacing("window: 5m", with: "window: 25s")
      .replacing("playbooks: [roll-back]", with: "playbooks: [roll-bak]")
      .replacing("mode: approve", with: "mode: always")
    let found = problems(text)
    for part in [
      "c.yaml:4:38: unknown key `base_uri`; did you mean `base_url`?", "there is no provider \"vertx\"",
      "has no version \"41\"; it has 42",
      "has window 25 s but rollups are 10 s; use a multiple of 10 s", "there is no playbook \"roll-bak\"",
      "`playbooks[0].mode` must be one of suggest, approve, auto",
    ] {
      #expect(found.contains { $0.contains(part) }, "\(part)\n\(found.joined(separator: "\n"))")
    }
    #expect(found.allSatisfy { $0.hasPrefix("c.yaml:") })
  }

  @Test(arguments: [
    ("query: sum(llm.errors) / sum(llm.requests)", "query: sum(llm.error) / sum(llm.requests)", "catalogue"),
    ("above: 0.05", "above: 5", "can never fire"),
    ("above: 0.05, recovery", "recovery", "exactly one of `above` and `below`"),
    ("sha256: aaa", "sha256: ck-", "64 lowercase hexadecimal digits"),
    ("https://us", "ftp://us", "must be http:// or https://"),
    ("{environment: TOKEN}", "hunter2", "must not be written here"),
    ("{environment: TOKEN}", "{environment: MISSING}", "environment variable MISSING is not set"),
    ("keys:", "console: {listen: 0.0.0.0:8090}\nkeys:", "has no sign-in"),
  ])
  func eachMistakeIsNamed(right: String, wrong: String, expected: String) {
    let found = problems(Self.good.replacing(right, with: wrong))
    #expect(found.contains { $0.contains(expected) }, "\(found)")
    #expect(!found.joined().contains("hunter2"), "a credential must not be repeated")
  }

  @Test(arguments: [
    ("cache: {max_age: 90s}", RouteCache.serve(maxAge: .seconds(90))), ("cache: {}", .serve(maxAge: .seconds(300))),
    ("cache: {serves: on_override}", .keep), ("capture: off", nil),
  ])
  func aRouteSaysWhatItsCacheDoes(written: String, expected: RouteCache?) throws {
    let text =
      Self.good.replacing("provider: vertex, fallbacks", with: "provider: vertex, \(written), fallbacks")
      + "gateway: {limits: {answer_cache_bytes: 2097152}}\n"
    let configuration = try CommanderConfiguration.parse(text, file: "c.yaml", environment: ["TOKEN": "t"])
    #expect(configuration.routes.first?.cache == expected && configuration.limits.answerCacheBytes == 2 << 20)
  }

  @Test(arguments: [
    ("cache: {serves: on_override, max_age: 1m}", "remove `max_age`, and set it on the playbook"),
    ("cache: {serves: sometimes}", "must be one of always, on_override"), ("cache: {max_age: 2d}", "must be from 1s to 1d"),
    ("cache: {time_to_live: 1m}", "unknown key `time_to_live`"),
  ])
  func aCacheThatMeansNothingIsAMistake(written: String, part: String) {
    let found = problems(Self.good.replacing("provider: vertex, fallbacks", with: "provider: vertex, \(written), fallbacks"))
    #expect(found.contains { $0.contains(part) && $0.hasPrefix("c.yaml:6:") }, "\(found)")
  }

  @Test func servingABadConfigurationExitsWith78AndStartsNothing() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "commander-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "commander.yaml")
    try (Self.good + "store: \(folder.path)/store\nmonitor: []\n").write(to: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: ".build/debug/commander")
    process.arguments = ["serve", "--config", file.path]
    process.environment = [:]
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 78)
    #expect(
      output.contains("unknown key `monitor`; did you mean `monitors`?")
        && output.contains("environment variable TOKEN is not set"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/store"))
  }
}
