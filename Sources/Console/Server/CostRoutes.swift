// The Cost page and its JSON: what the address asks for.

import Hummingbird
import LLMTelemetry
import Pricing
import Storage

struct CostRoutes: Sendable {
  let source: ConsoleSource

  func add(to router: Router<Console.Context>) {
    router.get("cost") { request, _ in
      Response.page(CostPage(figures: try await figures(request), health: try await source.health()).page)
    }
    router.get("api/costs.json") { request, _ in try Response.json(CostsDocument(try await figures(request))) }
  }

  /// `range=today|7d|30d`, and any dimension by its name; an empty value means exchanges without one.
  private func figures(_ request: Request) async throws -> CostFigures {
    func refuse(_ message: String) -> RequestProblem { RequestProblem(.badRequest, "Unknown filter", message) }
    var range = CostRange.today
    var filter: [CostDimension: String] = [:]
    for (name, text) in request.uri.queryParameters {
      let value = text.removingPercentEncoding ?? String(text)
      if name == "range" {
        guard let known = CostRange(rawValue: value) else {
          throw refuse("range is \(CostRange.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        range = known
      } else if let dimension = CostDimension(rawValue: String(name)), CostCourse.dimensions.contains(dimension) {
        filter[dimension] = value
      } else {
        let known = CostCourse.dimensions.map(\.rawValue).joined(separator: ", ")
        throw refuse("There is no filter \(name); there are range, \(known).")
      }
    }
    return try await CostFigures(range, where: filter, from: source)
  }
}
