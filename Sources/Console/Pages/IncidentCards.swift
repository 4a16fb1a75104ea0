// The cards beside an incident's charts: cause, remediation, timeline, alerts.

import Incidents
import LLMTelemetry
import Monitors
import Remediation

enum IncidentCards {
  static func cause(_ incident: Incident) -> HTML {
    var body: HTML
    if let cause = incident.cause {
      let evidence = cause.evidence.map { HTML("<li>\($0)</li>") }
      body = """
        <p><strong>\(cause.title)</strong> <span class="badge">score \(Figure.number(cause.confidence, decimals: 2)) of 1</span></p>
        <ul>\(evidence)</ul><p class="muted">Explains \(Figure.percent(cause.explained)) of the deviation. The score weighs evidence; it is not a probability.</p>
        """
    } else {
      body = "<p>\(incident.abstention.map { "None named: \($0)." } ?? "Still being looked for.")</p>"
    }
    if !incident.further.isEmpty {
      let further = incident.further.map { other -> HTML in
        "<li>\(other.title) <span class=\"muted\">score \(Figure.number(other.confidence, decimals: 2)) of 1, explains \(Figure.percent(other.explained))</span></li>"
      }
      body = body + "<h3>At the same time</h3><ul class=\"plain\">\(further)</ul>"
    }
    if !incident.rejected.isEmpty {
      let rejected = incident.rejected.map { HTML("<li>\($0.title): <span class=\"muted\">\($0.reason)</span></li>") }
      body = body + "<h3>Rejected</h3><ul class=\"plain\">\(rejected)</ul>"
    }
    return card("Cause", id: "cause", body)
  }

  static func remediation(_ remediations: [Remediation], now: Timestamp, forms: Forms) -> HTML {
    guard !remediations.isEmpty else {
      return card(
        "Remediation", id: "remediation",
        "<p class=\"muted\">None proposed. Playbooks of the fired monitors decide what is tried.</p>")
    }
    return card("Remediation", id: "remediation", "\(remediations.reversed().map { one($0, now: now, forms: forms) })")
  }

  private static func one(_ remediation: Remediation, now: Timestamp, forms: Forms) -> HTML {
    let plan = remediation.plan
    let guardrails = plan.guardrails.map { HTML("<li>\($0)</li>") }
    let base = "/incidents/\(remediation.incident)"
    let field = [(name: "remediation", value: remediation.id)]
    guard plan.action != nil else {
      return """
        <div class="remedy"><p><strong>\(plan.sentence)</strong> \(remediation.state.badge)</p>
        <p class="muted">Playbook \(plan.playbook), \(remediation.id). Nothing is changed at the gateway; the task is under “For good”.</p></div>
        """
    }
    var actions: HTML = .empty
    if remediation.state == .proposed, plan.mode != .suggest {
      actions =
        "<div class=\"actions\">\(forms.button("Approve \(remediation.id)", to: "\(base)/approve", class: "primary", fields: field))\(forms.field("Reject", to: "\(base)/reject", name: "reason", hint: "Why not", isRequired: false, fields: field))</div>"
    } else if let override = remediation.override, remediation.isInForce {
      actions = """
        <p class="muted">Override \(override.id) is in force\(share(override)) until \(override.expiresAt.element(at: now)).</p>\
        <div class="actions">\(forms.field("Withdraw override", to: "/overrides/\(override.id)/withdraw", name: "reason", hint: "Why", isRequired: false))</div>
        """
    }
    return """
      <div class="remedy"><p><strong>\(plan.sentence)</strong> \(remediation.state.badge)</p>
      <dl><dt>State</dt><dd>\(remediation.state.rawValue) since \(remediation.since.element(at: now)): \(remediation.reason)</dd>\
      <dt>Expected effect</dt><dd>\(plan.expectedEffect)</dd><dt>Touches</dt><dd>\(plan.blastRadius)</dd>\
      <dt>Verified</dt><dd>\(plan.alert.monitor) must recover: measured \(Words.span(.seconds(plan.verifyAfterSeconds))) after applying, reverted if not by \
      \(Words.span(.seconds(plan.giveUpAfterSeconds)))</dd>\
      <dt>Playbook</dt><dd>\(plan.playbook), mode \(plan.mode.rawValue), \(remediation.id)</dd></dl>
      <h3>Guardrails</h3><ul>\(guardrails)</ul>\
      <p class="muted"><a href="/api/incidents/\(remediation.incident)/dry-run.json?remediation=\(remediation.id)">Dry run over the recorded minutes, as JSON</a></p>\
      \(actions)</div>
      """
  }

