// What became of each object of an apply, for people and for programs.

package struct ApplyResult: Hashable, Sendable {
  package enum Outcome: String, CaseIterable, Hashable, Sendable, Codable {
    case created, updated, replaced, deleted
    case unchanged = "no change"
    /// Somebody changed it in Datadog; it was left so.
    case held
    case failed
    /// It names something that failed.
    case skipped
    /// The run had ended before.
    case untried = "not tried"
  }

  package let id: DatadogObjectID
  package let outcome: Outcome
  package let number: String?
  /// Why, where it was not done.
  package let reason: String?
  /// What Datadog keeps otherwise than it was sent.
  package let kept: [ObjectPlan.Change]

  init(
    _ id: DatadogObjectID, _ outcome: Outcome, number: String? = nil, reason: String? = nil, kept: [ObjectPlan.Change] = []
  ) {
    self.id = id
    self.outcome = outcome
    self.number = number
    self.reason = reason
    self.kept = kept
  }

  /// Whether a person has to know.
  package var isWorthALine: Bool { outcome != .untried && (outcome != .unchanged || !kept.isEmpty) }

  /// One line; more when Datadog keeps something otherwise.
  package var line: String {
    let word = outcome.rawValue.padded(to: 9)
    let number = number.map { outcome == .created || outcome == .replaced ? " (\($0))" : "" } ?? ""
    let head = "\(word) \(id)\(number)\(reason.map { ": \($0)" } ?? "")"
    return
      ([head]
      + kept.map { "          Datadog keeps \($0.field) as \(PlanReport.short($0.after)), not as \(PlanReport.short($0.before))" })
      .joined(separator: "\n")
  }
}

package struct ApplyReport: Sendable {
  package let results: [ApplyResult]
  /// Why it ended before its time.
  package let end: String?
  /// Whether that was a key that does not suffice.
  package let endedForKeys: Bool
  package let ambiguous: [DatadogObjectID]

  package func count(_ outcome: ApplyResult.Outcome) -> Int { results.count { $0.outcome == outcome } }

  /// Whether everything is as it is wanted now.
  package var isComplete: Bool {
    ambiguous.isEmpty && !results.contains { [.held, .failed, .skipped, .untried].contains($0.outcome) }
  }

  package var sentence: String {
    let counts = ApplyResult.Outcome.allCases.compactMap { outcome -> String? in
      let count = count(outcome)
      return count > 0 ? "\(count) \(outcome.rawValue)" : nil
    }
    var text = (counts.isEmpty ? ["nothing to do"] : counts).joined(separator: ", ") + "."
    if count(.held) > 0 { text += " What was changed in Datadog is overwritten with --overwrite-drift." }
    if !ambiguous.isEmpty {
      let names = ambiguous.map(\.description).joined(separator: ", ")
      text += " More than one object in Datadog is \(names); delete all but one of each."
    }
    if !isComplete, count(.failed) + count(.skipped) + count(.untried) > 0 { text += " Apply again goes on from here." }
    return text
  }

  package var json: String {
    ObjectText.text(
      of: JSONValue(members: [
        "objects": .array(
          results.map { result in
            JSONValue(members: [
              "kind": .string(result.id.kind.rawValue), "name": .string(result.id.name),
              "outcome": .string(result.outcome.rawValue), "number": result.number.map { .string($0) },
              "reason": result.reason.map { .string($0) }, "kept": result.kept.isEmpty ? nil : PlanReport.json(of: result.kept),
            ])
          }),
        "ambiguous": .array(ambiguous.map { .object(["kind": .string($0.kind.rawValue), "name": .string($0.name)]) }),
        "end": end.map { .string($0) }, "complete": .bool(isComplete),
        "summary": .object(
          Dictionary(
            uniqueKeysWithValues: ApplyResult.Outcome.allCases.map { ($0.rawValue, JSONValue.number(Double(count($0)))) })),
      ]))
  }
}

extension String {
  func padded(to length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}
