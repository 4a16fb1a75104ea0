// What a configuration asks of a prompt version before users get it: a replay of a regression set, passed by that very version. Pure.

import LLMTelemetry
import Monitors

package struct ReplayRequirement: Hashable, Sendable {
  /// As it is configured: `sets/INC-1.jsonl`.
  package var file: String
  /// Its SHA-256, 64 hexadecimal digits.
  package var set: String
  /// The share of bad answers, 0 to 1, above which it is not passed.
  package var mostBad: Double?
  /// How old a replay may be.
  package var within: Duration
  package var allowance: Int
  package var ignored: Set<String>
  /// Whether a person may promote all the same, with a reason.
  package var mayOverride: Bool

  package init(
    file: String, set: String, mostBad: Double? = nil, within: Duration = .seconds(7 * 86_400), allowance: Int = 0,
    ignored: Set<String> = [], mayOverride: Bool = true
  ) {
    self.file = file
    self.set = set
    self.mostBad = mostBad
    self.within = within
    self.allowance = allowance
    self.ignored = ignored
    self.mayOverride = mayOverride
  }

  /// Why a version may not be promoted by its last replay of this set; `nil` where it may.
  func objection(to replay: RecordedReplay?, at: Timestamp) -> String? {
    guard let replay else { return "it was not replayed with \(file)" }
    let result = replay.result
    if at - replay.at > within { return "its replay with \(file) is \(Figure.duration(at - replay.at)) old" }
    if result.allowance > allowance {
      return "its replay let \(result.allowance) answers get worse, and \(allowance) are allowed"
    }
    if let scorer = result.ignored.sorted().first(where: { !ignored.contains($0) }) {
      return "its replay did not count \(scorer)"
    }
    guard result.verdict.passes(bad: result.badNow, of: result.judged, mostBad: mostBad) else {
      let most = mostBad.map { ", and at most \(Figure.percent($0)) may be" } ?? ""
      return "its replay was not passed: \(result.sentence)\(most)"
    }
    return nil
  }
}

/// A replay of the ledger.
package struct RecordedReplay: Hashable, Sendable {
  package let result: ReplayResult
  package let at: Timestamp
  package let actor: String
}

package enum PromotionGate {
  /// What belongs in the ledger before the promotion does; throws when the replay is missing and no reason is given.
  /// - Parameter command: that was refused, for the remedy.
  package static func entries(
    prompt: String, version: String, requirement: ReplayRequirement, replay: RecordedReplay?, overrideReason: String?,
    command: String, actor: String, at: Timestamp
  ) throws(CommandRefusal) -> [LedgerEntry] {
    guard let objection = requirement.objection(to: replay, at: at) else { return [] }
    let missing = "version \(version) of \(prompt) needs a passed replay before users get it: \(objection)"
    let remedy = "Replay it: `\(command) --require-replay \(requirement.file)`. Rolling back is never held up"
    guard let reason = overrideReason else {
      let way =
        requirement.mayOverride ? ". To promote all the same, say why, for the ledger: `\(command) --override-replay REASON`" : ""
      throw CommandRefusal("\(missing). \(remedy)\(way)")
    }
    guard requirement.mayOverride else {
      throw CommandRefusal("\(missing). \(remedy); the configuration says `override: never`, so no reason is enough")
    }
    return [
      .promotion(
        PromotionRecord(
          at: at, prompt: prompt, version: version, actor: actor,
          event: .replayOverridden(.init(missing: objection, reason: try CommandState.text(reason, "a reason", limit: 1_000)))))
    ]
  }
}
