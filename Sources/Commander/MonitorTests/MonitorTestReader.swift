// Reads files of monitor tests; every mistake at once, with its place and remedy.

import Foundation
import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML

extension MonitorTestFile {
  static func load(path: String) throws(ConfigurationError) -> MonitorTestFile {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ConfigurationError(problems: [
        Problem(
          file: path, line: 0, column: 0, message: "no such file, or not readable; name a file of tests (docs/monitor-tests.md)")
      ])
    }
    return try parse(String(decoding: data, as: UTF8.self), file: path)
  }

  static func parse(_ text: String, file: String) throws(ConfigurationError) -> MonitorTestFile {
    let problems = ProblemList()
    var result = MonitorTestFile(pack: MonitorPack(monitors: []), tests: [])
    if let root = YAMLValue.parse(text, file: file, problems: problems)?.mapping(MappingShape.testFile.keys) {
      var reader = PackReader(playbooks: nil)
      reader.base = PackFile.included(root["packs"], file: file, problems: problems, playbooks: nil)
      result.pack = reader.read { root[$0] }
      let tests = MonitorTestReader(pack: result.pack, file: file)
      result.tests = (root.required("tests", "a list of {name: …, series: […], expect: […]}")?.list() ?? []).compactMap(
        tests.read)
      if result.tests.isEmpty, problems.all.isEmpty {
        root.value.problem("`tests` has no test; write one (docs/monitor-tests.md)")
      }
    }
    try problems.throwIfAny()
    return result
  }
}

struct MonitorTestReader {
  let pack: MonitorPack
  let file: String
  private let definitions: [String: MonitorDefinition]

  init(pack: MonitorPack, file: String) {
    self.pack = pack
    self.file = file
    definitions = Dictionary(pack.allMonitors.map { ($0.definition.name, $0.definition) }) { first, _ in first }
  }

  func read(_ item: YAMLValue) -> MonitorTest? {
    guard let mapping = item.mapping(MappingShape.test.keys) else { return nil }
    let name = mapping.required("name", "what is shown to be so, for example \"a failing route alerts\"")?.string()
    let start = mapping["start"].flatMap { value -> Timestamp? in
      if let time = value.scalarText.flatMap(Timestamp.init(rfc3339:)) { return time }
      value.problem("`\(value.path)` must be a time such as 2026-11-02T00:00:00Z")
      return nil
    }
    let step = multiple("step", mapping) ?? .seconds(60)
    let interval = multiple("evaluate_every", mapping) ?? Rollup.width
    let series = (mapping["series"]?.list() ?? []).compactMap(readSeries)
    let traffic = mapping["traffic"]?.strings() ?? []
    if mapping["series"] == nil, mapping["traffic"] == nil {
      item.problem("a test needs `series` or `traffic`; write series: [] for a test of silence")
    }
    let expectations = (mapping.required("expect", "what has to be so, for example {at: 10m, alerts: []}")?.list() ?? [])
      .compactMap { readExpectation($0, interval: interval) }
    if mapping["expect"]?.elements.isEmpty == true { mapping["expect"]?.problem("`expect` says nothing, so nothing is tested") }
    let named = mapping["monitors"]?.list()?.compactMap(readMonitorName)
    guard let name else { return nil }
    let folder = URL(filePath: file).deletingLastPathComponent()
    return MonitorTest(
      name: name, start: start ?? (traffic.isEmpty ? MonitorTest.defaultStart : nil), step: step, interval: interval,
      monitors: named ?? monitors(of: expectations), series: series,
      traffic: traffic.map { $0.hasPrefix("/") ? $0 : folder.appending(path: $0).relativePath },
      changes: (mapping["changes"]?.list() ?? []).compactMap(readChange), expectations: expectations)
  }

