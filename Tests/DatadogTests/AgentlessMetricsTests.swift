// Points leave in the shapes Datadog was seen to take, within its limits, with the key in the header and nowhere else.

@testable import Datadog
import Delivery
import Foundation
import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct AgentlessMetricsTests {
  private static let start = Timestamp(unixSeconds: 1_700_000_000)

  private func metrics(_ intake: ScriptedIntake, compression: IntakeCompression? = nil) -> AgentlessMetrics {
    AgentlessMetrics(
      intake: .datadog(site: "datadoghq.eu", apiKey: { "secret-key" }), host: "host-1", constantTags: TagSet(["env": "prod"]),
      compression: compression, at: Self.start - .seconds(10), send: intake.send)
  }

  private var measurements: [MetricMeasurement] {
    [
      MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": "größe \"x\""]), value: .count(3)),
      MetricMeasurement(MetricCatalogue.cost, tags: TagSet(["cost_exactness": "exact"]), value: .count(1_500)),
      MetricMeasurement(MetricCatalogue.budgetUsed, tags: TagSet([:]), value: .gauge(0.5)),
      MetricMeasurement(MetricCatalogue.duration, tags: TagSet(["tenant": "a"]), value: .sample(0.25)),
      MetricMeasurement(MetricCatalogue.duration, tags: TagSet(["tenant": "a"]), value: .sample(2)),
    ]
  }

  private func sent(_ metrics: AgentlessMetrics, _ measurements: [MetricMeasurement]) async {
    metrics.flush(at: Self.start)
    metrics.add(measurements, at: Self.start + .seconds(1))
    metrics.flush(at: Self.start + .seconds(10))
    for lane in metrics.lanes { await lane.drain() }
  }

  private func series(_ request: DeliveryRequest) throws -> [String: [String: Any]] {
    let document = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let series = try #require(document?["series"] as? [[String: Any]])
    return Dictionary(series.map { ($0["metric"] as? String ?? "", $0) }, uniquingKeysWith: { first, _ in first })
  }

  @Test func countsAndGaugesAreSeriesOfVersionTwo() async throws {
    let intake = ScriptedIntake()
    await sent(metrics(intake), measurements)
    let request = try #require(intake.requests.first { $0.url == "https://api.datadoghq.eu/api/v2/series" })
    #expect(request.method == "POST")
    #expect(request.headers.map { "\($0.name): \($0.value)" } == ["Content-Type: application/json", "DD-API-KEY: secret-key"])
    #expect(!String(decoding: request.body, as: UTF8.self).contains("secret-key") && !request.url.contains("secret-key"))
    let series = try series(request)
    #expect(series.count == 3)
    #expect(series["llm.requests"]?["type"] as? Int == 1)
    #expect(series["llm.requests"]?["interval"] as? Int == 10)
    #expect(series["llm.requests"]?["unit"] as? String == "request")
    #expect(series["llm.requests"]?["tags"] as? [String] == ["env:prod", "tenant:größe_x"])
    #expect(series[MetricCatalogue.budgetUsed.name]?["type"] as? Int == 3)
    #expect(series[MetricCatalogue.budgetUsed.name]?["interval"] == nil)
    // Nano-dollars are written out exactly, not through a binary fraction.
    #expect(String(decoding: request.body, as: UTF8.self).contains("\"value\":0.0000015}"))
  }

  @Test func theShapesAreThoseThatWereRecorded() async throws {
    let intake = ScriptedIntake()
    await sent(metrics(intake), measurements)
    let ours = try #require(intake.requests.first { $0.url.hasSuffix("/api/v2/series") })
    // Members of the intake's description that the one recorded request has no use for.
    let described: Set = ["series.[].interval: number", "series.[].unit: text", "series.[].tags.[]: text"]
    for exchange in try RecordedExchange.all(path: "/api/v2/series") where exchange.status == 202 {
      let recorded = shape(of: exchange.request)
      #expect(recorded.isSubset(of: try shape(ofJSON: ours.body)))
      #expect(try shape(ofJSON: ours.body).subtracting(recorded) == described)
    }
    let compatible = ScriptedIntake()
    await sent(
      AgentlessMetrics(
        intake: .compatible(url: "http://127.0.0.1:8428/datadog/"), host: "h", at: Self.start - .seconds(10),
        send: compatible.send),
      measurements)
    #expect(compatible.requests.map(\.url) == ["http://127.0.0.1:8428/datadog/api/v1/series"])
    #expect(compatible.requests[0].headers.map(\.name) == ["Content-Type"])
    for exchange in try RecordedExchange.all(path: "/api/v1/series") where exchange.status == 202 {
      let recorded = shape(of: exchange.request)
      let shape = try shape(ofJSON: compatible.requests[0].body)
      #expect(recorded.isSubset(of: shape))
      #expect(shape.subtracting(recorded) == ["series.[].interval: number", "series.[].host: text"])
    }
  }

  @Test func distributionsAreDistributionPoints() async throws {
    let intake = ScriptedIntake()
    await sent(metrics(intake), measurements)
    let request = try #require(intake.requests.first { $0.url == "https://api.datadoghq.eu/api/v1/distribution_points" })
    #expect(
      String(decoding: request.body, as: UTF8.self) == """
        {"series":[{"metric":"llm.request.duration","type":"distribution","points":[[1700000000,[0.25,2.0]]],"host":"host-1",\
        "tags":["env:prod","tenant:a"]}]}
        """)
  }

  @Test func manySeriesAreSeveralBodiesWithinTheLimit() async throws {
    let intake = ScriptedIntake()
    let many = (0..<5000).map { number in
      MetricMeasurement(
        MetricCatalogue.requests, tags: TagSet(["tenant": "\(number)-" + String(repeating: "x", count: 150)]), value: .count(1))
    }
    let metrics = metrics(intake)
    await sent(metrics, many)
    #expect(intake.requests.count > 2)
    #expect(intake.requests.allSatisfy { $0.body.count <= 512_000 })
    let points = try intake.requests.map { request in
      let document = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
      return (document?["series"] as? [Any])?.count ?? 0
    }
    #expect(points.reduce(0, +) == 5000)
    #expect(metrics.series.status.delivered == 5000)
  }

  @Test func aBodyThatIsTooLargeIsHalvedAndARefusedKeyIsCounted() async {
    let intake = ScriptedIntake(answers: [413, 202, 403])
    let metrics = metrics(intake)
    await sent(
      metrics, (0..<4).map { MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": "\($0)"]), value: .count(1)) })
    #expect(metrics.series.status.delivered == 2)
    #expect(metrics.series.takeDrops() == [.refused: 2])
    #expect(metrics.series.status.lastProblem?.contains("secret-key") == false)
  }

  @Test func aLargeDistributionKeepsItsNumberAndSaysWhatItLeavesOut() async throws {
    let intake = ScriptedIntake()
    let metrics = metrics(intake)
    let samples = (0..<25_000).map {
      MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(Double($0) / 1000))
    }
    await sent(metrics, samples)
    let request = try #require(intake.requests.first)
    #expect(request.body.count <= 512_000)
    #expect(metrics.takeDrops() == [.sampleLimit: 5000])
  }

  @Test func aCompressedBodySaysSo() async throws {
    let intake = ScriptedIntake()
    await sent(metrics(intake, compression: IntakeCompression(encoding: "gzip") { Array($0.reversed()) }), measurements)
    let request = try #require(intake.requests.first)
    #expect(request.headers.contains { $0.name == "Content-Encoding" && $0.value == "gzip" })
    #expect(request.body.last == UInt8(ascii: "{"))
  }

  @Test(arguments: [
    ("Tenant:A", "tenant:a"), ("tenant:a  b", "tenant:a_b"), ("tenant:x__", "tenant:x"),
    ("tenant:Ünï/v1.2-3", "tenant:ünï/v1.2-3"),
    ("tenant:" + String(repeating: "y", count: 300), "tenant:" + String(repeating: "y", count: 193)), ("tenant:İ", "tenant:i"),
  ])
  func tagsAreThoseThatDatadogStores(_ tag: String, _ stored: String) {
    #expect(IntakeTag.normalized(tag) == stored)
    #expect(IntakeTag.normalized(stored) == stored)
  }
}
