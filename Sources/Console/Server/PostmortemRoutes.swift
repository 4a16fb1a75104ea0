// The postmortem of an incident: read, exported, edited, previewed, saved and published.

import HTTPTypes
import Hummingbird
import Incidents
import Remediation

struct PostmortemRoutes: Sendable {
  let source: ConsoleSource
  let configuration: ConsoleConfiguration
  let tokens: FormTokens

  /// A form writes a byte as up to three.
  static let bodyLimit = Postmortem.byteLimit * 3 + FormRoutes.bodyLimit

  func add(to router: Router<Console.Context>) {
    router.get("incidents/:id/postmortem") { request, context in
      Response.page(try await page(try context.parameters.require("id"), request).page)
    }
    router.get("incidents/:id/postmortem.md") { request, context in
      let page = try await page(try context.parameters.require("id"), request)
      // Read elsewhere, a link needs to know whose page it means.
      let origin = "http://\(request.head.authority ?? configuration.host)"
      return Response.text(page.shown.markdown.replacing("](/", with: "](\(origin)/"), type: "text/markdown; charset=utf-8")
    }
    router.get("incidents/:id/postmortem/edit") { request, context in
      let id = try context.parameters.require("id")
      let (incident, draft, state) = try await read(id)
      let last = state.incidents.postmortem(of: id).last
      return try await tokens.page(for: request) { forms in
        try await editor(incident, state, text: last?.text ?? draft, base: last?.revision ?? 0, forms: forms).page
      }
    }
    router.post("incidents/:id/postmortem") { request, context in
      try await write(try context.parameters.require("id"), request)
    }
  }

  /// A text that is refused comes back in its form: nobody's work is lost for another's being first.
  private func write(_ id: String, _ request: Request) async throws -> Response {
    let fields = try await tokens.fields(of: request, limit: Self.bodyLimit)
    let (incident, _, state) = try await read(id)
    let text = (fields["text"] ?? "").replacing("\r\n", with: "\n")
    let base = fields["base"].flatMap(Int.init) ?? 0
    func form(_ status: HTTPResponse.Status, _ state: CommandState, change: (inout PostmortemEditor) -> Void) async throws
      -> Response
    {
      try await tokens.page(for: request, status: status) { forms in
        var editor = try await editor(incident, state, text: text, base: base, forms: forms)
        editor.author = fields["author"] ?? ""
        change(&editor)
        return editor.page
      }
    }
    let command: OperatorCommand
    switch fields["do"] {
    case "save": command = .savePostmortem(incident: id, text: text, base: base)
    case "publish": command = .publishPostmortem(incident: id, text: text, base: base)
    default: return try await form(.ok, state) { $0.isPreviewed = true }
    }
    do {
      try await source.submit(command, actor(fields))
    } catch let refusal as CommandRefusal {
      return try await form(.conflict, try await source.state()) { $0.refusal = refusal.description }
    }
    return Response.seeOther("/incidents/\(incident.id)/postmortem")
  }

  private func actor(_ fields: [String: String]) -> String {
    let name = (fields["author"] ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return name.isEmpty ? configuration.actor : String(name.prefix(100))
  }

  private func read(_ id: String) async throws -> (incident: Incident, draft: String, state: CommandState) {
    let state = try await source.state()
    let incident = try PageRoutes.incident(id, in: state)
    guard let draft = try await source.postmortem(id) else { throw PageRoutes.unknown(id) }
    return (incident, draft, state)
  }

  private func editor(
    _ incident: Incident, _ state: CommandState, text: String, base: Int, forms: Forms
  ) async throws -> PostmortemEditor {
    PostmortemEditor(
      now: source.now(), incident: incident, revisions: state.incidents.postmortem(of: incident.id), text: text, base: base,
      actor: configuration.actor, openIncidents: state.incidents.open.count, health: try await source.health(), forms: forms)
  }

  /// What was published last, else what was saved, else the draft of the ledger; `?revision=2` and `?draft=1` ask for one of them.
  private func page(_ id: String, _ request: Request) async throws -> PostmortemPage {
    let (incident, draft, state) = try await read(id)
    let revisions = state.incidents.postmortem(of: id)
    var revision = revisions.published ?? revisions.last
    if let wanted = request.uri.queryParameters["revision"] {
      guard let found = Int(wanted).flatMap({ revisions[$0] }) else {
        throw RequestProblem(
          .notFound, "No such revision", "\(id)'s postmortem has no revision \(wanted); its page lists those it has.")
      }
      revision = found
    } else if request.uri.queryParameters["draft"] == "1" {
      revision = nil
    }
    return PostmortemPage(
      now: source.now(), incident: incident, shown: revision.map(PostmortemPage.Shown.revision) ?? .ledger(draft),
      revisions: revisions, openIncidents: state.incidents.open.count, health: try await source.health())
  }
}