  /// Nothing for all requests.
  static func share(_ override: RoutingOverride) -> String {
    override.sharePerMille < RoutingOverride.wholePerMille
      ? " for \(Figure.percent(Double(override.sharePerMille) / 1_000)) of its requests, compared with the others," : ""
  }

  /// What is left to do once the fault is only hidden, and what people were told to do.
  static func followUps(_ incident: Incident, _ remediations: [Remediation], forms: Forms) -> HTML {
    guard incident.state == .mitigated || incident.state == .resolved || !incident.tasks.isEmpty else { return .empty }
    let open = incident.tasks.filter { $0.doneAt == nil }
    let items = FollowUps.items(incident, remediations: remediations).map { item -> HTML in
      let done: HTML? = item.isDone ? "<span class=\"muted\"> done</span>" : nil
      return "<li><span aria-hidden=\"true\">\(item.isDone ? "✓" : "○")</span> \(item.text)\(done)</li>"
    }
    let buttons = open.map { task in
      forms.button("Done: \(task.id)", to: "\(incident.path)/done", fields: [(name: "task", value: task.id)])
    }
    return card(
      "For good", id: "for-good",
      "<ul class=\"plain\">\(items)</ul><div class=\"actions\">\(buttons)\(forms.field("Add a task", to: "\(incident.path)/task", name: "text", hint: "What is to be done", isRequired: true))</div>"
    )
  }

  static func timeline(_ incident: Incident, now: Timestamp, forms: Forms) -> HTML {
    // Newest first: the last thing that happened is what a reader comes back for.
    let entries = incident.timeline.reversed().map { entry -> HTML in
      let by = entry.actor == "commander" ? "" : " · \(entry.actor)"
      return """
        <li class="\(entry.kind.rawValue)"><time datetime="\(entry.at.rfc3339)">\(entry.at.timeOfDay)</time><span class="dot" aria-hidden="true">\(shape(entry.kind))</span>\
        <span class="what">\(entry.text)<span class="muted"> \(entry.kind.rawValue)\(by)</span></span></li>
        """
    }
    let dropped: HTML? =
      incident.timelineDropped > 0
      ? "<p class=\"muted\">\(incident.timelineDropped) later entries are only in the ledger.</p>" : nil
    return card(
      "Timeline", id: "timeline",
      "<ol class=\"timeline\">\(entries)</ol>\(dropped)\(forms.field("Add a note", to: "\(incident.path)/note", name: "text", hint: "Note", isRequired: true))"
    )
  }

  private static func shape(_ kind: TimelineEntry.Kind) -> String {
    switch kind {
    case .change: "◆"
    case .alert: "▲"
    case .incident: "●"
    case .cause: "◎"
    case .remediation: "▼"
    case .note: "✎"
    }
  }

  static func alerts(_ incident: Incident, state: CommandState, monitors: [MonitorDefinition], now: Timestamp) -> HTML {
    let items = incident.alerts.map { alert -> HTML in
      let status = state.alerts[alert]
      let monitor = monitors.first { $0.name == alert.monitor }
      let present =
        status.map { "\($0.state.rawValue.replacing("_", with: " ")) since \($0.since.short(at: now)): \($0.reason)" } ?? "ok"
      let query = monitor.map { HTML("<code class=\"query\">\($0.query.description)</code>") }
      return
        "<li><strong>\(monitor?.title ?? alert.monitor)</strong> <span class=\"muted\">\(alert.description)</span><br/>\(present)\(query)</li>"
    }
    return card(
      "Source alerts", id: "alerts",
      "<ul class=\"plain\">\(items)</ul><p class=\"muted\"><a href=\"/api/monitors.json\">Monitors and their evaluations as JSON</a></p>"
    )
  }

  private static func card(_ title: String, id: String, _ body: HTML) -> HTML {
    "<section class=\"card\" id=\"\(id)\" aria-labelledby=\"\(id)-title\"><h2 id=\"\(id)-title\">\(title)</h2>\(body)</section>\n"
  }
}
