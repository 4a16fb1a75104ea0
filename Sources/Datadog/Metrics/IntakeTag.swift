// Tags as Datadog stores them: two that it would store as one must be one before points are added up.

import LLMMetrics

enum IntakeTag {
  /// Characters of one tag that Datadog keeps.
  static let lengthLimit = 200

  /// Lower case; letters, digits and `_ - : . /`, all else as `_`; no `_` after another or at the end; at most 200 characters.
  static func normalized(_ tag: String) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in DogStatsDLine.sanitized(tag).lowercased().unicodeScalars {
      // Lower case may bring combining marks that no tag keeps.
      let kept = DogStatsDLine.isKept(scalar) ? scalar : "_"
      if kept == "_", result.last == "_" { continue }
      if count == lengthLimit { break }
      result.append(kept)
      count += 1
    }
    while result.last == "_" { result.removeLast() }
    return String(result)
  }

  /// Of a series, with the constant ones it has not itself; sorted, so that equal sets are equal lists.
  static func all(_ tags: TagSet, constantTags: TagSet) -> [String] {
    let all = tags.tags + constantTags.tags.filter { tags[$0.name] == nil }
    return Set(all.map { normalized("\($0.name):\($0.value)") }).sorted()
  }
}
