// Which model a name means: the names Google, OpenAI and Anthropic report for one model, and no other's.

enum ModelName {
  /// How upstreams qualify a name, and what the name must begin with to be theirs.
  private static let prefixes: [(prefix: String, families: [String])] = [
    ("models/", ["gemini-", "text-", "deep-research-"]),
    ("publishers/google/models/", ["gemini-", "text-", "deep-research-"]),
    ("google/", ["gemini-", "text-", "deep-research-"]),
    ("publishers/anthropic/models/", ["claude-"]),
    ("anthropic/", ["claude-"]),
  ]

  /// The names to look for after `name` itself, nearest first: without its qualification, then without its version.
  static func alternatives(_ name: String) -> [String] {
    var result: [String] = []
    let bare = unqualified(name)
    if let bare { result.append(bare) }
    if let unversioned = unversioned(bare ?? name) { result.append(unversioned) }
    return result
  }

  /// `models/gemini-2.5-flash` and `projects/p/locations/l/publishers/google/models/gemini-2.5-flash` as `gemini-2.5-flash`;
  /// `nil` when `name` is not qualified in one of these ways.
  static func unqualified(_ name: String) -> String? {
    var rest = name[...]
    if rest.hasPrefix("projects/") {
      let parts = rest.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
      guard parts.count == 5, parts[2] == "locations" else { return nil }
      rest = parts[4]
    }
    for (prefix, families) in prefixes where rest.hasPrefix(prefix) {
      let bare = rest.dropFirst(prefix.count)
      return families.contains { bare.hasPrefix($0) } && !bare.contains("/") ? String(bare) : nil
    }
    return nil
  }

  /// `gpt-4.1-2025-04-14`, `claude-haiku-4-5-20251001`, `gemini-2.5-flash-001` and `name@20250929` without their suffix;
  /// `nil` when there is none. Any other suffix is part of another model's name.
  static func unversioned(_ model: String) -> String? {
    if let at = model.firstIndex(of: "@") { return at == model.startIndex ? nil : String(model[..<at]) }
    let parts = model.split(separator: "-", omittingEmptySubsequences: false)
    func isNumber(_ part: Substring, digits: Int) -> Bool {
      part.utf8.count == digits && part.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
    }
    func dropping(_ count: Int) -> String? { parts.count > count ? parts.dropLast(count).joined(separator: "-") : nil }

    if parts.count > 3, isNumber(parts[parts.count - 3], digits: 4), isNumber(parts[parts.count - 2], digits: 2),
      isNumber(parts[parts.count - 1], digits: 2)
    {
      return dropping(3)
    }
    guard let last = parts.last, isNumber(last, digits: 8) || isNumber(last, digits: 3) else { return nil }
    return dropping(1)
  }
}
