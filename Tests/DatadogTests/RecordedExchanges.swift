// Exchanges that were recorded against the real Datadog API, and the shape of a JSON document to compare with theirs.

import Foundation

struct RecordedExchange {
  let path: String
  let status: Int
  let request: Any
  let response: Any

  /// Empty where the recordings are not beside the clone.
  static func all(path: String) throws -> [RecordedExchange] {
    guard let file = sharedFile("reference/datadog-recorded-exchanges.jsonl") else { return [] }
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      guard let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        entry["path"] as? String == path, let status = entry["code"] as? Int, let request = entry["req"],
        let response = entry["resp"]
      else { return nil }
      return RecordedExchange(path: path, status: status, request: request, response: response)
    }
  }
}

/// `series.[].points.[].timestamp: number`, one for each leaf: what a document is made of, whatever it says.
func shape(of value: Any, at path: String = "") -> Set<String> {
  switch value {
  case let members as [String: Any]:
    return members.reduce(into: []) { $0.formUnion(shape(of: $1.value, at: path.isEmpty ? $1.key : "\(path).\($1.key)")) }
  case let elements as [Any]: return elements.reduce(into: []) { $0.formUnion(shape(of: $1, at: path + ".[]")) }
  case is String: return ["\(path): text"]
  case is NSNull: return ["\(path): null"]
  default: return ["\(path): number"]
  }
}

func shape(ofJSON bytes: [UInt8]) throws -> Set<String> { shape(of: try JSONSerialization.jsonObject(with: Data(bytes))) }
