// Whatever clients put into tags and people into events, the Agent's rules read back what was meant and nothing else.

@testable import Datadog
import LLMMetrics
import LLMTelemetry
import TestSeries
import Testing

@Suite struct DogStatsDFuzzTests {
  private struct Hostile {
    var generator: SplitMix

    private static let pieces = [
      "|", ":", ",", "#", "@0.5", "\n", "\r", "\0", "|c", "|#x:y", "|T1", "|@nan", "\u{2028}", "é", "e\u{301}", "日本", "🙂", " ",
      "\t",
      "\\n", "_e{1,1}:a|b", "_sc|a|0", "a", "Z", "9", "_", "%", "\"", "\\", "host:x", "dd.internal.card:none", "\u{200B}",
      "\u{7f}", "Ⅷ",
    ]

    mutating func text(_ most: Int = 8) -> String {
      (0..<Int.random(in: 0...most, using: &generator)).map { _ in
        Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
      }.joined()
    }
  }

  @Test(arguments: 0..<40)
  func linesOfHostileTagsAreReadAsWhatTheyAre(_ seed: UInt64) throws {
    var hostile = Hostile(generator: SplitMix(state: seed))
    let origin = DogStatsDOrigin(container: "ci-" + hostile.text(), externalData: hostile.text(), cardinality: .high)
    var buffer = DogStatsDBuffer(
      constantTags: TagSet(["env": hostile.text(), "region": "eu"]), datagramLimit: 1432, origin: origin.fields)
    var counts: Int64 = 0
    var samples = 0
    for _ in 0..<200 {
      let tags = TagSet(["tenant": hostile.text(), "feature": hostile.text()])
      let time: Int64? = Bool.random(using: &hostile.generator) ? 1_700_000_000 : nil
      let count = Int64.random(in: 0...1000, using: &hostile.generator)
      counts += count
      samples += 2
      buffer.add(MetricMeasurement(MetricCatalogue.requests, tags: tags, value: .count(count)), time: time)
      buffer.add(MetricMeasurement(MetricCatalogue.budgetUsed, tags: tags, value: .gauge(0.5)), time: time)
      for value in [0.25, Double.nan, 1e-300, .infinity] {
        buffer.add(MetricMeasurement(MetricCatalogue.duration, tags: tags, value: .sample(value)), time: time)
      }
    }
    let (datagrams, oversized) = buffer.drain()
    #expect(oversized == 0)
    var readCounts = 0.0
    var readSamples = 0
    for datagram in datagrams {
      #expect(datagram.count <= 1432)
      #expect(datagram.last == 10)
      for line in try AgentLine.read(datagram: datagram) {
        guard case .metric(let metric) = line else {
          Issue.record("not a metric: \(line)")
          continue
        }
        #expect(Set(metric.tags.map { $0.prefix { $0 != ":" } }) == ["tenant", "feature", "env", "region"])
        #expect(metric.tags.count == 4)
        #expect(metric.values.allSatisfy { $0.isFinite })
        #expect(metric.cardinality == "high")
        #expect(metric.container?.hasPrefix("ci-") == true)
        switch (metric.name, metric.type) {
        case ("llm.requests", "c"): readCounts += metric.values.reduce(0, +)
        case ("llm.request.duration", "d"):
          readSamples += metric.values.count
          #expect(metric.time == nil)
        case (MetricCatalogue.budgetUsed.name, "g"): #expect(metric.values == [0.5])
        default: Issue.record("a metric of nobody: \(metric)")
        }
      }
    }
    #expect(readCounts == Double(counts))
    #expect(readSamples == samples)
  }

  @Test(arguments: 0..<200)
  func eventsAndChecksOfHostileTextsAreReadAsWhatTheyAre(_ seed: UInt64) throws {
    var hostile = Hostile(generator: SplitMix(state: seed))
    let event = DogStatsDEvent(
      title: "t" + hostile.text(), text: hostile.text(2000), time: Timestamp(unixSeconds: 5), host: hostile.text(),
      aggregationKey: hostile.text(), priority: .low, sourceType: hostile.text(), alertType: .info,
      tags: ["a:" + hostile.text(), "b:" + hostile.text()])
    let line = try #require(event.line(constantTags: ["env:x"], origin: "", limit: 8192))
    #expect(line.count <= 8192)
    #expect(line.last == 10 && !line.dropLast().contains(10))
    guard case .event(let read) = try AgentLine(Array(line.dropLast())) else {
      Issue.record("no event")
      return
    }
    #expect(read.title == DogStatsDField.escaped(event.title))
    let text = DogStatsDField.escaped(event.text)
    #expect(read.text == text || (read.text.hasSuffix("…") && text.utf8.starts(with: read.text.dropLast().utf8)))
    #expect(read.tags.count == 3)
    #expect(read.fields["d"] == "5" && read.fields["p"] == "low" && read.fields["t"] == "info")

    let check = DogStatsDCheck(
      name: "n" + hostile.text(), status: .warning, host: hostile.text(), tags: ["a:" + hostile.text()],
      message: hostile.text(2000))
    let checkLine = try #require(check.line(constantTags: ["env:x"], origin: "", limit: 1000))
    #expect(checkLine.count <= 1000)
    guard case .check(let readCheck) = try AgentLine(Array(checkLine.dropLast())) else {
      Issue.record("no check")
      return
    }
    #expect(readCheck.status == 1)
    #expect(readCheck.tags.count == 2)
    #expect(readCheck.fields.keys.allSatisfy { $0 == "h" })
  }

  @Test(arguments: [
    "llm.a", "llm.a:1", ":1|c", "llm.a:|c", "llm.a:1|x", "llm.a:one|c", "llm.a:1|c|@x", "llm.a:1|d|T5", "llm.a:1|c|T0",
    "_e{0,1}:|b", "_e{9,1}:a|b", "_e{1}:a|b", "_sc|n", "_sc||0", "_sc|n|4",
  ])
  func theParserRefusesWhatTheAgentRefuses(_ line: String) {
    #expect(throws: AgentLine.Refusal.self) { try AgentLine(Array(line.utf8)) }
  }

  @Test func theParserReadsWhatTheAgentReads() throws {
    #expect(
      try AgentLine(Array("llm.a:1::2|d|@0.5|#a:b,c|unknown|c:ci-1|e:it-false|card:low".utf8))
        == .metric(
          .init(
            name: "llm.a", values: [1, 2], type: "d", rate: 0.5, tags: ["a:b", "c"], container: "ci-1", external: "it-false",
            cardinality: "low")))
    #expect(try AgentLine(Array("_e{3,2}:a|b|xy|t:info".utf8)) == .event(.init(title: "a|b", text: "xy", fields: ["t": "info"])))
  }

  @Test func eventsWithoutATitleAndChecksWithoutANameAreNone() {
    #expect(DogStatsDEvent(title: "", text: "x").line(constantTags: [], origin: "", limit: 8192) == nil)
    #expect(DogStatsDCheck(name: "", status: .ok).line(constantTags: [], origin: "", limit: 8192) == nil)
    #expect(
      DogStatsDEvent(title: String(repeating: "x", count: 9000), text: "").line(constantTags: [], origin: "", limit: 8192) == nil)
  }
}
