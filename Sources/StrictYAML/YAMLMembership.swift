// Looks whether a member is there, for values whose form depends on one of their members.

extension YAMLValue {
  /// Without any check: the reader of that form reports what is wrong with it.
  package func hasMember(_ key: String) -> Bool { node.mapping?[key] != nil }

  /// The text of a member without any check, for naming what could not be read.
  package func memberText(_ key: String) -> String? { node.mapping?[key]?.scalar?.string }

  /// A member without any check of the others, for a reader that takes one of them; the form's own reader checks the rest.
  package func member(_ key: String) -> YAMLValue? {
    node.mapping?[key].map { YAMLValue(node: $0, file: file, path: path.isEmpty ? key : "\(path).\(key)", problems: problems) }
  }

  /// The items of a list, none where it is no list: its own reader says so.
  package var elements: [YAMLValue] {
    (node.sequence.map(Array.init) ?? []).enumerated().map {
      YAMLValue(node: $1, file: file, path: "\(path)[\($0)]", problems: problems)
    }
  }

  /// The same value, whose problems go elsewhere.
  package func recording(in problems: ProblemList) -> YAMLValue {
    YAMLValue(node: node, file: file, path: path, problems: problems)
  }
}
