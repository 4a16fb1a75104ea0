// What lets a person's text become the postmortem: nobody's text is overwritten by someone who has not seen it.

import Incidents
import LLMTelemetry

extension CommandState {
  /// - Parameter base: the revision that was edited, 0 for the draft of the ledger; `nil` asks for no check.
  func postmortem(
    of id: String, _ text: String, base: Int?, publish: Bool
  ) throws(CommandRefusal) -> IncidentEvent.Text {
    let incident = try incident(id)
    guard !publish || !incident.isOpen else {
      throw CommandRefusal(
        "\(id) is \(incident.state.rawValue); a postmortem is published once the incident is resolved, until then save a draft")
    }
    let text = try Self.text(text, "a postmortem", limit: Postmortem.byteLimit)
    let revisions = incidents.postmortem(of: id)
    if let base { try check(base, against: revisions.last, of: id) }
    if let last = revisions.last, last.text == text, last.isPublished || !publish {
      throw CommandRefusal("this text of \(id)'s postmortem is \(last.isPublished ? "published" : "saved") already")
    }
    guard revisions.all.count < PostmortemRevisions.limit else {
      throw CommandRefusal("\(id)'s postmortem has \(PostmortemRevisions.limit) revisions; go on in a document of your own")
    }
    return .init(text)
  }

  private func check(_ base: Int, against last: PostmortemRevision?, of id: String) throws(CommandRefusal) {
    let newest = last?.revision ?? 0
    guard (0...newest).contains(base) else { throw CommandRefusal("\(id)'s postmortem has no revision \(base)") }
    guard let last, base < newest else { return }
    throw CommandRefusal(
      "\(last.author) wrote revision \(newest) of \(id)'s postmortem at \(last.at.rfc3339Seconds), after the "
        + "\(base == 0 ? "draft of the ledger" : "revision \(base)") that this text began with; nothing was overwritten. "
        + "Take over what is new in it, and save again based on revision \(newest)")
  }
}
