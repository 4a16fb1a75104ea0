// What came out when a regression set was asked again with a version: the figures a promotion may depend on.

import LLMTelemetry

package enum ReplayVerdict: String, Hashable, Sendable, Codable {
  case better, same, worse
  /// Too many requests had no answer for a reason that is not the candidate's.
  case undecided

  /// Enough to promote by: better, or as good as it can be; and no more bad answers than allowed.
  /// - Parameter mostBad: their share, 0 to 1.
  package func passes(bad: Int, of judged: Int, mostBad: Double?) -> Bool {
    Double(bad) <= (mostBad ?? 1) * Double(judged) + 1e-9 && (self == .better || (self == .same && bad == 0))
  }
}

/// Written down by whoever replayed; texts stay where they are.
package struct ReplayResult: Hashable, Sendable, Codable {
  /// The set's SHA-256, 64 hexadecimal digits.
  package var set: String
  /// `INC-1.jsonl`
  package var name: String
  package var requests: Int
  /// Those that could not be asked.
  package var unanswered: Int
  package var badThen: Int
  package var badNow: Int
  package var verdict: ReplayVerdict
  /// How many more answers were allowed to get worse than better.
  package var allowance: Int
  /// Scorers that did not count.
  package var ignored: [String]

  package init(
    set: String, name: String, requests: Int, unanswered: Int, badThen: Int, badNow: Int, verdict: ReplayVerdict,
    allowance: Int = 0, ignored: [String] = []
  ) {
    self.set = set
    self.name = name
    self.requests = requests
    self.unanswered = unanswered
    self.badThen = badThen
    self.badNow = badNow
    self.verdict = verdict
    self.allowance = allowance
    self.ignored = ignored
  }

  package var judged: Int { requests - unanswered }

  /// What cannot be so; `nil` where the figures agree.
  package var contradiction: String? {
    guard set.utf8.count == 64, set.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      return "`set` is the set's SHA-256 in 64 hexadecimal digits"
    }
    guard (1...200).contains(name.utf8.count), ignored.count <= 20, ignored.allSatisfy({ $0.utf8.count <= 100 }) else {
      return "`name` has 1 to 200 bytes, and `ignored` at most 20 scorers"
    }
    guard (1...1_000_000).contains(requests), (0...requests).contains(unanswered), (0...judged).contains(badThen),
      (0...judged).contains(badNow), (0...requests).contains(allowance)
    else { return "of `requests`, `unanswered`, `badThen`, `badNow` and `allowance` none is more than there were requests" }
    return nil
  }

  /// `INC-1.jsonl: better, 12 of 40 bad then, 1 now`
  package var sentence: String { "\(name): \(verdict.rawValue), \(badThen) of \(judged) bad then, \(badNow) now" }
}
