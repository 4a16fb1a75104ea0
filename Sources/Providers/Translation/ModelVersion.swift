// Which generation of a family a model's name says it is: a few request members exist for some generations only.

/// For example 2.5 of `gemini-2.5-flash`, 3.7 of `claude-3-7-sonnet-20250219`, 4.5 of `claude-opus-4-5@20251101`.
struct ModelVersion: Comparable {
  var major: Int
  var minor: Int

  init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// `nil` for another family and for a name without a number, such as `gemini-flash-latest`.
  init?(_ model: String, family: String) {
    let name = model.split(separator: "/").last ?? ""
    let words = name.split { "-@._:".contains($0) }
    guard words.first.map(String.init) == family,
      let first = words.firstIndex(where: { $0.count <= 2 && Int($0) != nil }), let major = Int(words[first])
    else { return nil }
    self.major = major
    // Longer numbers are dates and revisions.
    let next = words.dropFirst(first + 1).first ?? ""
    minor = next.count <= 2 ? Int(next) ?? 0 : 0
  }

  static func < (left: ModelVersion, right: ModelVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
