// The JSON interface of programs and of the command line: read everything, act with `application/json`, which no form can send.

import Foundation
import HTTPTypes
import Hummingbird
import LLMTelemetry
import Remediation
import Storage

struct APIRoutes: Sendable {
  let source: ConsoleSource
  let configuration: ConsoleConfiguration

  static let spanLimit = 500

  private struct ActionBody: Decodable {
    var actor: String?
    var text: String?
    var reason: String?
    var remediation: String?
    var version: String?
    var label: String?
    var share: String?
    var severity: String?
    var role: String?
    var person: String?
    var other: String?
    var alerts: String?
    var task: String?
    var title: String?
    var base: String?
    var overrideFreeze: String?
    var overrideReplay: String?
    var evidence: String?

    /// What actions on incidents read, by the names of `IncidentAction.fields`.
    var fields: [String: String] {
      var fields: [String: String] = [:]
      fields["text"] = text
      fields["reason"] = reason
      fields["remediation"] = remediation
      fields["severity"] = severity
      fields["role"] = role
      fields["person"] = person
      fields["other"] = other
      fields["alerts"] = alerts
      fields["task"] = task
      fields["title"] = title
      fields["base"] = base
      return fields
    }
  }

  private struct ReplayRecord: Decodable {
    let actor: String?
    let result: ReplayResult
  }

  private struct PromptsDocument: Encodable {
    /// What an action changed; absent in a reading.
    var changes: [ChangeEvent]?
    let prompts: [PromptSummary]
  }

  private struct PromptTextsDocument: Encodable {
    let name: String
    let versions: [PromptVersionText]
  }

  func add(to router: Router<Console.Context>) {
    let api = router.group("api")
    addReads(to: api)
    api.post("incidents/:id/:action") { request, context in
      let id = try context.parameters.require("id")
      let action = try IncidentAction(try context.parameters.require("action"))
      let body = try await body(request, limit: action.isPostmortem ? Postmortem.byteLimit * 2 : FormRoutes.bodyLimit)
      let command = try action.command(incident: id, fields: body.fields, state: try await source.state())
      try await source.submit(command, actor(body))
      let state = try await source.state()
      guard let incident = state.incidents[id] else {
        throw RequestProblem(.notFound, "No such incident", "There is no incident \(id).")
      }
      return try Response.json(
        IncidentDocument(incident, state: state, monitors: try await source.monitors(), at: source.now()))
    }
    api.post("incidents") { request, context in
      let body = try await body(request)
      try await source.submit(try IncidentAction.declaration(body.fields), actor(body))
      let state = try await source.state()
      guard let incident = state.incidents.incidents.last else {
        throw RequestProblem(.notFound, "No such incident", "The incident was declared, and is not there any more.")
      }
      return try Response.json(
        IncidentDocument(incident, state: state, monitors: try await source.monitors(), at: source.now()))
    }
    api.get("incidents/:id/dry-run.json") { request, context in
      let id = try context.parameters.require("id")
      return try Response.json(try await dryRun(id, remediation: request.uri.queryParameters["remediation"].map(String.init)))
    }
    api.post("overrides/:id/withdraw") { request, context in
      let id = try context.parameters.require("id")
      let body = try await body(request)
      try await source.submit(.withdraw(override: id, reason: body.reason ?? ""), actor(body))
      return try Response.json(OverridesDocument(try await source.state().overrides))
    }
    api.post("prompts/:name/versions/:version/replays") { request, context in
      let name = try Self.promptName(context)
      let version = try context.parameters.require("version")
      let data = try await json(request)
      guard let record = try? JSONDecoder().decode(ReplayRecord.self, from: data) else {
        throw RequestProblem(
          .badRequest, "Unreadable JSON",
          "The body must be {\"actor\": …, \"result\": {\"set\", \"name\", \"requests\", \"unanswered\", \"badThen\", \"badNow\", \"verdict\", \"allowance\", \"ignored\"}}."
        )
      }
      if let contradiction = record.result.contradiction {
        throw RequestProblem(.badRequest, "Impossible figures", "\(contradiction).")
      }
      try await source.recordReplay(
        name, version.removingPercentEncoding ?? version, record.result, record.actor ?? configuration.actor)
      return try Response.json(record.result)
    }
    api.post("prompts/:name/:action") { request, context in
      let name = try Self.promptName(context)
      let word = try context.parameters.require("action")
      let body = try await body(request)
      let action = try PromptAction(word, version: body.version, label: body.label, share: body.share)
      let terms = PromotionTerms(
        overrideFreeze: body.overrideFreeze, overrideReplay: body.overrideReplay, evidence: body.evidence)
      let changes = try await source.changePrompt(name, action, terms, actor(body))
      return try Response.json(PromptsDocument(changes: changes, prompts: try await source.prompts()))
    }
  }

