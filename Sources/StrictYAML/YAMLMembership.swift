// Looks whether a member is there, for values whose form depends on one of their members.

extension YAMLValue {
  /// Without any check: the reader of that form reports what is wrong with it.
  package func hasMember(_ key: String) -> Bool { node.mapping?[key] != nil }

  /// The text of a member without any check, for naming what could not be read.
  package func memberText(_ key: String) -> String? { node.mapping?[key]?.scalar?.string }

  /// The same value, whose problems go elsewhere.
  package func recording(in problems: ProblemList) -> YAMLValue {
    YAMLValue(node: node, file: file, path: path, problems: problems)
  }
}
