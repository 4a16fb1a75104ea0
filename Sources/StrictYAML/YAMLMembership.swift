// Looks whether a member is there, for values whose form depends on one of their members.

extension YAMLValue {
  /// Without any check: the reader of that form reports what is wrong with it.
  package func hasMember(_ key: String) -> Bool { node.mapping?[key] != nil }
}
