// Our DogStatsD lines are, byte for byte, those of Datadog's own Python client for the same values.

import Datadog
import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct DogStatsDGoldenTests {
  /// One metric as both sides get it.
  private struct Example {
    let measurement: MetricMeasurement
    /// What the Python client is called with.
    let value: GoldenRequest.Value
  }

  private struct GoldenRequest: Encodable {
    enum Value: Encodable {
      case integer(Int64), number(Double), text(String)

      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        }
      }
    }

    struct Metric: Encodable {
      let type: String
      let name: String
      let value: Value
      let tags: [String]
    }

    let transport: String
    let constant_tags: [String]
    let metrics: [Metric]
  }

  private static let constantTags = ["env:prod", "service:shop", "version:1.2"]

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
    }
    return result
  }

  @Test(arguments: ["udp", "unix"])
  func linesAreThoseOfThePythonClient(_ transport: String) throws {
    let receiver = transport == "udp" ? try LoopbackReceiver.udp() : try LoopbackReceiver.unix()
    let client = try DogStatsDClient(
      address: receiver.address, constantTags: TagSet(["env": "prod", "service": "shop", "version": "1.2"]))
    client.add(Self.examples.map(\.measurement))
    client.flush()
    let ours = receiver.datagrams().joined().split(separator: "\n", omittingEmptySubsequences: false)

    let request = GoldenRequest(
      transport: transport, constant_tags: Self.constantTags,
      metrics: Self.examples.map { example in
        GoldenRequest.Metric(
          type: example.measurement.definition.type == .count ? "c" : "d", name: example.measurement.definition.name,
          value: example.value,
          tags: example.measurement.tags.tags.map { "\($0.name):\($0.value)" })
      })
    let golden = try runPythonClient(JSONEncoder().encode(request)).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(golden.count == Self.examples.count + 1)
    #expect(ours.count == golden.count)
    for (ourLine, goldenLine) in zip(ours, golden) { #expect(ourLine.utf8.elementsEqual(goldenLine.utf8), "\(ourLine)") }
  }

  private func runPythonClient(_ input: Data) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let python = root.appending(path: ".build/venvs/datadog/bin/python")
    try #require(
      FileManager.default.isExecutableFile(atPath: python.path),
      "\(python.path) is missing: run scripts/bootstrap, which installs the Datadog Python client there")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "ulimit -v 2000000 && exec timeout 60 \"$0\" \"$1\"", python.path,
      root.appending(path: "scripts/conformance/dogstatsd_golden.py").path,
    ]
    let standardInput = Pipe()
    let standardOutput = Pipe()
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: input)
    try standardInput.fileHandleForWriting.close()
    let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self)
  }
}
