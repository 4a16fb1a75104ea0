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
      let fields = try await tokens.fields(of: request)
      let state = try await source.state()
      let command = try IncidentAction(action).command(incident: id, fields: fields, state: state)
      try await source.submit(command, configuration.actor)
      // The id is one the state knows, or the command would have been refused.
      return Response.seeOther("/incidents/\(id)")
    }
    router.post("incidents") { request, context in
      try await source.submit(try IncidentAction.declaration(try await tokens.fields(of: request)), configuration.actor)
      return Response.seeOther(try await source.state().incidents.incidents.last.map { "/incidents/\($0.id)" } ?? "/incidents")
    }
    router.post("overrides/:id/withdraw") { request, context in
      let id = try context.parameters.require("id")
      let fields = try await tokens.fields(of: request)
      let incident = try await source.state().overrides.overrides.first { $0.id == id }?.incident
      try await source.submit(.withdraw(override: id, reason: fields["reason"] ?? ""), configuration.actor)
      return Response.seeOther(incident.map { "/incidents/\($0)" } ?? "/")
    }
  }
}
