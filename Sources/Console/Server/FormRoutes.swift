// Actions from the pages' forms. Each needs a token from one of our pages; the answer sends the browser back to the page.

import HTTPTypes
import Hummingbird
import Remediation

struct FormRoutes: Sendable {
  let source: ConsoleSource
  let configuration: ConsoleConfiguration
  let tokens: FormTokens

  static let bodyLimit = 16_384

  func add(to router: Router<Console.Context>) {
    router.post("incidents/:id/:action") { request, context in
      let id = try context.parameters.require("id")
      let action = try context.parameters.require("action")
      let fields = try await fields(request, context)
      let state = try await source.state()
      let command = try IncidentAction(action).command(incident: id, fields: fields, state: state)
      try await source.submit(command, configuration.actor)
      // The id is one the state knows, or the command would have been refused.
      return Response.seeOther("/incidents/\(id)")
    }
    router.post("incidents") { request, context in
      try await source.submit(try IncidentAction.declaration(try await fields(request, context)), configuration.actor)
      return Response.seeOther(try await source.state().incidents.incidents.last.map { "/incidents/\($0.id)" } ?? "/incidents")
    }
    router.post("overrides/:id/withdraw") { request, context in
      let id = try context.parameters.require("id")
      let fields = try await fields(request, context)
      let incident = try await source.state().overrides.overrides.first { $0.id == id }?.incident
      try await source.submit(.withdraw(override: id, reason: fields["reason"] ?? ""), configuration.actor)
      return Response.seeOther(incident.map { "/incidents/\($0)" } ?? "/")
    }
  }

  private func fields(_ request: Request, _ context: Console.Context) async throws -> [String: String] {
    try SameOrigin.check(request)
    var request = request
    guard request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true else {
      throw RequestProblem(
        .unsupportedMediaType, "Not a form",
        "Forms are application/x-www-form-urlencoded; programs use /api with application/json.")
    }
    let nonce = FormTokens.nonce(in: request)
    let body = String(buffer: try await request.collectBody(upTo: Self.bodyLimit))
    let fields: [String: String]
    do {
      fields = try URLEncodedFormDecoder().decode([String: String].self, from: body)
    } catch {
      throw RequestProblem(
        .badRequest, "Unreadable form", "The form's fields could not be read. Go back, load the page again and retry.")
    }
    guard tokens.accepts(fields[FormTokens.field], nonce: nonce) else {
      throw RequestProblem(
        .forbidden, "Form refused",
        "The form did not come from a current page of this console. Go back, load the page again and retry.")
    }
    return fields
  }
}

/// Refuses what another site's page sends, as far as the browser tells.
enum SameOrigin {
  static func check(_ request: Request) throws {
    let refusal = RequestProblem(
      .forbidden, "Request refused", "Actions are accepted from this console's own pages and from programs, not from other sites."
    )
    if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { throw refusal }
    if let origin = request.headers[.origin] {
      guard let authority = request.head.authority, origin == "http://\(authority)" || origin == "https://\(authority)" else {
        throw refusal
      }
    }
  }
}
