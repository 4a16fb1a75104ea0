// Which secrets of a configuration a command needs: the others need not be where it runs.

import StrictYAML

package enum SecretNeed: Hashable, Sendable {
  /// As `serve` needs them.
  case all
  case none
  /// Those of the account and its keys.
  case datadog
  /// Those of one receiver of notifications.
  case receiver(String)

  /// Where the needed ones stand.
  func paths(in root: YAMLMapping) -> [String]? {
    switch self {
    case .all: return nil
    case .none: return []
    case .datadog: return ["datadog."]
    case .receiver(let name):
      guard let section = root["notifications"] else { return [] }
      let lists = ["webhooks", "slack", "pagerduty", "email"].flatMap { section.member($0)?.elements ?? [] }
      var paths = lists.filter { $0.memberText("name") == name }.map { $0.path + "." }
      for single in ["datadog_events", "datadog_incidents"] {
        guard let item = section.member(single), (item.memberText("name") ?? single) == name else { continue }
        paths += [item.path + ".", "datadog.api_key"]
      }
      return paths
    }
  }
}

extension ConfigurationReader {
  /// A secret, or `unread` in its place when it is not needed; how it is written is checked all the same.
  func secret(_ value: YAMLValue?, unread: String = "unread") -> String? {
    guard let value else { return nil }
    guard let secretPaths, !secretPaths.contains(where: { value.path.hasPrefix($0) }) else {
      return value.secret(environment: environment)?.value
    }
    return value.secretSource().map { _ in unread }
  }
}
