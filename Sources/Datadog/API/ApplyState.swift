// What was last applied to an organisation, object by object: what drift is measured against, and where an apply goes on.

import Foundation

package struct ApplyState: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    /// Datadog's own name of the object.
    package var number: String
    /// The canonical form of what was wanted, other objects named as we name them.
    package var sent: JSONValue
    /// The canonical form of what Datadog made of it; mostly the same.
    package var kept: JSONValue

    package init(number: String, sent: JSONValue, kept: JSONValue) {
      self.number = number
      self.sent = sent
      self.kept = kept
    }
  }

  package struct Unreadable: Error, CustomStringConvertible {
    package let description: String
  }

  package var site: String
  package var entries: [DatadogObjectID: Entry]

  package init(site: String, entries: [DatadogObjectID: Entry] = [:]) {
    self.site = site
    self.entries = entries
  }

  package var numbers: [DatadogObjectID: String] { entries.mapValues(\.number) }

  // MARK: Text

  private static let marker = "commander_datadog_state"

  /// A line that says what the file is, then a line an object. Later lines count, so that each change is one line more.
  package var text: String {
    let head = Self.line(.object([Self.marker: .number(1), "site": .string(site)]))
    return head + entries.sorted { $0.key < $1.key }.map { Self.line(of: $0.key, $0.value) }.joined()
  }

  /// The line that says how `id` is now; `nil` when it was deleted.
  package static func line(of id: DatadogObjectID, _ entry: Entry?) -> String {
    line(
      JSONValue(members: [
        "kind": .string(id.kind.rawValue), "name": .string(id.name), "number": entry.map { .string($0.number) },
        "sent": entry?.sent, "kept": entry.flatMap { $0.kept == $0.sent ? nil : $0.kept },
        "deleted": entry == nil ? .bool(true) : nil,
      ]))
  }

  private static func line(_ value: JSONValue) -> String { ObjectText.compact(value) + "\n" }

  /// - Parameter file: for errors.
  package init(text: String, file: String) throws(Unreadable) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // What is behind the last line end was being written when the program ended.
    let rest = lines.popLast()
    guard let first = lines.first, let head = Self.value(first), head[Self.marker]?.double == 1, let site = head["site"]?.text
    else {
      throw Unreadable(
        description:
          "\(file):1: no state of `commander datadog apply`\(rest == "" ? "" : ", or cut off"); name another --state-file")
    }
    self.init(site: site)
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      guard let value = Self.value(line), let kind = value["kind"]?.text.flatMap(DatadogObjectKind.init(rawValue:)),
        let name = value["name"]?.text
      else {
        throw Unreadable(description: "\(file):\(index + 1): not readable; delete the line, and apply finds the object again")
      }
      let id = DatadogObjectID(kind, name)
      if value["deleted"]?.truth == true {
        entries[id] = nil
      } else if let number = value["number"]?.text, let sent = value["sent"] {
        entries[id] = Entry(number: number, sent: sent, kept: value["kept"] ?? sent)
      }
    }
  }

  private static func value(_ line: Substring) -> JSONValue? {
    try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
  }
}

/// The state on disk.
package struct ApplyStateFile: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// An empty state where there is no file.
  package func load(site: String) throws(ApplyState.Unreadable) -> ApplyState {
    guard FileManager.default.fileExists(atPath: path) else { return ApplyState(site: site) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ApplyState.Unreadable(description: "\(path): not readable")
    }
    let state = try ApplyState(text: String(decoding: data, as: UTF8.self), file: path)
    guard state.site == site else {
      throw ApplyState.Unreadable(description: "\(path): the state of \(state.site), not of \(site); name another --state-file")
    }
    return state
  }

  /// Writes it anew, all or nothing.
  package func write(_ state: ApplyState) throws {
    let place = URL(filePath: path)
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(state.text.utf8).write(to: place, options: .atomic)
  }

  /// Adds one line to a file that `write` made.
  package func append(_ id: DatadogObjectID, _ entry: ApplyState.Entry?) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(ApplyState.line(of: id, entry).utf8))
    try handle.synchronize()
  }
}