  /// Those that something is expected of; everything, where it is expected that nothing fires.
  private func monitors(of expectations: [MonitorTest.Expectation]) -> [String] {
    var names: [String] = []
    for expectation in expectations {
      switch expectation.content {
      case .alerts(let alerts):
        if alerts.isEmpty, names.isEmpty { return pack.allMonitors.map(\.definition.name) }
        names += alerts.map(\.key.monitor)
      case .state(let key, _, _): names.append(key.monitor)
      }
    }
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  private func multiple(_ key: String, _ mapping: YAMLMapping) -> Duration? {
    guard let value = mapping[key], let duration = value.duration() else { return nil }
    let width = Rollup.width
    guard duration >= width, duration.wholeNanoseconds % width.wholeNanoseconds == 0 else {
      value.problem("`\(value.path)` must be a multiple of \(DurationText.text(width))")
      return nil
    }
    return duration
  }

  private func texts(_ value: YAMLValue?) -> [String: String] {
    let members = value?.namedMembers()?.compactMap { name, value in value.scalarText.map { (name, $0) } } ?? []
    return Dictionary(members) { first, _ in first }
  }

  private func readSeries(_ item: YAMLValue) -> MonitorTest.Series? {
    guard let mapping = item.mapping(MappingShape.testSeries.keys) else { return nil }
    let metricValue = mapping.required("metric", "a metric of the catalogue, for example llm.requests")
    let name = metricValue?.string()
    let metric = name.flatMap { MetricCatalogue.byName[$0] }
    if let name, metric == nil {
      metricValue?.problem(
        "no metric \"\(name)\" in the catalogue\(NearestName.hint(for: name, in: MetricCatalogue.all.map(\.name)))")
    }
    let tags = texts(mapping["tags"])
    if let metric {
      for tag in tags.keys.sorted() where !metric.tagNames.contains(tag) {
        mapping["tags"]?.problem("\(metric.name) has no tag \"\(tag)\"\(NearestName.hint(for: tag, in: metric.tagNames))")
      }
    }
    let valuesValue = mapping.required("values", "for example 100x30")
    // A single number is a series too.
    var notation: SeriesNotation?
    if let text = valuesValue?.scalarText {
      do throws(SeriesNotation.Malformed) {
        notation = try SeriesNotation(text)
      } catch { valuesValue?.problem("`\(valuesValue?.path ?? "values")` \(error.message)") }
    } else {
      valuesValue?.problem("`\(valuesValue?.path ?? "values")` must be text such as 100x30 0+10x20")
    }
    if let notation, notation.values.contains(where: { $0.map { $0 < 0 } ?? false }) {
      valuesValue?.problem("a metric of the catalogue is never negative, and these values get below zero")
    }
    let count = mapping["count"]?.integer(1...1_000_000) ?? 1
    if mapping["count"] != nil, let metric, metric.type != .distribution {
      mapping["count"]?.problem("`count` is for distributions, and \(metric.name) is a \(metric.type.rawValue)")
    }
    guard let metric, let notation else { return nil }
    return .init(metric: metric, tags: TagSet(tags), notation: notation, count: Int64(count))
  }

  private func readChange(_ item: YAMLValue) -> MonitorTest.Change? {
    guard let mapping = item.mapping(MappingShape.testChange.keys) else { return nil }
    let after = mapping.required("at", "how long after the start, for example 5m")?.duration()
    let kind = mapping.required("kind", "for example prompt_version")?.choice(ChangeEvent.Kind.self)
    let subject = mapping.required("subject", "what was changed")?.string()
    guard let after, let kind, let subject else { return nil }
    return .init(
      after: after, kind: kind, subject: subject, from: mapping["from"]?.string(), to: mapping["to"]?.string(),
      author: mapping["author"]?.string())
  }

  private func readMonitorName(_ value: YAMLValue) -> String? {
    guard let name = value.string() else { return nil }
    guard definitions[name] != nil else {
      value.problem("there is no monitor \"\(name)\"\(NearestName.hint(for: name, in: definitions.keys.sorted()))")
      return nil
    }
    return name
  }

  private func readExpectation(_ item: YAMLValue, interval: Duration) -> MonitorTest.Expectation? {
    guard let mapping = item.mapping(MappingShape.expectation.keys) else { return nil }
    let after = mapping.required("at", "how long after the start, for example 10m")?.duration()
    if let after, after < interval || after.wholeNanoseconds % interval.wholeNanoseconds != 0 {
      mapping["at"]?.problem("nothing is evaluated then: `at` is a multiple of \(DurationText.text(interval)) after the start")
    }
    switch (mapping["alerts"], mapping["monitor"]) {
    case (let alerts?, nil):
      for key in ["group", "state", "value"] {
        mapping[key]?.problem("`\(key)` belongs to `monitor`; write it inside of `alerts`")
      }
      let expected = (alerts.list() ?? []).compactMap { item -> MonitorTest.ExpectedAlert? in
        guard let mapping = item.mapping(MappingShape.expectedAlert.keys) else { return nil }
        return readKey(mapping).map { .init(key: $0, value: mapping["value"]?.number()) }
      }
      return after.map { .init(after: $0, content: .alerts(expected)) }
    case (nil, .some):
      let state = mapping["state"]?.choice(AlertState.self)
      let value = mapping["value"]?.number()
      if mapping["state"] == nil, mapping["value"] == nil { item.problem("say which `state` or `value` is expected") }
      guard let after, let key = readKey(mapping) else { return nil }
      return .init(after: after, content: .state(key, state, value: value))
    default:
      item.problem("an expectation needs exactly one of `alerts` and `monitor`")
      return nil
    }
  }

  private func readKey(_ mapping: YAMLMapping) -> AlertKey? {
    guard let value = mapping.required("monitor", "the name of a monitor"), let name = readMonitorName(value),
      let definition = definitions[name]
    else { return nil }
    let group = texts(mapping["group"])
    let tags = definition.groupBy
    if group.isEmpty, !tags.isEmpty {
      mapping.value.problem("\(name) alerts for each \(tags.joined(separator: " and ")); say which with `group`")
    }
    for tag in group.keys.sorted() where !tags.contains(tag) {
      mapping["group"]?.problem(
        tags.isEmpty
          ? "\(name) has no groups; leave `group` out"
          : "\(name) is not grouped by \"\(tag)\" but by \(tags.joined(separator: ", "))")
    }
    return AlertKey(monitor: name, group: TagSet(group))
  }
}
