// The settings of a compilation as they are written on a command line.

import Monitors

package struct CompileOptions: Sendable {
  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  /// - Parameters:
  ///   - notify: `@handle` for every severity, or `SEV-1=@handle` for one; several of either.
  ///   - scope, tags: as `key:value`.
  package static func settings(
    team: String, notify: [String], scope: [String], tags: [String], runbooks: String?, trafficGate: CompileSettings.TrafficGate,
    services: [String] = [], site: String? = nil, pack: String? = nil
  ) throws(Malformed) -> CompileSettings {
    guard !team.isEmpty, team.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) }) else {
      throw Malformed(description: "\"\(team)\" is no team's handle; write letters, digits and dashes, as in --team llm-platform")
    }
    if let pack, !PackMark.isName(pack) {
      throw Malformed(
        description:
          "\"\(pack)\" is no name of a pack; write lower-case letters, digits, dashes and underscores, as in --pack search")
    }
    var everybody: [String] = []
    var handles: [Severity: [String]] = [:]
    for text in notify {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let handle = parts.last ?? ""
      guard handle.hasPrefix("@"), handle.count > 1, !handle.contains(where: \.isWhitespace) else {
        throw Malformed(description: "\"\(text)\" names nobody; write --notify @slack-llm, or --notify SEV-1=@pagerduty-llm")
      }
      if text.hasPrefix("@") {
        everybody.append(text)
      } else if let severity = Severity(rawValue: parts[0].uppercased()) {
        handles[severity, default: []].append(handle)
      } else {
        throw Malformed(description: "\"\(parts[0])\" is no severity; it is SEV-1, SEV-2, SEV-3 or SEV-4")
      }
    }
    var scopeTags: [String: String] = [:]
    for tag in scope {
      let (key, value) = try pair(tag, option: "--scope")
      guard scopeTags.updateValue(value, forKey: key) == nil else {
        throw Malformed(description: "--scope names \(key) twice, which nothing can have at once")
      }
    }
    for tag in tags { _ = try pair(tag, option: "--tag") }
    for service in services where service.isEmpty || service.contains(where: { $0.isWhitespace || $0 == "," }) {
      throw Malformed(description: "\"\(service)\" is no service; write --service llm-gateway")
    }
    var settings = CompileSettings(
      team: team, handles: handles, everybody: everybody.isEmpty ? nil : everybody, scope: scopeTags,
      runbooks: runbooks.map { $0.hasSuffix("/") || $0.hasSuffix("#") || $0.hasSuffix("=") ? $0 : "\($0)/" },
      trafficGate: trafficGate, tags: tags, pack: pack)
    if !services.isEmpty { settings.services = services }
    if let site { settings.site = site.hasPrefix("app.") || site.filter({ $0 == "." }).count > 1 ? site : "app.\(site)" }
    return settings
  }

  private static func pair(_ text: String, option: String) throws(Malformed) -> (key: String, value: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, let first = parts[0].first, first.isLetter, !parts[0].contains(where: { $0.isWhitespace }) else {
      throw Malformed(description: "\"\(text)\" is no tag; write \(option) env:prod")
    }
    return (parts[0], parts[1])
  }
}
