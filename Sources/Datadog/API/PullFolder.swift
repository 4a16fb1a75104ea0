// What a pull writes into a folder: our objects as an export would, everything else as Datadog has it, and definitions.

import Foundation
import Monitors

package struct PullFolder: Sendable {
  /// By file below the folder.
  package private(set) var texts: [String: String] = [:]
  /// What was not turned into definitions, and why; in the order of the files.
  package private(set) var raw: [(file: String, title: String, reason: String)] = []
  /// What a person has to know before applying.
  package private(set) var notes: [String] = []
  /// How many objects the definitions say.
  package private(set) var said = 0

  package static let packFile = "pack.yaml"

  /// Every object as JSON.
  /// - Parameter wanted: what an export would write; where Datadog has the same, the same bytes are written.
  package static func json(_ objects: [StoredObject], wanted: [CompiledObject]) -> PullFolder {
    var folder = PullFolder()
    let live = LiveObjects(objects)
    let compiled = Dictionary(wanted.map { ($0.id, $0) }) { first, _ in first }
    for object in objects { folder.add(object, live, compiled) }
    return folder
  }

  /// Definitions where they say what is there, and JSON where they do not.
  /// - Parameter yaml: the text of a pack.
  package static func definitions(
    _ objects: [StoredObject], decompiler: PackDecompiler, yaml: (MonitorPack) -> String
  ) -> PullFolder {
    let found = decompiler.decompile(objects)
    var folder = PullFolder()
    let live = LiveObjects(objects)
    for raw in found.raw {
      let file = folder.add(raw.object, live, [:])
      folder.raw.append((file, raw.object.title, raw.reason))
    }
    folder.raw.sort { $0.file < $1.file }
    folder.notes = found.notes
    folder.said = found.said.count
    folder.texts[packFile] = yaml(found.pack)
    return folder
  }

  @discardableResult
  private mutating func add(
    _ object: StoredObject, _ live: LiveObjects, _ wanted: [DatadogObjectID: CompiledObject]
  ) -> String {
    if let id = object.id, live.keys[id] == LiveObjects.key(object) {
      let file = ObjectFolder.file(of: id)
      let form = live.ours[id] ?? object.json
      let same = wanted[id].flatMap { CanonicalForm.of($0.json, kind: id.kind) == form ? $0.json : nil }
      // Times of downtimes have a canonical form that is not Datadog's.
      texts[file] = ObjectText.text(of: same ?? (object.kind == .downtime ? object.json : form))
      return file
    }
    // Anybody else's keeps its number, which others' queries name.
    let number = String(object.number.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
    let file = "\(object.kind.folder)/other-\(number).json"
    guard case .object(var members) = object.kind == .downtime ? object.json : live.form(object) else { return file }
    members["id"] = object.json["id"]
    texts[file] = ObjectText.text(of: .object(members))
    return file
  }

  /// What has to be done to a folder that holds `present`.
  package func export(present: [String: String]) -> ObjectFolder.Export {
    var export = ObjectFolder.Export()
    for (file, text) in texts.sorted(by: { $0.key < $1.key }) {
      switch present[file] {
      case text: export.unchanged.append(file)
      case nil: export.new.append(file)
      default: export.changed.append(file)
      }
      if present[file] != text { export.texts[file] = text }
    }
    export.stale = present.keys.filter { texts[$0] == nil }.sorted()
    return export
  }
}
