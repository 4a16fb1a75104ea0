// Reads monitors, objectives and dashboards of a YAML file, and finds every mistake in them at once.

import LLMMetrics
import LLMTelemetry
import Monitors
import StrictYAML

struct PackReader {
  /// The playbooks there are; `nil` in a pack file, whose configuration decides.
  var playbooks: Set<String>?
  /// What the sections of this file stand on: the packs that it includes.
  var base = MonitorPack(monitors: [])

  /// The file's own definitions over those of its packs.
  func read(_ section: (String) -> YAMLValue?) -> MonitorPack {
    let objectives = readObjectives(section("slos"))
    let known = MonitorPack(monitors: base.monitors, objectives: base.objectives).overlaid(
      by: MonitorPack(monitors: [], objectives: objectives))
    let own = readMonitors(section("monitors"), known: known)
    let dashboards = readDashboards(section("dashboards"))
    var pack = base.overlaid(by: MonitorPack(monitors: own.map(\.packed), objectives: objectives, dashboards: dashboards))
    readOverrides(section("overrides"), in: &pack)
    checkReferences(section, in: pack)
    return pack
  }

  /// Records a problem for each name that stands twice in a list.
  func checkUnique(_ names: [(name: String, value: YAMLValue)], _ what: String) {
    var seen: Set<String> = []
    for (name, value) in names where !seen.insert(name).inserted {
      value.problem("\(what) \"\(name)\" is defined twice; names are unique")
    }
  }

  func readQuery(_ value: YAMLValue) -> MonitorQuery? {
    guard let text = value.string() else { return nil }
    do throws(QueryError) {
      return try MonitorQuery(parsing: text)
    } catch {
      value.problem("query \(error)")
      return nil
    }
  }

  /// `key:value`, as Datadog writes tags.
  func readTags(_ value: YAMLValue?) -> [String] {
    (value?.list() ?? []).compactMap { item in
      guard let text = item.string() else { return nil }
      let key = text.prefix { $0 != ":" }
      guard key.count < text.count - 1, key.first?.isLetter == true, !text.contains(where: \.isWhitespace) else {
        item.problem("\"\(text)\" is no tag; write key:value without spaces, such as team:search")
        return nil
      }
      return text
    }
  }

  /// An http or https address.
  func readAddress(_ value: YAMLValue?) -> String? {
    guard let value, let text = value.string() else { return nil }
    guard text.hasPrefix("https://") || text.hasPrefix("http://"), text.count > 8, !text.contains(where: \.isWhitespace) else {
      value.problem("`\(value.path)` must be an address that begins with https:// or http://")
      return nil
    }
    return text
  }
}
