// A folder of exported objects, one a file: what has to be written there, and what no longer belongs there.

import Foundation

package struct ObjectFolder: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  package struct Unreadable: Error, CustomStringConvertible {
    package let description: String
  }

  /// `monitors/requests-failing.json`; names come from identities, so an object keeps its file.
  package static func file(of id: DatadogObjectID) -> String {
    let name = String(id.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) ? $0 : "-" })
    return "\(id.kind.folder)/\(name).json"
  }

  /// What an export does, before it does it.
  package struct Export: Hashable, Sendable {
    package var new: [String] = []
    package var changed: [String] = []
    package var unchanged: [String] = []
    /// Files of objects that there are no more.
    package var stale: [String] = []
    /// By file, of those that are new or changed.
    package var texts: [String: String] = [:]
  }

  /// - Parameters:
  ///   - present: the texts that lie there, by file.
  ///   - pack: whose files may be stale.
  package static func export(_ objects: [CompiledObject], present: [String: String], pack: String? = nil) -> Export {
    var export = Export()
    var wanted: Set<String> = []
    for object in objects {
      let (file, text) = (file(of: object.id), ObjectText.text(of: object.json))
      wanted.insert(file)
      switch present[file] {
      case text: export.unchanged.append(file)
      case nil: export.new.append(file)
      default: export.changed.append(file)
      }
      if present[file] != text { export.texts[file] = text }
    }
    export.stale = present.filter { !wanted.contains($0.key) && isOurs($0.value, pack) }.keys.sorted()
    return export
  }

  /// Whether every object in a file's text bears our mark: anybody else's is not ours to delete.
  private static func isOurs(_ text: String, _ pack: String?) -> Bool {
    guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return false }
    var found = DatadogLint.Objects()
    found.add(document)
    return !found.isEmpty && found.all.allSatisfy { DatadogIdentity.isOwned($0) && DatadogIdentity.id(of: $0)?.pack == pack }
  }

  /// The texts of every object's file, by file below the folder; none where the folder is not there.
  /// - Parameter others: files of the folder itself that count too.
  package func texts(beside others: [String] = []) throws -> [String: String] {
    var texts: [String: String] = [:]
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      throw Unreadable(description: "\(path): is a file; name a folder")
    }
    for name in others {
      if let data = FileManager.default.contents(atPath: "\(path)/\(name)") {
        texts[name] = String(decoding: data, as: UTF8.self)
      }
    }
    for kind in DatadogObjectKind.allCases {
      let folder = "\(path)/\(kind.folder)"
      guard FileManager.default.fileExists(atPath: folder) else { continue }
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".json") {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
          throw Unreadable(description: "\(folder)/\(name): not readable")
        }
        texts["\(kind.folder)/\(name)"] = String(decoding: data, as: UTF8.self)
      }
    }
    return texts
  }

  /// Writes what is new or changed and nothing else; deletes stale files only when asked.
  package func write(_ export: Export, pruning: Bool) throws(Unreadable) {
    do { try change(export, pruning: pruning) } catch {
      let reason: String
      switch (error as? CocoaError)?.code {
      case .fileWriteNoPermission?, .fileReadNoPermission?: reason = "you may not write there"
      case .fileWriteOutOfSpace?: reason = "there is no space left"
      case .fileWriteVolumeReadOnly?: reason = "it is on a read-only disk"
      default: reason = "a part of its path is a file, or the disk refuses it"
      }
      throw Unreadable(description: "\(path): cannot be written: \(reason); name a folder of yours")
    }
  }

  private func change(_ export: Export, pruning: Bool) throws {
    for (file, text) in export.texts.sorted(by: { $0.key < $1.key }) {
      let place = URL(filePath: path).appending(path: file)
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: place, options: .atomic)
    }
    guard pruning else { return }
    for file in export.stale { try FileManager.default.removeItem(at: URL(filePath: path).appending(path: file)) }
  }

  /// Every object in the folder's files, as it was saved: from an export, or an answer of Datadog's API with one or many of them.
  package func objects() throws -> [JSONValue] {
    guard FileManager.default.fileExists(atPath: path) else { throw Unreadable(description: "\(path): no such folder") }
    return try texts().sorted { $0.key < $1.key }.flatMap { file, text in
      var found = DatadogLint.Objects()
      do {
        found.add(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
      } catch {
        throw Unreadable(description: "\(path)/\(file): not readable as JSON; save it again")
      }
      guard !found.isEmpty else {
        throw Unreadable(description: "\(path)/\(file): no monitor, SLO, dashboard, downtime or service in it; save it again")
      }
      return found.all
    }
  }
}
