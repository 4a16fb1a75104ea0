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
      metrics = fromLines(text)
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

  private static func fromLines(_ text: String) -> [KnownMetric] {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
    guard let header = lines.first else { return [] }
    let columns = header.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed.lowercased() }
    if let name = columns.firstIndex(where: { $0 == "metric_name" || $0 == "name" || $0 == "metric" }) {
      let type = columns.firstIndex { $0 == "metric_type" || $0 == "type" }
      let tag = columns.firstIndex { $0 == "tags" || $0 == "tag_keys" }
      return lines.dropFirst().compactMap { line in
        let cells = line.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard name < cells.count, !cells[name].isEmpty else { return nil }
        func cell(_ index: Int?) -> String? { index.flatMap { $0 < cells.count && !cells[$0].isEmpty ? cells[$0] : nil } }
        return KnownMetric(name: cells[name], kind: kind(cell(type)), tags: cell(tag).map(words))
      }
    }
    return lines.compactMap { line in
      let words = line.split(maxSplits: 2, whereSeparator: { $0.isWhitespace })
      guard let name = words.first else { return nil }
      return KnownMetric(
        name: String(name), kind: words.count > 1 ? kind(String(words[1])) : nil,
        tags: words.count > 2 ? Self.words(String(words[2])) : nil)
    }
  }
}
