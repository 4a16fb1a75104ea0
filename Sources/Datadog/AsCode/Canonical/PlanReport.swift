// A plan as people read it, and as programs do.

package struct PlanReport: Sendable {
  private let plan: ObjectPlan
  private let isLive: Bool

  /// - Parameter isLive: whether it is about objects in Datadog, rather than saved ones.
  package init(_ plan: ObjectPlan, isLive: Bool = false) {
    self.plan = plan
    self.isLive = isLive
  }

  /// Every object that differs, with its fields; those that do not, as a number.
  package var text: String {
    var lines: [String] = []
    for step in plan.steps where step.action != .unchanged {
      lines.append("\(step.action.rawValue)  \(step.id)\(step.vanished ? " (deleted in Datadog since it was applied)" : "")")
      for change in step.changes {
        lines.append("        \(change.field): \(Self.short(change.before)) -> \(Self.short(change.after))")
      }
      for change in step.drift {
        lines.append(
          "        drift: \(change.field) was changed in Datadog: \(Self.short(change.before)) -> \(Self.short(change.after))")
      }
    }
    for id in plan.ambiguous {
      lines.append("two of    \(id): more than one \(isLive ? "" : "saved ")object has this identity; nothing is decided")
    }
    lines.append(sentence)
    return lines.joined(separator: "\n")
  }

  package var sentence: String {
    "\(plan.count(.create)) to create, \(plan.count(.update)) to update, \(plan.count(.delete)) to delete, "
      + "\(plan.count(.unchanged)) as they should be; \(plan.foreign) \(isLive ? "" : "saved ")objects are not ours."
  }

  package var json: String {
    let steps = plan.steps.map { step in
      JSONValue(members: [
        "kind": .string(step.id.kind.rawValue), "name": .string(step.id.name), "action": .string(step.action.rawValue),
        "changes": Self.json(of: step.changes), "drift": step.drift.isEmpty ? nil : Self.json(of: step.drift),
        "vanished": step.vanished ? .bool(true) : nil,
      ])
    }
    return ObjectText.text(
      of: .object([
        "objects": .array(steps),
        "ambiguous": .array(plan.ambiguous.map { .object(["kind": .string($0.kind.rawValue), "name": .string($0.name)]) }),
        "foreign": .number(Double(plan.foreign)),
        "summary": .object(
          Dictionary(
            uniqueKeysWithValues: ObjectPlan.Action.allCases.map { ($0.rawValue, JSONValue.number(Double(plan.count($0)))) })),
      ]))
  }

  static func json(of changes: [ObjectPlan.Change]) -> JSONValue {
    .array(
      changes.map { change in
        JSONValue(members: ["field": .string(change.field), "before": change.before, "after": change.after])
      })
  }

  /// On one line, and not longer than one.
  static func short(_ value: JSONValue?) -> String {
    guard let value else { return "nothing" }
    let text = ObjectText.line(of: value)
    return text.count <= 120 ? text : "\(text.prefix(119))…"
  }
}
