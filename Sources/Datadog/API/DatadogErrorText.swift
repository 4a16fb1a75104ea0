// What an answer that is a refusal says, whichever of Datadog's shapes of error it has, as one line of words.

import Foundation

package enum DatadogErrorText {
  /// Longer texts are traces of programs, which help nobody.
  private static let limit = 600

  package static func of(status: Int, contentType: String?, body: [UInt8]) -> String {
    let text = String(decoding: body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    if let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) {
      let words = Self.words(in: json)
      return words.isEmpty ? "no reason given" : short(words.joined(separator: "; "))
    }
    if text.isEmpty { return "no reason given" }
    if contentType?.contains("html") == true || text.hasPrefix("<") {
      let title = page(text)
      return
        "a web page\(title.isEmpty ? "" : ", \"\(short(title))\","), which is not Datadog's API; is there a proxy in between?"
    }
    return short(text)
  }

  /// `{"errors": ["…"]}`, `{"errors": [{"title", "detail", …}]}`, `{"error": {…}}` or `{"error": "…"}`, `{"message": "…"}`, an
  /// SLO's `{"errors": {"id": "…"}}`.
  private static func words(in json: JSONValue) -> [String] {
    switch json {
    case .string(let text): return text.trimmed.isEmpty ? [] : [text.trimmed]
    case .array(let list): return list.flatMap(words)
    case .object(let members):
      for key in ["errors", "error"] {
        if let inner = members[key], !inner.isNull {
          let found = words(in: inner)
          if !found.isEmpty { return found }
        }
      }
      let title = members["title"]?.text?.trimmed ?? ""
      let detail = (members["detail"]?.text ?? members["error_message"]?.text ?? members["message"]?.text)?.trimmed ?? ""
      let place = members["source"]?["pointer"]?.text ?? members["source"]?["parameter"]?.text
      // A title such as "Bad Request" says no more than the status does.
      let general = ["", "bad request", "generic error", "api error", "not found", "forbidden", "unauthorized"]
      let reason = detail.isEmpty ? title : general.contains(title.lowercased()) ? detail : "\(title): \(detail)"
      if !reason.isEmpty { return [place.map { "\(reason) (at \($0))" } ?? reason] }
      if let code = members["code"]?.text, !code.isEmpty { return [code] }
      // By object, such as {"123": "referenced by a composite"}.
      return members.sorted { $0.key < $1.key }.compactMap { key, value in
        value.text.map { "\(key): \($0)" } ?? value.list.map { "\(key): \($0.flatMap(words).joined(separator: ", "))" }
      }
    case .null, .bool, .number: return []
    }
  }

  private static func page(_ text: String) -> String {
    guard let start = text.range(of: "<title>", options: .caseInsensitive),
      let end = text.range(of: "</title>", options: .caseInsensitive, range: start.upperBound..<text.endIndex)
    else { return "" }
    return String(text[start.upperBound..<end.lowerBound]).trimmed
  }

  private static func short(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).map { String($0).trimmed }.filter { !$0.isEmpty }.joined(separator: " ")
    return line.count <= limit ? line : "\(line.prefix(limit - 1))…"
  }
}
