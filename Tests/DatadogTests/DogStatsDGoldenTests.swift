// Our DogStatsD lines are, byte for byte, those of Datadog's own Python client for the same values.

@testable import Datadog
import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct DogStatsDGoldenTests {
  /// One metric as both sides get it.
  private struct Example {
    let measurement: MetricMeasurement
    /// What the Python client is called with.
    let value: PythonDatadogClient.Value

    func call(time: Int64? = nil, rate: Double? = nil) -> PythonDatadogClient.Call {
      let definition = measurement.definition
      let type =
        switch definition.type {
        case .count: "c"
        case .distribution: "d"
        case .gauge: "g"
        }
      return PythonDatadogClient.Call(
        type: type, name: definition.name, value: value, tags: measurement.tags.tags.map { "\($0.name):\($0.value)" },
        timestamp: definition.type == .distribution ? nil : time, rate: definition.type == .distribution ? rate : nil)
    }
  }

  private static let constantTags = ["env:prod", "service:shop", "version:1.2"]
  private static let constantTagSet = TagSet(["env": "prod", "service": "shop", "version": "1.2"])

  private static var examples: [Example] {
    var result: [Example] = []
    let tagSets: [[String: String]] = [
      ["model": "gemini-2.5-flash", "tenant": "acme"], [:],
      [
        "tenant": "a,b|c\nd e", "feature": "q&a \"x\"", "prompt": "größe-日本-Ⅷ½²", "route": "/v1/chat:x.y_z-1", "region": "@#%",
        "model": "x\u{301}🙂",
      ],
    ]
    for (index, tags) in tagSets.enumerated() {
      // A tag of its own keeps the series apart, so that nothing is added up before it is sent.
      for (number, count) in [Int64(1), 0, 12_345_678_901].enumerated() {
        let tags = TagSet(tags.merging(["cache": "\(index)-\(number)"]) { $1 })
        result.append(
          Example(
            measurement: MetricMeasurement(MetricCatalogue.requests, tags: tags, value: .count(count)), value: .integer(count)))
      }
    }
    for (number, nanodollars) in [Int64(0), 1, 75, 1500, 156_000, 1_000_000_000, 12_340_000_000, 999_999_999_999].enumerated() {
      let text = Nanodollars(nanodollars).decimalDollars
      let tags = TagSet(["cost_exactness": "exact", "cache": "\(number)"])
      result.append(
        Example(measurement: MetricMeasurement(MetricCatalogue.cost, tags: tags, value: .count(nanodollars)), value: .text(text)))
    }
    for (number, sample) in [
      0, 1, 0.1, 0.25, 1.5, 1e-4, 1e-5, 1.2345e-7, 123_456.789, 0.30000000000000004, 1.0 / 3, 4_503_599_627_370_496.5,
    ].enumerated() {
      let tags = TagSet(["cache": "\(number)"])
      result.append(
        Example(
          measurement: MetricMeasurement(MetricCatalogue.duration, tags: tags, value: .sample(sample)), value: .number(sample)))
      result.append(
        Example(
          measurement: MetricMeasurement(MetricCatalogue.budgetUsed, tags: tags, value: .gauge(sample - 1)),
          value: .number(sample - 1)))
    }
    return result
  }

  private func expectEqual(_ ours: [UInt8], _ golden: [UInt8]) {
    for (ourLine, goldenLine) in zip(ours.split(separator: 10), golden.split(separator: 10)) where ourLine != goldenLine {
      Issue.record("\(String(decoding: ourLine, as: UTF8.self)) is not \(String(decoding: goldenLine, as: UTF8.self))")
    }
    #expect(ours == golden)
  }

  @Test(arguments: ["udp", "unix"])
  func linesAreThoseOfThePythonClient(_ transport: String) throws {
    let receiver = transport == "udp" ? try LoopbackReceiver.udp() : try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address, constantTags: Self.constantTagSet)
    client.add(Self.examples.map(\.measurement))
    client.flush()
    let golden = PythonDatadogClient(
      transport: transport, constant_tags: Self.constantTags, calls: Self.examples.map { $0.call() })
    expectEqual(Array(receiver.datagrams().joined().utf8), try golden.run())
  }

  @Test func linesWithOriginAndTimeAreThoseOfThePythonClient() throws {
    let receiver = try LoopbackReceiver.unix()
    var settings = DogStatsDSettings()
    settings.constantTags = Self.constantTagSet
    settings.origin = DogStatsDOrigin(container: "in-4026532", externalData: "it-false,cn-shop,pu-75a2b6", cardinality: .low)
    let client = try DogStatsDClient(address: receiver.address, settings: settings)
    client.add(Self.examples.map(\.measurement), at: Timestamp(unixSeconds: 1_700_000_000))
    client.flush()
    let golden = PythonDatadogClient(
      transport: "unix", constant_tags: Self.constantTags, container: "in-4026532", external: "it-false,cn-shop,pu-75a2b6",
      cardinality: "low", calls: Self.examples.map { $0.call(time: 1_700_000_000) })
    expectEqual(Array(receiver.datagrams().joined().utf8), try golden.run())
  }

  @Test func sampledLinesAreThoseOfThePythonClient() throws {
    for rate in [0.5, 0.1, 0.999999, 1.0 / 3] {
      let suffix = DogStatsDLine.suffix(
        MetricCatalogue.duration, tags: TagSet(["tenant": "a"]), constantTags: Self.constantTagSet, rate: rate)
      let golden = PythonDatadogClient(
        transport: "udp", constant_tags: Self.constantTags,
        calls: [.init(type: "d", name: "llm.request.duration", value: .number(1.5), tags: ["tenant:a"], rate: rate)])
      expectEqual(Array("llm.request.duration:1.5\(suffix)\n".utf8), try golden.run())
    }
  }

  private static var events: [DogStatsDEvent] {
    [
      DogStatsDEvent(title: "t", text: ""), DogStatsDEvent(title: "a|b\nc", text: "one\ntwo|#x:y\\n\n"),
      DogStatsDEvent(title: "größe 日本 🙂 x\u{301}", text: "ein\r\nzwei|d:1|"),
      DogStatsDEvent(
        title: "all", text: "of it", time: Timestamp(unixSeconds: 1_700_000_000), host: "host-1", aggregationKey: "model:fast",
        priority: .low, sourceType: "commander", alertType: .warning, tags: ["tenant:a,b|c", "feature:ü x", "plain"]),
      DogStatsDEvent(title: "n", text: String(repeating: "x", count: 7000), priority: .normal, alertType: .error),
      DogStatsDEvent(title: "s", text: "s", alertType: .success), DogStatsDEvent(title: "i", text: "i", alertType: .info),
    ]
  }

  private static var checks: [DogStatsDCheck] {
    [
      DogStatsDCheck(name: "llm.provider", status: .ok), DogStatsDCheck(name: "llm.provider", status: .warning, message: ""),
      DogStatsDCheck(
        name: "llm.provider", status: .critical, time: Timestamp(unixSeconds: 1_700_000_000), host: "h",
        tags: ["provider:vertex"],
        message: "m: it has\nm:two lines, größe 🙂"),
      DogStatsDCheck(name: "llm.provider", status: .unknown, tags: ["a b", "c|d"], message: "mm:x"),
    ]
  }

  @Test(arguments: ["udp", "unix", "unixstream"])
  func eventsAndChecksAreThoseOfThePythonClient(_ transport: String) throws {
    let stream = transport == "unixstream" ? try StreamReceiver() : nil
    let receiver = transport == "udp" ? try LoopbackReceiver.udp() : try LoopbackReceiver.unix()
    var settings = DogStatsDSettings()
    settings.constantTags = Self.constantTagSet
    settings.origin = DogStatsDOrigin(container: "ci-abc", cardinality: .orchestrator)
    let client = try DogStatsDClient(address: stream?.address ?? receiver.address, settings: settings)
    var ours: [UInt8] = []
    // Read as it comes: a socket holds only a few datagrams.
    func collect() { ours += stream?.bytes() ?? Array(receiver.datagrams().joined().utf8) }
    for event in Self.events { client.send(event: event) }
    if stream == nil { collect() }
    for check in Self.checks { client.send(check: check) }
    collect()
    #expect(client.statistics.events == Self.events.count)
    #expect(client.statistics.checks == Self.checks.count)

    let calls =
      Self.events.map { event in
        PythonDatadogClient.Call(
          type: "event", tags: event.tags, title: event.title, text: event.text, date_happened: event.time?.unixSeconds,
          hostname: event.host, aggregation_key: event.aggregationKey, priority: event.priority?.rawValue,
          source_type_name: event.sourceType, alert_type: event.alertType?.rawValue)
      }
      + Self.checks.map { check in
        PythonDatadogClient.Call(
          type: "check", name: check.name, tags: check.tags, timestamp: check.time?.unixSeconds, hostname: check.host,
          status: check.status.rawValue, message: check.message)
      }
    let golden = PythonDatadogClient(
      transport: transport, constant_tags: Self.constantTags, container: "ci-abc", cardinality: "orchestrator", calls: calls)
    expectEqual(ours, try golden.run())
  }

  @Test func telemetryHasTheNamesAndTheOrderOfThePythonClient() throws {
    let golden = PythonDatadogClient(transport: "udp", constant_tags: Self.constantTags, calls: [.init(type: "telemetry")])
    let theirs = String(decoding: try golden.run(), as: UTF8.self)
      .replacing("client:py,client_version:0.56.0", with: "client:swift,client_version:9.8")
    let ours = DogStatsDTelemetry.lines(
      from: DogStatsDStatistics(), to: DogStatsDStatistics(), transport: "udp", version: "9.8", constantTags: Self.constantTagSet)
    #expect(ours.joined(separator: "\n") + "\n" == theirs)
  }
}
