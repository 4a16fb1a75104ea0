// The Cost page says first what was spent and how sure that is, narrows down by link, and never shows unknown as zero.

import Budgets
import Foundation
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Logging
import Pricing
import Storage
import Synchronization
import Testing

@testable import Console

@Suite struct CostPageTests {
  private static func totals(
    requests: Int = 10, unknown: Int = 0, exact: Int64 = 0, partial: Int64 = 0, estimated: Int64 = 0
  ) -> CostTotals {
    var totals = CostTotals()
    totals.requests = requests
    totals.unknownRequests = unknown
    totals.exact = Nanodollars(exact)
    totals.partial = Nanodollars(partial)
    totals.estimated = Nanodollars(estimated)
    return totals
  }

  private static func group(_ tenant: String?, model: String, _ totals: CostTotals) -> CostGroup {
    CostGroup(values: [tenant, "search", "answers", "rag-answer", "43", model], totals: totals)
  }

  private static let groups = [
    group("<acme>", model: "gpt-4o", totals(exact: 12_300_000_000)),
    group("globex", model: "gemini-2.5-flash", totals(requests: 20, unknown: 2, exact: 1_000_000_000, partial: 500_000_000)),
    group(nil, model: "our-llama", totals(requests: 3, unknown: 3)),
  ]

  /// Budgets of which one is used up.
  private static func budgets(at now: Timestamp) throws -> [BudgetStatus] {
    var book = BudgetBook(
      [
        Budget(name: "wide", scope: .tenant("globex"), limit: .money(Nanodollars(25_000_000_000)), period: .day),
        Budget(name: "calls", scope: .tenant("acme"), limit: .requests(1), period: .hour),
      ], at: now)
    let request = BudgetRequest(
      virtualKey: "web", tenant: "acme", feature: nil, inputTokenCeiling: 1, statedOutputTokens: 1, price: nil)
    _ = try book.reserve(request, at: now).get()
    _ = book.reserve(request, at: now)
    return book.snapshot(at: now)
  }

  private func get(
    _ path: String, _ chapter: Story.Chapter = .proposed, groups: [CostGroup] = groups, budgets: [BudgetStatus] = [],
    asked: @escaping @Sendable (Range<Timestamp>, [CostDimension: String]) -> Void = { _, _ in }
  ) async throws -> String {
    let story = Story(chapter)
    var source = story.source
    source.budgets = { budgets }
    source.costs = { range, filter in
      asked(range, filter)
      guard range.contains(story.now) else { return CostCourse(subjects: [], hours: []) }
      let hours = groups.enumerated().map { (start: Story.at("1\($0):00:00"), totals: $1.totals) }
      return CostCourse(subjects: groups, hours: hours)
    }
    var logger = Logger(label: "cost-page-tests")
    logger.logLevel = .critical
    let application = Console.buildApplication(source: source, configuration: ConsoleConfiguration(port: 0), logger: logger)
    let text = try await application.test(.router) { try await $0.execute(uri: path, method: .get).text }
    if !path.hasPrefix("/api") { #expect(MarkupCheck.firstProblem(in: text) == nil) }
    return text
  }

  @Test func theSumIsSaidFirstWithItsExactness() async throws {
    let text = try await get("/cost")
    for part in [
      "<h1 class=\"verdict\">At least $13.80 was spent today (UTC).</h1>",
      "Of it: $13.30 exact, $0.5 partial, 5 requests unknown. Partial is a lower bound.",
      "Unknown is not zero: 5 exchanges of 33 are in no amount.", "nothing in the whole of yesterday", "15.2 %",
      "&lt;acme&gt;", "$38.20", "known for 1 of 1 incident", "INC-1",
    ] { #expect(text.contains(part), "\(part)") }
    #expect(!text.contains("<acme>"))
    let row = try #require(text.firstRange(of: "/cost?range=today&amp;tenant=\">none")).lowerBound
    #expect(text[row...].prefix(300).contains("unknown"))
    #expect(!text[row...].prefix(300).contains("$0"))
  }

  @Test func whatIsAllUnknownHasNoAmountAndNoColumn() async throws {
    let text = try await get("/cost", groups: [Self.groups[2]])
    #expect(text.contains("<h1 class=\"verdict\">What was spent today (UTC) is unknown.</h1>"))
    #expect(!text.contains("class=\"column\"") && !text.contains("$0"))
    #expect(try await get("/cost", groups: []).contains("<h1 class=\"verdict\">Nothing was spent today (UTC).</h1>"))
  }

  @Test func aBudgetThatRefusesIsSaidFirst() async throws {
    let text = try await get("/cost", budgets: Self.budgets(at: Story.at("14:42:07")))
    #expect(text.contains("<h1 class=\"verdict wrong\">1 budget is used up and refuses: calls of tenant acme.</h1>"))
    let rows = try #require(text.firstRange(of: "<h2 id=\"budgets\">")).lowerBound
    for part in [
      "1 requests per hour", "Refuses", "1 refusal since the start", "1 request in flight",
      "none: a request is counted before it is sent",
      "$25.00 per day", "not bounded", "set cut_streams", "Admits",
    ] { #expect(text[rows...].contains(part), "\(part)") }
  }

  @Test func theAddressIsTheState() async throws {
    let asked = Mutex<[(Range<Timestamp>, [CostDimension: String])]>([])
    let text = try await get("/cost?range=7d&tenant=a%26b&prompt_version=43") { range, filter in
      asked.withLock { $0.append((range, filter)) }
    }
    let (range, filter) = try #require(asked.withLock { $0.first })
    #expect(filter == [.tenant: "a&b", .promptVersion: "43"])
    #expect(range == Timestamp(rfc3339: "2026-11-16T18:00:00Z")!..<Timestamp(rfc3339: "2026-11-23T18:00:00Z")!)
    #expect(text.contains("href=\"/cost?range=7d&amp;prompt_version=43\" aria-label=\"Not only tenant a&amp;b\""))
    #expect(text.contains("href=\"/cost?range=30d&amp;prompt_version=43&amp;tenant=a%26b\""))
    #expect(text.contains("(prompt version 43, tenant a&amp;b)"))
    #expect(try await get("/cost?range=year").contains("range is today, 7d, 30d."))
    #expect(try await get("/cost?colour=red").contains("There is no filter colour"))
  }

  @Test func programsReadTheSame() async throws {
    let text = try await get("/api/costs.json?range=30d")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let total = try #require(document["total"] as? [String: Any])
    #expect(total["cost_usd"] as? String == "13.8")
    #expect(total["unknown_requests"] as? Int == 5)
    #expect(
      (document["groupings"] as? [[String: Any]])?.map { $0["by"] as? [String] }
        == CostFigures.groupings.map { $0.dimensions.map(\.rawValue) })
    #expect((document["open_incidents"] as? [[String: Any]])?.first?["extra_cost_usd"] as? String == "38.2")
    #expect(document["since"] as? String == "2026-10-25T00:00:00Z")
  }

  @Test func anIncidentLeadsToWhatItCost() async throws {
    try await Story(.proposed).application.test(.router) { client in
      let text = try await client.execute(uri: "/incidents/INC-1", method: .get).text
      #expect(text.contains("<a href=\"/cost?range=today&amp;prompt_version=43\">Extra cost</a>"))
      #expect(text.contains("<a href=\"/cost?range=today&amp;tenant=northwind\">northwind</a>"))
    }
  }
}
