// The query language: what it reads, what it prints back, and where its errors point.

import LLMMetrics
import Monitors
import Testing

@Suite struct QueryTests {
  @Test(arguments: [
    ("sum(llm.errors) / sum(llm.requests)", "sum(llm.errors) / sum(llm.requests)"),
    ("p95( llm.request.duration )", "p95(llm.request.duration)"),
    ("sum(llm.cost)   per minute", "sum(llm.cost) per minute"),
    (
      "sum(llm.errors{ route = \"chat\", model=\"a b\" })/sum(llm.requests{route=\"chat\"})",
      "sum(llm.errors{model=\"a b\",route=\"chat\"}) / sum(llm.requests{route=\"chat\"})"
    ),
    ("sum(llm.tokens{token_type=\"output\"})", "sum(llm.tokens{token_type=\"output\"})"),
  ])
  func printsCanonicalTextThatReadsBack(text: String, canonical: String) throws {
    let query = try MonitorQuery(parsing: text)
    #expect(query.description == canonical)
    #expect(try MonitorQuery(parsing: canonical) == query)
  }

  @Test(arguments: [
    ("", 1, "aggregator"),
    ("mean(llm.requests)", 1, "sum, p50"),
    ("sum(llm.error)", 5, "catalogue"),
    ("sum(llm.request.cost)", 5, "llm.cost"),
    ("sum(llm.request.duration)", 1, "use p50"),
    ("p95(llm.requests)", 1, "use sum"),
    ("sum(llm.requests", 17, "\")\""),
    ("sum(llm.requests{user=\"1\"})", 18, "no tag \"user\""),
    ("sum(llm.requests{route=chat})", 24, "double quotes"),
    ("sum(llm.requests{route=\"chat})", 24, "closing quote"),
    ("sum(llm.requests{route=\"a\",route=\"b\"})", 28, "twice"),
    ("sum(llm.requests) per hour", 23, "per minute"),
    ("p95(llm.request.duration) per minute", 27, "sum"),
    ("sum(llm.errors) / sum(llm.requests) / sum(llm.requests)", 37, "second term"),
  ])
  func pointsAtWhatIsWrong(text: String, column: Int, hint: String) {
    do {
      let query = try MonitorQuery(parsing: text)
      Issue.record("read as \(query)")
    } catch {
      #expect(error.column == column, "\(error)")
      #expect(error.message.contains(hint), "\(error)")
    }
  }
}

@Suite struct StateQueryTests {
  @Test func statesAreAskedForTheirMeanOrMaximum() throws {
    let text = "max(llm.budget.used{budget=\"team\"})"
    #expect(try MonitorQuery(parsing: text).description == text)
    let error = #expect(throws: (any Error).self) { try MonitorQuery(parsing: "p95(llm.circuit.open)") }
    #expect("\(error.map { "\($0)" } ?? "")".contains("it is a state: use avg or max"))
  }

  @Test func everyPartIsACountOfTheCatalogueAndSoIsItsWhole() {
    for (part, wholes) in MetricCatalogue.wholes {
      for name in wholes.union([part]) { #expect(MetricCatalogue.byName[name]?.type == .count, "\(name)") }
    }
  }
}
