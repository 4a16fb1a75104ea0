// The shape of a value, for settings that may be written as a word or as a mapping.

extension YAMLValue {
  package var isMapping: Bool { node.mapping != nil }

  /// A mapping without any member, known or not.
  package var isEmptyMapping: Bool { node.mapping?.isEmpty == true }
}
