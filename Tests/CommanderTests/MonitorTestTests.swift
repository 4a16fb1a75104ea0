// Unit tests of monitors tested: the notation of series, the example, and that a wrong expectation fails with what was found.

import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML
import Testing

@testable import Commander

@Suite struct MonitorTestTests {
  // MARK: Series

  @Test(
    arguments: [
      ("5", [5]), ("0+10x3", [0, 10, 20, 30]), ("10-5x2", [10, 5, 0]), ("7x2", [7, 7, 7]), ("1 _ 2", [1, nil, 2]),
      ("_x2 3", [nil, nil, 3]), ("1e3+1e-1x1", [1_000, 1_000.1]), ("1e-3", [0.001]), ("-1+1x1", [-1, 0]), ("1x0", [1]),
    ] as [(String, [Double?])])
  func seriesAreShort(text: String, values: [Double?]) throws { #expect(try SeriesNotation(text).values == values) }

  @Test(arguments: ["", "x", "5x", "1+2", "a+bxn", "1x-2", "1x1x1", "nan", "inf", "1x9999999", "1+infx2", "_+1x2"])
  func whatIsNoSeriesIsRefused(text: String) { #expect(throws: SeriesNotation.Malformed.self) { try SeriesNotation(text) } }

  // MARK: Tests

  private func failures(_ text: String) throws -> [[MonitorTestRun.Failure]] {
    let file = try MonitorTestFile.parse(text, file: "tests.yaml")
    return try file.tests.map {
      try MonitorTestRun(test: $0, pack: file.pack, readTraffic: TestCommand.traffic).failures()
    }
  }

  @Test func theExamplePasses() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = try MonitorTestFile.load(path: root.appending(path: "Examples/monitor-tests.yaml").path)
    #expect(file.tests.count >= 6)
    for test in file.tests {
      let found = try MonitorTestRun(test: test, pack: file.pack, readTraffic: TestCommand.traffic).failures()
      #expect(found == [], "\(test.name): \(TestCommand.lines(of: found))")
    }
  }

  private static let head = """
    monitors: [{name: m, title: T, severity: SEV-2, query: sum(llm.errors), window: 5m, above: 10, for: 1m, group_by: [route]}]
    tests:
      - name: t
        series: [{metric: llm.errors, tags: {route: a}, values: 0x4 5x20}]
        expect:

    """

  /// Five errors a minute from the sixth on: more than ten in five minutes from the third of them, and a minute later it alerts.
  @Test(arguments: [
    ("{at: 7m, monitor: m, group: {route: a}, state: ok, value: 10}", true),
    ("{at: 8m, monitor: m, group: {route: a}, state: pending}", true),
    ("{at: 9m, monitor: m, group: {route: a}, state: alert, value: 20}", true),
    ("{at: 9m, alerts: [{monitor: m, group: {route: a}}]}", true),
    ("{at: 8m, alerts: []}", true), ("{at: 9m, alerts: []}", false),
    ("{at: 9m, monitor: m, group: {route: a}, state: ok}", false),
    ("{at: 9m, monitor: m, group: {route: a}, state: alert, value: 21}", false),
    ("{at: 9m, alerts: [{monitor: m, group: {route: b}}]}", false),
    ("{at: 9m, alerts: [{monitor: m, group: {route: a}}, {monitor: m, group: {route: b}}]}", false),
    ("{at: 9m, alerts: [{monitor: m, group: {route: a}, value: 20}]}", true),
    ("{at: 9m, alerts: [{monitor: m, group: {route: a}, value: 5}]}", false),
    ("{at: 9m, monitor: m, group: {route: b}, state: ok}", true),
  ])
  func anExpectationHoldsOrFails(expectation: String, holds: Bool) throws {
    let found = try failures(Self.head + "      - \(expectation)\n")
    #expect(found.first?.isEmpty == holds, "\(found)")
  }

  @Test func aFailureSaysWhatWasExpectedAndFound() throws {
    let found = try failures(Self.head + "      - {at: 9m, monitor: m, group: {route: a}, state: ok}\n")
    let lines = TestCommand.lines(of: try #require(found.first))
    #expect(lines.first?.contains("at 9m") == true)
    #expect(lines.contains { $0.contains("- m{route=\"a\"}: ok") })
    #expect(lines.contains { $0.contains("+ m{route=\"a\"}: alert, value 20") && $0.contains("above 10") })
  }

  /// The state machine is the live one: an alert ends only once recovery has lasted, and no data keeps it.
  @Test func theStateMachineIsTheLiveOne() throws {
    let text = """
      monitors: [{name: m, title: T, severity: SEV-2, query: p95(llm.request.duration), window: 5m, above: 10, recovery: 5, for: 2m}]
      tests:
        - name: t
          series: [{metric: llm.request.duration, values: 20x9 1x9 _x30, count: 10}]
          expect:
            - {at: 10m, monitor: m, state: alert, value: 20}
            - {at: 16m, monitor: m, state: alert}
            - {at: 17m, monitor: m, state: ok, value: 1}
            - {at: 40m, alerts: []}
      """
    #expect(try failures(text).first == [])
  }

  @Test func recordedTrafficIsATestToo() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "traffic-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = Timestamp(unixSeconds: 1_793_491_200)
    var lines: [String] = []
    for index in 0..<600 {
      var dimensions = Dimensions()
      (dimensions.route, dimensions.provider, dimensions.model) = ("chat", "openai", "gpt-4.1")
      let at = start + .seconds(Int64(index))
      let duration = Duration.seconds(index < 300 ? 1 : 40)
      let span = LLMSpan(
        traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: at - duration, duration: duration,
        dimensions: dimensions)
      lines.append(try RecordedTraffic.line(for: .span(span)))
    }
    try lines.joined(separator: "\n").write(to: folder.appending(path: "traffic.jsonl"), atomically: true, encoding: .utf8)
    let tests = """
      monitors: [{name: m, title: T, severity: SEV-2, query: p95(llm.request.duration), window: 1m, above: 10}]
      tests:
        - name: t
          traffic: [traffic.jsonl]
          expect: [{at: 4m, monitor: m, state: ok, value: 1}, {at: 8m, monitor: m, state: alert, value: 40}]
      """
    let path = folder.appending(path: "tests.yaml")
    try tests.write(to: path, atomically: true, encoding: .utf8)
    let file = try MonitorTestFile.load(path: path.path)
    let run = MonitorTestRun(test: try #require(file.tests.first), pack: file.pack, readTraffic: TestCommand.traffic)
    #expect(try run.failures() == [])
  }

  @Test(arguments: [
    ("{name: t, series: [], expect: [{at: 5s, alerts: []}]}", "multiple of 10s"),
    ("{name: t, series: [], expect: [{at: 5m, monitor: n, state: ok}]}", "no monitor \"n\""),
    ("{name: t, series: [], expect: [{at: 5m, monitor: m, state: ok}]}", "say which with `group`"),
    ("{name: t, series: [], expect: [{at: 5m, monitor: m, group: {model: a}, state: ok}]}", "not grouped by \"model\""),
    ("{name: t, series: [], expect: [{at: 5m, monitor: m, group: {route: a}}]}", "`state` or `value`"),
    ("{name: t, series: [], expect: [{at: 5m}]}", "exactly one of `alerts` and `monitor`"),
    ("{name: t, series: [], expect: []}", "nothing is tested"),
    ("{name: t, expect: [{at: 5m, alerts: []}]}", "`series` or `traffic`"),
    ("{name: t, series: [{metric: llm.erors, values: 1}], expect: [{at: 5m, alerts: []}]}", "did you mean \"llm.errors\"?"),
    (
      "{name: t, series: [{metric: llm.errors, tags: {rout: a}, values: 1}], expect: [{at: 5m, alerts: []}]}",
      "did you mean \"route\"?"
    ),
    ("{name: t, series: [{metric: llm.errors, values: 1y3}], expect: [{at: 5m, alerts: []}]}", "is no series"),
    ("{name: t, series: [{metric: llm.errors, values: 5-1x9}], expect: [{at: 5m, alerts: []}]}", "never negative"),
    ("{name: t, series: [{metric: llm.errors, values: 1, count: 3}], expect: [{at: 5m, alerts: []}]}", "for distributions"),
    ("{name: t, step: 15s, series: [], expect: [{at: 5m, alerts: []}]}", "multiple of 10s"),
  ])
  func mistakesAreRefusedInWords(test: String, message: String) {
    let head = Self.head.split(separator: "\n")[0]
    #expect { try MonitorTestFile.parse("\(head)\ntests: [\(test)]\n", file: "tests.yaml") } throws: {
      ($0 as? ConfigurationError)?.description.contains(message) == true
    }
  }
}
