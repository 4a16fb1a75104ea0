// Reads a list of metrics in the forms people have: JSON, Datadog's `metadata.csv`, or a name a line.

import Foundation

package enum MetricKnowledgeFile {
  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  /// - JSON: a list of `{"name", "type", "tags"}`, an object with such a list under `metrics` or `data`, or an object of names to
  ///   `{"type", "tags"}` or to a type.
  /// - CSV with a header that has `metric_name` or `name`; `metric_type` or `type`; `tags`, apart by spaces, `|` or `;`.
  /// - Text: `NAME [TYPE [TAG,TAG…]]` a line; `#` begins a comment.
  package static func read(_ bytes: Data) throws -> MetricKnowledge {
    let text = String(decoding: bytes, as: UTF8.self)
    let first = text.first { !$0.isWhitespace }
    let metrics: [KnownMetric]
    if first == "[" || first == "{" {
      let value: JSONValue
      do { value = try JSONDecoder().decode(JSONValue.self, from: bytes) } catch {
        throw Malformed(description: "not readable as JSON; write a list of {\"name\", \"type\", \"tags\"}")
      }
      metrics = fromJSON(value)
    } else {
      metrics = try fromLines(text)
    }
    guard !metrics.isEmpty else {
      throw Malformed(description: "no metric in it; write a list of {\"name\", \"type\", \"tags\"}, or a name a line")
    }
    return MetricKnowledge(metrics, isComplete: true)
  }

  private static func fromJSON(_ value: JSONValue) -> [KnownMetric] {
    if let list = value.list { return list.compactMap(metric) }
    for key in ["metrics", "data", "catalogue", "catalog"] {
      guard let inner = value[key] else { continue }
      let found = fromJSON(inner)
      if !found.isEmpty { return found }
    }
    return (value.members ?? [:]).compactMap { name, entry -> KnownMetric? in
      guard name.contains(".") || entry.text != nil || entry["type"] != nil else { return nil }
      return KnownMetric(
        name: name, kind: kind(entry.text ?? entry["type"]?.text ?? entry["metric_type"]?.text), tags: tags(entry["tags"]))
    }
  }

  private static func metric(_ value: JSONValue) -> KnownMetric? {
    if let name = value.text { return KnownMetric(name: name, kind: nil, tags: nil) }
    guard let name = ["name", "metric", "metric_name", "id"].lazy.compactMap({ value[$0]?.text }).first else { return nil }
    let own = value["attributes"] ?? value
    return KnownMetric(
      name: name, kind: kind(own["type"]?.text ?? own["metric_type"]?.text),
      tags: tags(own["tags"] ?? own["tag_keys"] ?? own["dimensions"]))
  }

  private static func tags(_ value: JSONValue?) -> Set<String>? {
    if let text = value?.text { return words(text) }
    guard let list = value?.list ?? value?.members.map({ $0.keys.map(JSONValue.string) }) else { return nil }
    return Set(list.compactMap { $0.text.map { String($0.prefix { $0 != ":" }) } })
  }

  private static func words(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: { " |;,".contains($0) }).map { String($0) })
  }

  static func kind(_ word: String?) -> KnownMetric.Kind? {
    switch word?.lowercased() {
    case "count", "counter", "c", "monotonic_count": .count
    case "rate": .rate
    case "gauge", "g": .gauge
    case "distribution", "d": .distribution
    case "histogram", "h", "ms", "timer": .histogram
    default: nil
    }
  }

  /// A name that Datadog could have: it begins with a letter.
  private static func checked(_ name: String, line: Int) throws(Malformed) -> String {
    guard let first = name.unicodeScalars.first, first.properties.isAlphabetic,
      name.unicodeScalars.allSatisfy({
        $0.properties.isAlphabetic || $0.properties.numericType != nil || "._-:@/".unicodeScalars.contains($0)
      })
    else {
      throw Malformed(
        description: "line \(line): \"\(name.prefix(40))\" is no metric's name; write NAME [TYPE [TAG,TAG…]] a line")
    }
    return name
  }

  /// `nil` where the file does not say; refused where it says something else.
  private static func checkedKind(_ word: String?, line: Int) throws(Malformed) -> KnownMetric.Kind? {
    guard let word, !word.isEmpty, !["unknown", "-", "null", "none"].contains(word.lowercased()) else { return nil }
    if let kind = kind(word) { return kind }
    throw Malformed(
      description:
        "line \(line): \"\(word.prefix(40))\" is no type; it is \(KnownMetric.Kind.allCases.map(\.rawValue).joined(separator: ", "))"
    )
  }

  private static func fromLines(_ text: String) throws(Malformed) -> [KnownMetric] {
    let rows = try CommaSeparated.rows(text)
    guard let header = rows.first else { return [] }
    let columns = header.cells.map { $0.trimmed.lowercased() }
    if let name = columns.firstIndex(where: { $0 == "metric_name" || $0 == "name" || $0 == "metric" }) {
      return try fromTable(rows.dropFirst(), name: name, columns: columns)
    }
    var metrics: [KnownMetric] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.split(maxSplits: 2, whereSeparator: { $0.isWhitespace })
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      metrics.append(
        KnownMetric(
          name: try checked(String(first), line: index + 1),
          kind: try checkedKind(words.count > 1 ? String(words[1]) : nil, line: index + 1),
          tags: words.count > 2 ? Self.words(String(words[2])) : nil))
    }
    return metrics
  }

  private static func fromTable(
    _ rows: ArraySlice<CommaSeparated.Row>, name: Int, columns: [String]
  ) throws(Malformed) -> [KnownMetric] {
    let type = columns.firstIndex { $0 == "metric_type" || $0 == "type" }
    let tag = columns.firstIndex { $0 == "tags" || $0 == "tag_keys" }
    var metrics: [KnownMetric] = []
    for row in rows {
      func cell(_ index: Int?) -> String? {
        index.flatMap { $0 < row.cells.count && !row.cells[$0].trimmed.isEmpty ? row.cells[$0].trimmed : nil }
      }
      guard let text = cell(name) else {
        throw Malformed(description: "line \(row.line): there is no name in column \(name + 1), \(columns[name])")
      }
      metrics.append(
        KnownMetric(
          name: try checked(text, line: row.line), kind: try checkedKind(cell(type), line: row.line), tags: cell(tag).map(words)))
    }
    return metrics
  }
}
