// Counts are added up, samples packed, datagrams never too large, and an Agent that is away costs nothing but its metrics.

import Datadog
import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct DogStatsDClientTests {
  private func requests(_ tenant: String, _ count: Int64 = 1) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": tenant]), value: .count(count))
  }

  @Test func countsAddUpAndSamplesShareALineUntilTheFlush() throws {
    let receiver = try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address)
    client.add([requests("a"), requests("b"), requests("a", 2)])
    for seconds in [0.5, 2, 0.25] {
      client.add([MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(seconds))])
    }
    client.add([MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(.nan))])
    #expect(receiver.datagrams().isEmpty)
    client.flush()
    #expect(
      receiver.datagrams() == ["llm.requests:3|c|#tenant:a\nllm.requests:1|c|#tenant:b\nllm.request.duration:0.5:2.0:0.25|d\n"])
    client.flush()
    #expect(receiver.datagrams().isEmpty)
  }

  @Test func batchOfSpansGivesTheLinesOfItsMeasurements() throws {
    let receiver = try LoopbackReceiver.unix()
    let byNumber = try DogStatsDClient(address: receiver.address)
    let byName = try DogStatsDClient(address: receiver.address)
    // Two meters, whose numbers must not be taken for each other's, and series that come and go between flushes.
    var meters = [SpanMeter(), SpanMeter()]
    for round in 0..<6 {
      var batch = MeasurementBatch()
      meters[round % 2].measure((0..<40).map { span("\(round % 4)-\($0 % 7)", milliseconds: $0) }, into: &batch)
      batch.others = [requests("other", 7)]
      byNumber.add(batch)
      byName.add(batch.measurements)
      if round % 3 == 0 { continue }
      byNumber.flush()
      let lines = receiver.datagrams().joined().split(separator: "\n")
      byName.flush()
      let expected = receiver.datagrams().joined().split(separator: "\n")
      #expect(lines.count >= 43 && totals(lines) == totals(expected))
    }
  }

  private func span(_ tenant: String, milliseconds: Int) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "", start: Timestamp(unixSeconds: 1_000_000),
      duration: .milliseconds(milliseconds))
    span.dimensions.tenant = tenant
    span.usage = TokenUsage(input: 10, output: milliseconds)
    span.cost = .exact(Nanodollars(Int64(milliseconds)), priceVersion: "")
    return span
  }

  /// Counts added up and samples gathered by name and tags, as the Agent does.
  private func totals(_ lines: [Substring]) -> [String: [Double]] {
    var totals: [String: [Double]] = [:]
    for line in lines {
      let parts = line.split(separator: "|", maxSplits: 1)
      let values = parts[0].split(separator: ":")
      let key = "\(values[0])|\(parts[1])"
      let numbers = values.dropFirst().compactMap { Double($0) }
      if parts[1].hasPrefix("c") {
        totals[key] = [(totals[key]?.first ?? 0) + numbers.reduce(0, +)]
      } else {
        totals[key] = ((totals[key] ?? []) + numbers).sorted()
      }
    }
    return totals
  }

  @Test func seriesOwnTagsReplaceConstantOnes() throws {
    let receiver = try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address, constantTags: TagSet(["env": "prod", "service": "commander"]))
    client.add([MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["service": "shop"]), value: .count(1))])
    client.flush()
    #expect(receiver.datagrams() == ["llm.requests:1|c|#service:shop,env:prod\n"])
  }

  @Test(arguments: [1432, 8192])
  func datagramsStayWithinTheirLimitAndLoseNothing(_ limit: Int) throws {
    let receiver = limit == 1432 ? try LoopbackReceiver.udp() : try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address)
    #expect(receiver.address.datagramLimit == limit)
    var lines: [String] = []
    // Read as it comes: a Unix socket holds only a few datagrams.
    for round in 0..<20 {
      client.add((0..<40).map { requests("\(round)-\($0)") })
      client.add((0..<200).map { MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(Double($0) / 7)) })
      client.flush()
      for datagram in receiver.datagrams() {
        #expect(datagram.utf8.count <= limit)
        lines += datagram.split(separator: "\n").map(String.init)
      }
    }
    let samples = lines.filter { $0.hasPrefix("llm.request.duration") }.map {
      $0.split(separator: "|")[0].split(separator: ":").count - 1
    }
    #expect(samples.reduce(0, +) == 4000)
    #expect(lines.filter { $0.hasPrefix("llm.requests") }.count == 800)
    #expect(client.statistics.datagramsDropped == 0)
  }

  @Test func tagNoDatagramCanHoldIsCounted() throws {
    let receiver = try LoopbackReceiver.udp()
    let client = try DogStatsDClient(address: receiver.address)
    client.add([requests(String(repeating: "x", count: 2000)), requests("a")])
    client.flush()
    #expect(receiver.datagrams() == ["llm.requests:1|c|#tenant:a\n"])
    #expect(client.statistics.linesDropped == 1)
  }

  @Test func agentThatIsAwayLosesMetricsAndFindsUsAgain() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "dsd-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "s").path
    let client = try DogStatsDClient(address: .unix(path: path))
    client.add([requests("early")])
    client.flush()
    #expect(client.statistics.datagramsDropped == 1)
    do {
      let agent = try LoopbackReceiver.unix(path: path)
      client.add([requests("first")])
      client.flush()
      #expect(agent.datagrams() == ["llm.requests:1|c|#tenant:first\n"])
    }
    try FileManager.default.removeItem(atPath: path)
    let restarted = try LoopbackReceiver.unix(path: path)
    client.add([requests("second")])
    client.flush()
    #expect(restarted.datagrams() == ["llm.requests:1|c|#tenant:second\n"])
  }

  @Test func agentThatDoesNotReadNeverMakesUsWait() throws {
    let receiver = try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address)
    for round in 0..<5000 {
      client.add([requests("\(round)")])
      client.flush()
    }
    let statistics = client.statistics
    #expect(statistics.datagramsDropped > 0)
    #expect(statistics.datagramsSent + statistics.datagramsDropped == 5000)
  }

  @Test(arguments: [
    ("127.0.0.1:8125", DogStatsDAddress.udp(host: "127.0.0.1", port: 8125)), ("udp://[::1]:1", .udp(host: "::1", port: 1)),
    ("/var/run/dsd.socket", .unix(path: "/var/run/dsd.socket")), ("unix:///tmp/s", .unix(path: "/tmp/s")),
  ])
  func addressesAreRead(_ text: String, _ address: DogStatsDAddress) {
    #expect(DogStatsDAddress(text) == address)
  }

  @Test(arguments: ["", "agent", ":8125", "agent:", "agent:0", "agent:70000", "unix://relative", "http://agent:8125"])
  func whatIsNoAddressIsRefused(_ text: String) {
    #expect(DogStatsDAddress(text) == nil)
  }
}
