// The text of a notification: what is wrong for whom, what to look at first, who is told.

import Monitors

struct MonitorMessage {
  var title: String
  /// The condition in words, without a full stop: "error rate is above 5 %".
  var condition: String
  var meaning: String
  var steps: [String]
  var groups: [String] = []
  var playbooks: [String] = []
  var runbook: String?
  /// Composites have no value.
  var hasValue = true
  var speaksOfMissingData = false
  var handles: [String]

  var text: String {
    let scope =
      groups.isEmpty ? "" : " for " + groups.map { "\($0.replacing("_", with: " ")) {{\($0).name}}" }.joined(separator: ", ")
    var alert = [
      "\(title)\(scope).\(meaning.isEmpty ? "" : " \(meaning)")", "",
      "The \(condition)\(hasValue ? "; it is now {{value}}" : "").",
    ]
    if !steps.isEmpty {
      alert.append("")
      alert += steps.enumerated().map { "\($0.offset + 1). \($0.element)" }
    }
    if !playbooks.isEmpty || runbook != nil { alert.append("") }
    if !playbooks.isEmpty { alert.append("Playbooks of the commander: \(playbooks.joined(separator: ", ")).") }
    if let runbook { alert.append("Runbook: \(runbook)") }
    var parts = [Self.block("is_alert", alert)]
    if speaksOfMissingData {
      parts.append(Self.block("is_no_data", ["\(title)\(scope): there is no data, which counts as an alert. \(meaning)"]))
    }
    parts.append(Self.block("is_recovery", ["\(title)\(scope): this is over."]))
    if !handles.isEmpty { parts.append(handles.joined(separator: " ")) }
    return parts.joined(separator: "\n")
  }

  private static func block(_ name: String, _ lines: [String]) -> String {
    (["{{#\(name)}}"] + lines + ["{{/\(name)}}"]).joined(separator: "\n")
  }
}
