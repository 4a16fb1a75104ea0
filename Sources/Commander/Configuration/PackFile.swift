// A file of monitors, objectives and dashboards, and the packs that it or a configuration stands on.

import Foundation
import Monitors
import StrictYAML

package enum PackFile {
  /// Reads a pack file, or these sections of a configuration. Throws every problem at once.
  package static func load(path: String) throws(ConfigurationError) -> MonitorPack {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ConfigurationError(problems: [
        Problem(
          file: path, line: 0, column: 0,
          message: "no such file, or not readable; name a pack (docs/monitors.md) or a configuration")
      ])
    }
    return try parse(String(decoding: data, as: UTF8.self), file: path)
  }

  /// - Parameter file: what messages call it, and where relative paths under `packs` begin.
  package static func parse(_ text: String, file: String) throws(ConfigurationError) -> MonitorPack {
    let problems = ProblemList()
    let pack = reading(text, file: file, problems: problems).pack
    try problems.throwIfAny()
    return pack
  }

  /// Of a configuration only these sections are looked at.
  static func isConfiguration(_ root: YAMLValue) -> Bool {
    ["keys", "providers", "routes", "gateway"].contains { root.hasMember($0) }
  }

  /// How a file's sections are found: strictly in a pack, beside others in a configuration.
  static func sections(of root: YAMLValue) -> ((String) -> YAMLValue?)? {
    if isConfiguration(root) { return { root.member($0) } }
    guard let mapping = root.mapping(MappingShape.packFile.keys) else { return nil }
    return { mapping[$0] }
  }

  static func playbooks(of root: YAMLValue) -> Set<String>? {
    isConfiguration(root) ? root.member("playbooks")?.declared("name") ?? [] : nil
  }

  /// The pack and the file's own root, for a linter that says of each definition what is wrong with it.
  static func reading(_ text: String, file: String, problems: ProblemList) -> (pack: MonitorPack, root: YAMLValue?) {
    reading(text, file: file, problems: problems, including: [])
  }

  private static func reading(
    _ text: String, file: String, problems: ProblemList, including files: [String]
  ) -> (pack: MonitorPack, root: YAMLValue?) {
    guard let root = YAMLValue.parse(text, file: file, problems: problems), let section = sections(of: root) else {
      return (MonitorPack(monitors: []), nil)
    }
    var reader = PackReader(playbooks: playbooks(of: root))
    reader.base = included(section("packs"), file: file, problems: problems, playbooks: reader.playbooks, including: files)
    return (reader.read(section), root)
  }

  /// The packs that a file names, each over those before it.
  /// - Parameters:
  ///   - playbooks: those of the configuration. The default pack proposes playbooks by name, and those that are not there are left out.
  ///   - files: what includes this file already.
  static func included(
    _ value: YAMLValue?, file: String, problems: ProblemList, playbooks: Set<String>?, including files: [String] = []
  ) -> MonitorPack {
    var pack = MonitorPack(monitors: [])
    for item in value?.list() ?? [] {
      guard let name = item.string() else { continue }
      if name == defaultName {
        pack = pack.overlaid(by: MonitorPack.default.proposing(playbooks))
        continue
      }
      let path = self.path(of: name, from: file)
      let visited = files + [URL(filePath: file).standardized.path]
      if visited.contains(URL(filePath: path).standardized.path) {
        item.problem("\(name) includes itself; take it out")
      } else if let data = FileManager.default.contents(atPath: path) {
        let inner = reading(String(decoding: data, as: UTF8.self), file: path, problems: problems, including: visited).pack
        for (playbook, monitor) in inner.unknownPlaybooks(playbooks) {
          item.problem("monitor \"\(monitor)\" of \(name) has playbook \"\(playbook)\", which `playbooks` does not define")
        }
        pack = pack.overlaid(by: inner)
      } else {
        let hint = NearestName.nearest(to: name, in: [defaultName]).map { "; did you mean `\($0)`?" } ?? ""
        item.problem("there is no pack \(path)\(hint); write `default`, or a file relative to this one")
      }
    }
    return pack
  }

  static let defaultName = "default"

  private static func path(of name: String, from file: String) -> String {
    if name.hasPrefix("/") { return name }
    let folder = URL(filePath: file).deletingLastPathComponent()
    return file.hasPrefix("/") ? folder.appending(path: name).standardized.path : Self.joined(folder.relativePath, name)
  }

  private static func joined(_ folder: String, _ name: String) -> String { folder == "." ? name : "\(folder)/\(name)" }
}

extension MappingShape {
  /// What a pack file holds; a configuration has the same sections.
  static let packFile = MappingShape(
    name: "pack",
    fields: [
      FieldShape("packs", .list(.text), "what this file stands on: default, or files relative to this one"),
      FieldShape("slos", .list(.mapping(.objective)), "what is promised"),
      FieldShape("monitors", .list(.mapping(.monitor)), "what is watched; by name they replace those of the packs"),
      FieldShape("overrides", .list(.mapping(.override)), "monitors of the packs that are changed in some keys, or removed"),
      FieldShape("dashboards", .list(.mapping(.dashboard)), "what is shown"),
    ])
}

extension MonitorPack {
  /// The same pack with only those playbooks that there are; with `nil` all of them.
  fileprivate func proposing(_ playbooks: Set<String>?) -> MonitorPack {
    guard let playbooks else { return self }
    var pack = self
    for index in pack.monitors.indices {
      pack.monitors[index].definition.playbooks.removeAll { !playbooks.contains($0) }
    }
    return pack
  }

  fileprivate func unknownPlaybooks(_ playbooks: Set<String>?) -> [(playbook: String, monitor: String)] {
    guard let playbooks else { return [] }
    // Those of the default pack are left out, not refused: a file may stand on it.
    let proposed = Set(MonitorPack.default.monitors.flatMap(\.definition.playbooks))
    return monitors.flatMap { monitor in
      monitor.definition.playbooks.filter { !playbooks.contains($0) && !proposed.contains($0) }.map {
        ($0, monitor.definition.name)
      }
    }
  }
}

extension ConfigurationReader {
  /// The sections of a configuration that a pack file has too.
  func readPack(_ root: YAMLMapping) -> MonitorPack {
    let playbooks = root["playbooks"]?.declared("name") ?? []
    var reader = PackReader(playbooks: playbooks)
    reader.base = PackFile.included(
      root["packs"], file: root.value.filePath, problems: problems, playbooks: playbooks)
    return reader.read { root[$0] }
  }
}