  private func addReads(to api: RouterGroup<Console.Context>) {
    api.get("status.json") { _, _ in try Response.json(StatusDocument(try await source.health(), at: source.now())) }
    api.get("prompts.json") { _, _ in try Response.json(PromptsDocument(prompts: try await source.prompts())) }
    api.get("budgets.json") { _, _ in
      try Response.json(BudgetsDocument(try await source.budgets(), at: source.now()))
    }
    api.get("slos.json") { _, _ in
      try Response.json(ObjectivesDocument(try await source.objectives(), at: source.now()))
    }
    api.get("shifts.json") { _, _ in try Response.json(ShiftsDocument(try await source.shifts(), at: source.now())) }
    api.get("judge.json") { _, _ in try Response.json(JudgeDocument(try await source.judge(), at: source.now())) }
    api.get("prompts/:name/versions.json") { _, context in
      let name = try Self.promptName(context)
      guard let versions = try await source.promptTexts(name) else {
        throw RequestProblem(.notFound, "No such prompt", "There is no prompt \(name).")
      }
      return try Response.json(PromptTextsDocument(name: name, versions: versions))
    }
    api.get("overrides.json") { _, _ in try Response.json(OverridesDocument(try await source.state().overrides)) }
    api.get("monitors.json") { _, _ in
      try Response.json(
        MonitorsDocument(
          try await source.monitors(), alerts: try await source.state().alerts, evaluations: try await source.evaluations()))
    }
    api.get("spans.json") { request, _ in
      let (filter, limit) = try Self.selection(request)
      return try Response.json(SpansDocument(spans: try await source.spans(filter, limit).map(SpanDocument.init)))
    }
  }

  /// The router hands over a segment as it stands in the address; people name prompts with spaces and slashes too.
  private static func promptName(_ context: Console.Context) throws -> String {
    let segment = try context.parameters.require("name")
    return segment.removingPercentEncoding ?? segment
  }

  /// `limit`, `trace`, `outcome=error`, and any dimension by its name: `tenant`, `model`, `prompt_version`, …
  private static func selection(_ request: Request) throws -> (SpanFilter, Int) {
    func refuse(_ message: String) -> RequestProblem { RequestProblem(.badRequest, "Unknown filter", message) }
    var filter = SpanFilter()
    var limit = 50
    for (name, text) in request.uri.queryParameters {
      let value = text.removingPercentEncoding ?? String(text)
      switch name {
      case "limit":
        guard let number = Int(value), (1...spanLimit).contains(number) else {
          throw refuse("limit is a number from 1 to \(spanLimit).")
        }
        limit = number
      case "trace":
        guard let trace = TraceID(hexadecimal: value) else { throw refuse("trace is 32 hexadecimal digits.") }
        filter.traceID = trace
      case "outcome":
        guard value == "error" else { throw refuse("outcome knows only the value error.") }
        filter.onlyErrors = true
      default:
        guard let dimension = Dimension(rawValue: String(name)) else {
          throw refuse("There is no filter \(name); there are limit, trace, outcome and the dimensions.")
        }
        filter.dimensions[dimension] = value
      }
    }
    return (filter, limit)
  }

  private func body(_ request: Request, limit: Int = FormRoutes.bodyLimit) async throws -> ActionBody {
    let data = try await json(request, limit: limit)
    guard !data.isEmpty else { return ActionBody() }
    do {
      return try JSONDecoder().decode(ActionBody.self, from: data)
    } catch {
      throw RequestProblem(
        .badRequest, "Unreadable JSON",
        "The body must be one JSON object with text fields: actor, version, label, share, overrideFreeze, overrideReplay, evidence, \(IncidentAction.fields.joined(separator: ", "))."
      )
    }
  }

  private func json(_ request: Request, limit: Int = FormRoutes.bodyLimit) async throws -> Data {
    try SameOrigin.check(request)
    guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
      throw RequestProblem(
        .unsupportedMediaType, "Not JSON",
        "Send actions with Content-Type: application/json; {} is enough where no field is needed.")
    }
    var request = request
    return Data(buffer: try await request.collectBody(upTo: limit))
  }

  /// What a plan would have done with the requests that came since the failure began.
  private func dryRun(_ id: String, remediation name: String?) async throws -> DryRunReport {
    let state = try await source.state()
    guard let incident = state.incidents[id] else {
      throw RequestProblem(.notFound, "No such incident", "There is no incident \(id).")
    }
    let plans = state.remediations.of(incident: id).filter { $0.plan.action != nil }
    guard let plan = name.map({ name in plans.first { $0.id == name } }) ?? plans.last else {
      throw RequestProblem(
        .conflict, "Nothing to try",
        name.map { "\(id) has no remediation \($0) that changes anything." }
          ?? "\(id) has no remediation that changes anything; there is nothing to replay.")
    }
    let range = DryRun.range(of: incident, plan: plan, now: source.now())
    var filter = SpanFilter()
    filter.range = range
    filter.onlyTraffic = true
    filter.kinds = [.llm, .embedding]
    let spans = try await source.spans(filter, DryRun.spanLimit)
    return DryRun.report(of: plan.plan, over: spans, range: range)
  }

  private func actor(_ body: ActionBody) -> String {
    body.actor.flatMap { $0.isEmpty ? nil : String($0.prefix(100)) } ?? configuration.actor
  }
}
