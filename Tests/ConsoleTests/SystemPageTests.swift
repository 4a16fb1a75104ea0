// The System page says first what needs a look, and shows what arrives where.

import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Testing

@testable import Console

@Suite struct SystemPageTests {
  private static let now = Story.at("14:20:00")

  private func page(_ change: (inout CommanderHealth) -> Void = { _ in }) -> String {
    var health = CommanderHealth(
      newestSpan: Self.now - .seconds(3), queueDepth: 0, dropped: [:], storeBytes: 4_200_000, version: "0.1.0",
      gatewayAddress: "http://127.0.0.1:8080")
    change(&health)
    return SystemPage(now: Self.now, health: health, openIncidents: 0).page.render()
  }

  @Test func wellIsSaidFirst() {
    let text = page()
    #expect(text.contains("<h1 class=\"verdict fine\">The commander is well.</h1>"))
    #expect(text.contains("dogstatsd: 127.0.0.1:8125"), "a commander that sends nothing teaches how to")
    #expect(MarkupCheck.firstProblem(in: text) == nil)
  }

  @Test func whatDoesNotArriveAndWhatWasDroppedIsSaidFirstAndShown() {
    let text = page { health in
      health.dropped = ["queue_full": 1_200, "store_failed": 0]
      health.openCircuits = ["vertex gemini-2.5-flash"]
      health.roads = [
        RoadHealth(
          name: "Traces to the Datadog Agent", unit: "spans", delivered: 4_812, waiting: 17,
          dropped: ["unreachable": 300, "refused": 0], problem: "no answer: <HTTPClientError>"),
        RoadHealth(name: "Logs to Datadog", unit: "lines", delivered: 10, waiting: 0, dropped: [:], problem: nil),
      ]
    }
    #expect(text.contains("3 things need a look: 1,200 spans did not reach everybody they were for."))
    #expect(text.contains("Traces to the Datadog Agent: not arriving; the circuit of vertex gemini-2.5-flash is open"))
    #expect(text.contains("4,812 spans") && text.contains("300 unreachable") && !text.contains("0 refused"))
    #expect(text.contains("no answer: &lt;HTTPClientError&gt;"))
    #expect(text.contains("<strong>1,200</strong> <span class=\"muted\">queue full</span>") && !text.contains("store failed"))
    #expect(MarkupCheck.firstProblem(in: text) == nil)
  }

  @Test func thePageIsServedAndNamesItsJSON() async throws {
    try await Story(.proposed).application.test(.router) { client in
      let page = try await client.execute(uri: "/system", method: .get).text
      #expect(page.contains("aria-current=\"page\">System</a>"))
      #expect(page.contains("href=\"/api/status.json\""))
    }
  }
}
