// The text of a value without any check, for readers that check it themselves and say what is wrong in their own words.

extension YAMLValue {
  package var scalarText: String? { node.scalar?.string }

  /// The file it stands in, which relative paths begin at.
  package var filePath: String { file }
}
