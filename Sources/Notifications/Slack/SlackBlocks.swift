// An incident as Slack's Block Kit, within Slack's limits. https://docs.slack.dev/reference/block-kit/blocks

import Incidents
import LLMTelemetry
import Monitors
import Remediation

package enum SlackLimit {
  package static let blocks = 50
  package static let headerText = 150
  package static let sectionText = 3_000
  package static let fields = 10
  package static let fieldText = 2_000
  package static let contextElements = 10
  package static let actionElements = 25
  package static let buttonText = 75
  package static let buttonValue = 2_000
  package static let buttonURL = 3_000
  package static let confirmTitle = 100
  package static let confirmText = 300
  /// Slack cuts the text of a message beyond 40,000 characters and advises 4,000.
  package static let messageText = 4_000
}

/// Names of the buttons, as they come back in an interaction.
package enum SlackButton: String, CaseIterable, Sendable {
  case acknowledge = "commander_acknowledge"
  case approve = "commander_approve"
  case reject = "commander_reject"
  case open = "commander_open"
}

package struct SlackBlocks: Sendable {
  package let consoleURL: String?
  /// Acknowledging, for everyone in the channel: only with a signing secret, since nobody would hear the button otherwise.
  package let canAcknowledge: Bool
  package let canApprove: Bool

  package init(consoleURL: String?, canAcknowledge: Bool, canApprove: Bool) {
    self.consoleURL = consoleURL
    self.canAcknowledge = canAcknowledge
    self.canApprove = canApprove
  }

  /// `text` and `blocks` of a message that shows the incident as it is.
  package func message(_ notification: Notification) -> [String: PayloadJSON] {
    let words = NotificationWords(notification, consoleURL: consoleURL)
    var blocks: [PayloadJSON] = [
      header(words.subject), section("\(icon(notification)) *\(Self.escape(words.headline, to: SlackLimit.sectionText - 40))*"),
    ]
    if !words.facts.isEmpty {
      blocks.append(
        .object([
          "type": "section",
          "fields": .array(
            words.facts.prefix(SlackLimit.fields).map {
              mrkdwn("*\($0.name)*\n\(Self.escape($0.value, to: SlackLimit.fieldText - 60))")
            }),
        ]))
    }
    if !words.evidence.isEmpty {
      blocks.append(section(Self.lines(words.evidence.map { "• \($0)" }, to: SlackLimit.sectionText)))
    }
    if let request = words.request { blocks.append(section(Self.escape(request, to: SlackLimit.sectionText))) }
    blocks += actions(notification, url: words.url)
    return ["text": .string(fallback(words)), "blocks": .array(Array(blocks.prefix(SlackLimit.blocks)))]
  }

  /// A follow-up in the thread: what is new only.
  package func reply(_ notification: Notification) -> [String: PayloadJSON] {
    let words = NotificationWords(notification, consoleURL: consoleURL)
    var blocks = [section("\(icon(notification)) \(Self.escape(words.headline, to: SlackLimit.sectionText - 40))")]
    if notification.remediation != nil {
      let shown = words.facts.filter { ["Expected", "Touches"].contains($0.name) }.map { "\($0.name): \($0.value)" }
      if !shown.isEmpty { blocks.append(context(shown)) }
    }
    if let request = words.request { blocks.append(section(Self.escape(request, to: SlackLimit.sectionText))) }
    if notification.event == .approvalNeeded { blocks += actions(notification, url: nil) }
    return ["text": .string(fallback(words)), "blocks": .array(blocks)]
  }

  /// What was held, in one message.
  package func digest(_ message: NotificationMessage) -> [String: PayloadJSON] {
    let count = message.notifications.count
    let title = "\(count) notifications were held"
    var blocks: [PayloadJSON] = [header(title)]
    // One block for the end, should not all of them fit.
    let shown = message.notifications.prefix(SlackLimit.blocks - 2)
    for notification in shown {
      let words = NotificationWords(notification, consoleURL: consoleURL)
      let link = words.url.map { " <\(Self.escape($0, to: SlackLimit.buttonURL / 4))|open>" } ?? ""
      blocks.append(
        section(
          "\(icon(notification)) *\(Self.escape(words.subject, to: 1_000))*\n\(notification.fact.at.rfc3339Seconds): "
            + Self.escape(words.headline, to: 1_000) + link))
    }
    if shown.count < count { blocks.append(context(["\(count - shown.count) more are in the console"])) }
    return ["text": .string(title), "blocks": .array(blocks)]
  }

  private func fallback(_ words: NotificationWords) -> String {
    Self.escape("\(words.subject). \(words.headline)", to: SlackLimit.messageText)
  }

  private func actions(_ notification: Notification, url: String?) -> [PayloadJSON] {
    var buttons: [PayloadJSON] = []
    if canAcknowledge, let incident = notification.incident, incident.state == .triggered {
      buttons.append(button(.acknowledge, "Acknowledge", value: incident.id, style: "primary"))
    }
    if canApprove {
      for remediation in notification.waiting.prefix(8) {
        buttons.append(
          button(.approve, "Approve \(remediation.id)", value: remediation.id, style: "primary", confirm: remediation))
        buttons.append(button(.reject, "Reject \(remediation.id)", value: remediation.id, style: "danger"))
      }
    }
    if let url, url.utf16.count <= SlackLimit.buttonURL {
      buttons.append(
        .object([
          "type": "button", "action_id": .string(SlackButton.open.rawValue),
          "text": plain("Open in the console", to: SlackLimit.buttonText),
          "url": .string(url),
        ]))
    }
    guard !buttons.isEmpty else { return [] }
    return [.object(["type": "actions", "elements": .array(Array(buttons.prefix(SlackLimit.actionElements)))])]
  }

  private func button(
    _ button: SlackButton, _ text: String, value: String, style: String, confirm: Remediation? = nil
  ) -> PayloadJSON {
    // Action ids are unique within a message; the value says which remediation.
    .members([
      "type": "button", "action_id": .string("\(button.rawValue):\(value)"), "text": plain(text, to: SlackLimit.buttonText),
      "value": .string(TextLimit.cut(value, to: SlackLimit.buttonValue)), "style": .string(style),
      "confirm": confirm.map {
        .object([
          "title": plain("Apply \($0.id)?", to: SlackLimit.confirmTitle),
          "text": plain($0.plan.action.sentence, to: SlackLimit.confirmText),
          "confirm": plain("Apply", to: 30), "deny": plain("Not now", to: 30),
        ])
      },
    ])
  }

  private func icon(_ notification: Notification) -> String {
    switch notification.event {
    case .resolved, .mitigated: ":large_green_circle:"
    case .approvalNeeded, .remediationSuggested: ":raised_hand:"
    case .change, .postmortem, .acknowledged, .remediationApplied: ":information_source:"
    case .opened, .severityRaised, .reopened, .escalated, .remediationReverted, .remediationEscalated:
      switch notification.severity {
      case .sev1: ":red_circle:"
      case .sev2: ":large_orange_circle:"
      default: ":large_yellow_circle:"
      }
    }
  }

  private func header(_ text: String) -> PayloadJSON {
    .object(["type": "header", "text": plain(TextLimit.line(text), to: SlackLimit.headerText)])
  }

  private func section(_ text: String) -> PayloadJSON { .object(["type": "section", "text": mrkdwn(text)]) }

  private func context(_ lines: [String]) -> PayloadJSON {
    .object([
      "type": "context",
      "elements": .array(lines.prefix(SlackLimit.contextElements).map { mrkdwn(Self.escape($0, to: SlackLimit.fieldText)) }),
    ])
  }

  private func mrkdwn(_ text: String) -> PayloadJSON {
    .object(["type": "mrkdwn", "text": .string(text), "verbatim": .boolean(true)])
  }

  private func plain(_ text: String, to limit: Int) -> PayloadJSON {
    .object(["type": "plain_text", "text": .string(TextLimit.cut(text, to: limit)), "emoji": .boolean(false)])
  }

  /// Slack's three characters, so that no name becomes a mention or a link; cut to `limit` as it stands in the message.
  static func escape(_ text: String, to limit: Int) -> String {
    var result = ""
    var count = 0
    for character in text {
      let escaped =
        switch character {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        default: String(character)
        }
      // Room for the ellipsis.
      guard count + escaped.utf16.count <= limit - 1 else { return result + "…" }
      count += escaped.utf16.count
      result += escaped
    }
    return result
  }

  /// As many whole lines as fit, then a mark.
  private static func lines(_ lines: [String], to limit: Int) -> String {
    var result = ""
    for line in lines {
      let next = (result.isEmpty ? "" : "\n") + escape(line, to: 1_000)
      guard result.utf16.count + next.utf16.count <= limit - 2 else { return result + "\n…" }
      result += next
    }
    return result
  }
}
