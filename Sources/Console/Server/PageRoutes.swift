// The pages and their JSON and Markdown siblings.

import HTTPTypes
import Hummingbird
import Incidents
import LLMTelemetry
import Remediation
import Storage

struct PageRoutes: Sendable {
  let source: ConsoleSource
  let configuration: ConsoleConfiguration
  let tokens: FormTokens

  static let exemplarLimit = 5

  func add(to router: Router<Console.Context>) {
    router.get("/") { request, _ in try await tokens.page(for: request) { try await nowPage(request, forms: $0).page } }
    router.get("now.json") { request, _ in try Response.json(NowDocument(try await nowPage(request, forms: Forms(token: "")))) }
    router.get("incidents") { request, _ in
      try await tokens.page(for: request) { try await incidentsPage(request, forms: $0).page }
    }
    router.get("incidents.json") { request, _ in
      try Response.json(IncidentsDocument(try await incidentsPage(request, forms: Forms(token: ""))))
    }
    router.get("system") { _, _ in
      Response.page(
        SystemPage(
          now: source.now(), health: try await source.health(), openIncidents: try await source.state().incidents.open.count
        ).page)
    }
    router.get("incidents/:id") { request, context in
      let name = try context.parameters.require("id")
      guard name.hasSuffix(".json") else {
        return try await tokens.page(for: request) { try await incidentPage(name, request, forms: $0).page }
      }
      let state = try await source.state()
      return try Response.json(
        IncidentDocument(
          try Self.incident(String(name.dropLast(5)), in: state), state: state, monitors: try await source.monitors(),
          at: source.now()))
    }
    router.get("quality") { _, _ in
      Response.page(
        QualityPage(
          now: source.now(), report: try await source.shifts(), judge: try await source.judge(),
          health: try await source.health(),
          openIncidents: try await source.state().incidents.open.count
        ).page)
    }
    router.get("slos") { _, _ in
      Response.page(
        ObjectivesPage(
          now: source.now(), standings: try await source.objectives(), health: try await source.health(),
          openIncidents: try await source.state().incidents.open.count
        ).page)
    }
  }

  private func nowPage(_ request: Request, forms: Forms) async throws -> NowPage {
    let now = source.now()
    let query = request.uri.queryParameters
    let range = query["range"].flatMap { ChartRange(rawValue: String($0)) } ?? .standard
    let state = try await source.state()
    let isLive = query["live"].map { $0 == "1" } ?? !state.incidents.open.isEmpty
    return NowPage(
      now: now, state: state, monitors: try await source.monitors(), charts: try NowCharts(range, at: now, from: source),
      health: try await source.health(),
      range: range,
      isLive: isLive, forms: forms)
  }

  private func incidentsPage(_ request: Request, forms: Forms) async throws -> IncidentsPage {
    let filter = request.uri.queryParameters["state"].flatMap { IncidentFilter(rawValue: String($0)) } ?? .all
    return IncidentsPage(
      now: source.now(), state: try await source.state(), filter: filter, health: try await source.health(), forms: forms)
  }

  private func incidentPage(_ id: String, _ request: Request, forms: Forms) async throws -> IncidentPage {
    let now = source.now()
    let state = try await source.state()
    let incident = try Self.incident(id, in: state)
    let monitors = try await source.monitors()
    return IncidentPage(
      now: now, incident: incident, state: state, monitors: monitors,
      charts: try IncidentCharts.charts(of: incident, state: state, monitors: monitors, now: now, read: source.readSeries),
      exemplars: try await exemplars(of: incident, now: now), health: try await source.health(),
      isLive: request.uri.queryParameters["live"] == "1", origin: "http://\(request.head.authority ?? configuration.host)",
      forms: forms)
  }

  /// The span of each trace that is the record of the exchange; traces the store has forgotten are left out.
  private func exemplars(of incident: Incident, now: Timestamp) async throws -> [LLMSpan] {
    var found: [LLMSpan] = []
    for trace in incident.exemplars.prefix(Self.exemplarLimit) {
      var filter = SpanFilter()
      filter.traceID = TraceID(hexadecimal: trace)
      guard filter.traceID != nil else { continue }
      let spans = try await source.spans(filter, 50)
      if let record = spans.first(where: { $0.kind == .llm && $0.isTraffic }) ?? spans.first { found.append(record) }
    }
    return found
  }

  static func incident(_ id: String, in state: CommandState) throws -> Incident {
    guard let incident = state.incidents[id] else { throw unknown(id) }
    return incident
  }

  static func unknown(_ id: String) -> RequestProblem {
    RequestProblem(.notFound, "No such incident", "There is no incident \(id); the list of incidents has all of them.")
  }
}
