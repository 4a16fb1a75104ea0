// Finds the name that a misspelt, translated or half remembered one was meant to be: by its letters, and by the words it shares.

package enum NearestName {
  /// `nil` when nothing is near enough to be worth a guess.
  package static func nearest(to name: String, in known: some Sequence<String>) -> String? {
    let wanted = Name(name)
    var best: (name: String, likeness: Double)?
    for candidate in known where candidate != name {
      let likeness = wanted.likeness(to: Name(candidate))
      guard likeness >= 0.5 else { continue }
      if likeness > best?.likeness ?? 0 || likeness == best?.likeness && candidate < best?.name ?? "" {
        best = (candidate, likeness)
      }
    }
    return best?.name
  }

  /// `; did you mean "x"?`, or nothing.
  package static func hint(for name: String, in known: some Sequence<String>) -> String {
    nearest(to: name, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  private struct Name {
    let letters: [UInt8]
    let words: [String]

    init(_ text: String) {
      let lowered = text.lowercased()
      letters = Array(lowered.utf8.prefix(200))
      words = lowered.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    }

    /// 0 to 1. Letters count whole; words count alike in any order, each matched by its nearest, so that `request.errors` finds
    /// `llm.errors` and `llm.latency.p95` nothing by accident.
    func likeness(to other: Name) -> Double {
      // A namespace that both have says nothing about the rest.
      let shared = words.count > 1 && other.words.count > 1 && words[0] == other.words[0] ? words[0].utf8.count + 1 : 0
      let spelt = NearestName.likeness(Array(letters.dropFirst(shared)), Array(other.letters.dropFirst(shared)))
      return max(spelt >= 0.6 ? spelt : 0, 0.95 * sharedWords(with: other, from: shared > 0 ? 1 : 0))
    }

    private func sharedWords(with other: Name, from first: Int) -> Double {
      let (words, others) = (words.dropFirst(first), other.words.dropFirst(first))
      guard !words.isEmpty, !others.isEmpty else { return 0 }
      func share(_ from: ArraySlice<String>, _ to: ArraySlice<String>) -> (sum: Double, weight: Double) {
        from.reduce(into: (0.0, 0.0)) { sums, word in
          let weight = Double(min(word.utf8.count, 12))
          let best = to.map { NearestName.likeness(Array(word.utf8), Array($0.utf8)) }.max() ?? 0
          sums.0 += weight * (best >= 0.7 ? best : 0)
          sums.1 += weight
        }
      }
      let (here, there) = (share(words, others), share(others, words))
      let likeness = (here.sum + there.sum) / (here.weight + there.weight)
      // A name with words too many or too few, but each of them right, is nearer than one that is spelt alike.
      let isPart = Set(words).isSubset(of: others) || Set(others).isSubset(of: words)
      return isPart && likeness >= 0.4 ? 0.75 + 0.25 * likeness : likeness
    }
  }

  /// 1 less the edits a letter of the longer; a swap of neighbours is one edit.
  private static func likeness(_ left: [UInt8], _ right: [UInt8]) -> Double {
    let length = max(left.count, right.count)
    guard length > 0 else { return 1 }
    // The lengths alone make that many edits.
    guard abs(left.count - right.count) * 2 <= length else { return 0 }
    return 1 - Double(distance(left, right)) / Double(length)
  }

  /// The optimal string alignment distance, three rows at a time.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var before: [Int] = []
    var above = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        var edits = min(above[column + 1] + 1, current[column] + 1, above[column] + (left[row] == right[column] ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          edits = min(edits, before[column - 1] + 1)
        }
        current.append(edits)
      }
      (before, above) = (above, current)
    }
    return above[right.count]
  }
}
