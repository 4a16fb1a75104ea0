// A notification as a mail: text and HTML of the same words, in lines every server takes, with headers nothing can be smuggled into.

import Incidents
import LLMTelemetry
import Monitors

package struct EmailMessage: Hashable, Sendable {
  /// RFC 5322: at most 998 octets a line and advisedly 78; quoted-printable and encoded words stay within 76.
  package static let lineLimit = 76
  static let subjectLimit = 250

  /// Complete, with CRLF at every line's end; not yet dot-stuffed.
  package let bytes: [UInt8]

  package init(
    _ message: NotificationMessage, from: EmailAddress, to: [EmailAddress], consoleURL: String?, now: Timestamp
  ) {
    let all = message.notifications.map { NotificationWords($0, consoleURL: consoleURL) }
    let subject = message.isDigest ? "\(all.count) incident notifications were held" : Self.subject(message, all)
    let id = "<\(message.messageID)@\(from.domain)>"
    // Quoted-printable never leaves `=_`, so it cannot be in a part. RFC 2046 allows 70 characters.
    let boundary = "=_\(message.messageID.prefix(40))"
    var lines = [
      "From: LLM Incident Commander <\(from.text)>", "To: \(to.map(\.text).joined(separator: ",\r\n "))",
      "Subject: \(Self.encodedWords(subject))", "Date: \(Self.date(now))", "Message-ID: \(id)", "MIME-Version: 1.0",
      "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All",
    ]
    if !message.isDigest, let incident = message.notifications.first?.fact.incident {
      // Mail programs show what refers to the same message as one conversation.
      lines.append("References: <\(incident.lowercased()).incident@\(from.domain)>")
    }
    if message.severity?.rank == 1 { lines.append("X-Priority: 1") }
    lines += [
      "Content-Type: multipart/alternative; boundary=\"\(boundary)\"", "", "--\(boundary)",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
      Self.quotedPrintable(all.map(Self.text).joined(separator: "\n\n")), "--\(boundary)",
      "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
      Self.quotedPrintable(Self.html(all)), "--\(boundary)--", "",
    ]
    bytes = Array(lines.joined(separator: "\r\n").utf8)
  }

  private static func subject(_ message: NotificationMessage, _ words: [NotificationWords]) -> String {
    guard let notification = message.notifications.first, let words = words.first else { return "Notification" }
    return "\(notification.event.title): \(words.subject)"
  }

  private static func text(_ words: NotificationWords) -> String {
    var lines = [words.subject, words.headline, ""]
    if !words.facts.isEmpty { lines += words.facts.map { "\($0.name): \($0.value)" } + [""] }
    if !words.evidence.isEmpty { lines += words.evidence.map { "- \($0)" } + [""] }
    if let request = words.request { lines += [request, ""] }
    if let url = words.url { lines.append(url) }
    return lines.joined(separator: "\n")
  }

  private static func html(_ all: [NotificationWords]) -> String {
    let body = all.map { words in
      var parts = ["<h2>\(escape(words.subject))</h2>", "<p><strong>\(escape(words.headline))</strong></p>"]
      if !words.facts.isEmpty {
        let rows = words.facts.map { "<tr><th align=\"left\">\(escape($0.name))</th><td>\(escape($0.value))</td></tr>" }
        parts.append("<table cellpadding=\"4\">\n\(rows.joined(separator: "\n"))\n</table>")
      }
      if !words.evidence.isEmpty {
        parts.append("<ul>\n\(words.evidence.map { "<li>\(escape($0))</li>" }.joined(separator: "\n"))\n</ul>")
      }
      if let request = words.request { parts.append("<p>\(escape(request))</p>") }
      if let url = words.url { parts.append("<p><a href=\"\(escape(url))\">Open in the console</a></p>") }
      return parts.joined(separator: "\n")
    }
    return "<!DOCTYPE html>\n<html><body>\n\(body.joined(separator: "\n<hr>\n"))\n</body></html>"
  }

  private static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }

  /// RFC 2045, section 6.7. Input lines end in `\n`; output lines in CRLF and have at most 76 characters.
  package static func quotedPrintable(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var output: [UInt8] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if index > 0 { output += [13, 10] }
      let bytes = Array(line.utf8)
      var length = 0
      for (position, byte) in bytes.enumerated() {
        let isLast = position == bytes.count - 1
        let isPlain = (33...126).contains(byte) && byte != 61 || (byte == 32 || byte == 9) && !isLast
        let width = isPlain ? 1 : 3
        if length + width > lineLimit - 1 {
          output += [61, 13, 10]
          length = 0
        }
        if isPlain { output.append(byte) } else { output += [61, digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        length += width
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// RFC 2047: plain when it is printable ASCII and short; else words of base64, each within 75 characters and of whole characters.
  package static func encodedWords(_ text: String) -> String {
    let line = TextLimit.cut(TextLimit.line(text), to: subjectLimit)
    if line.utf8.allSatisfy({ (32...126).contains($0) }), line.utf8.count <= 200, !line.contains("=?") { return folded(line) }
    var words: [String] = []
    var chunk = ""
    for character in line {
      // 45 bytes become 60 characters; `=?utf-8?B?` and `?=` take twelve.
      if !chunk.isEmpty, chunk.utf8.count + character.utf8.count > 45 {
        words.append(chunk)
        chunk = ""
      }
      // A character of many scalars may itself be longer than a word.
      chunk += character.utf8.count > 45 ? "?" : String(character)
    }
    words.append(chunk)
    return words.map { "=?utf-8?B?\(base64(Array($0.utf8)))?=" }.joined(separator: "\r\n ")
  }

  /// Long header lines continue on the next after a blank.
  private static func folded(_ line: String) -> String {
    var result = ""
    var length = 9
    for word in line.split(separator: " ", omittingEmptySubsequences: false) {
      if length + word.utf8.count + 1 > lineLimit, length > 9 {
        result += "\r\n "
        length = 1
      } else if !result.isEmpty {
        result += " "
        length += 1
      }
      result += word
      length += word.utf8.count
    }
    return result
  }

  /// `Tue, 24 Nov 2026 12:00:00 +0000`
  static func date(_ at: Timestamp) -> String {
    let text = Array(at.rfc3339Seconds)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let month = Int(String(text[5...6])).flatMap { (1...12).contains($0) ? months[$0 - 1] : nil } ?? "Jan"
    // 1970-01-01 was a Thursday.
    let day = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int((at.unixSeconds / 86_400 % 7 + 7) % 7)]
    return "\(day), \(String(text[8...9])) \(month) \(String(text[0...3])) \(String(text[11...18])) +0000"
  }
}

/// An address that may stand in a header and in an SMTP command: ASCII, one `@`, nothing that ends either.
package struct EmailAddress: Hashable, Sendable {
  package let text: String

  package init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...64).contains(parts[0].utf8.count), (1...253).contains(parts[1].utf8.count),
      text.utf8.allSatisfy({ byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || "!#$%&'*+-/=?^_`{|}~.@".utf8.contains(byte)
      }), !parts[1].hasPrefix("."), !parts[1].hasSuffix("."), !parts[1].contains("..")
    else { return nil }
    self.text = text
  }

  package var domain: String { String(text.drop { $0 != "@" }.dropFirst()) }
}

/// RFC 4648 base64, for headers and AUTH.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var output: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for index in 0..<4 {
      output.append(index <= group.count ? alphabet[value >> (18 - 6 * index) & 63] : 61)
    }
  }
  return String(decoding: output, as: UTF8.self)
}
