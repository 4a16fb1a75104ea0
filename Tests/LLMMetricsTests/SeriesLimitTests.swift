// However many values clients send in a tag, a metric has a bounded number of series, here and in Datadog.

import LLMMetrics
import LLMTelemetry
import Testing

@Suite struct SeriesLimitTests {
  private let origin = Timestamp(unixSeconds: 1_000_000)

  private func request(_ tenant: String) -> SeriesKey {
    SeriesKey(metric: MetricCatalogue.requests.name, tags: TagSet(["tenant": tenant, "provider": "openai"]))
  }

  @Test func tagValuesBeyondTheLimitFoldIntoOther() {
    var limit = SeriesLimit(seriesPerMetric: 3)
    let tenants = (0..<100).map { limit.admit(request("t\($0)"), at: origin).tags["tenant"] }
    #expect(tenants.prefix(3) == ["t0", "t1", "t2"] && tenants.dropFirst(3).allSatisfy { $0 == "other" })
    // What comes from our own configuration keeps its name; admitted series keep theirs later on.
    #expect(limit.admit(request("t50"), at: origin).tags["provider"] == "openai")
    #expect(limit.admit(request("t1"), at: origin + .seconds(20)).tags["tenant"] == "t1")
  }

  @Test func seriesUnseenForAnHourGivesItsPlaceBack() {
    var limit = SeriesLimit(seriesPerMetric: 1)
    #expect(limit.admit(request("gone"), at: origin).tags["tenant"] == "gone")
    #expect(limit.admit(request("new"), at: origin).tags["tenant"] == "other")
    limit.forget(now: origin + .seconds(7200))
    #expect(limit.admit(request("new"), at: origin + .seconds(7200)).tags["tenant"] == "new")
  }
}
