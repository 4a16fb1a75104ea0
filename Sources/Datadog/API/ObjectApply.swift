// Carries a plan out, object by object: what one object's failure means for others, what is remembered after each.

package struct ObjectApply: Sendable {
  package struct Options: Hashable, Sendable {
    /// Whether what somebody changed in Datadog is changed back.
    package var overwritesDrift = false
    /// Whether an object whose type changes, which Datadog allows of none, is deleted and made anew.
    package var replaces = false
    /// Whether what other objects use is deleted all the same.
    package var forces = false

    package init(overwritesDrift: Bool = false, replaces: Bool = false, forces: Bool = false) {
      self.overwritesDrift = overwritesDrift
      self.replaces = replaces
      self.forces = forces
    }
  }

  let objects: DatadogObjects
  let options: Options
  /// Remembers how an object is now; `nil` when it was deleted.
  let remember: @Sendable (DatadogObjectID, ApplyState.Entry?) throws -> Void
  let onResult: @Sendable (ApplyResult) -> Void

  package init(
    objects: DatadogObjects, options: Options = Options(),
    remember: @escaping @Sendable (DatadogObjectID, ApplyState.Entry?) throws -> Void,
    onResult: @escaping @Sendable (ApplyResult) -> Void = { _ in }
  ) {
    self.objects = objects
    self.options = options
    self.remember = remember
    self.onResult = onResult
  }

  /// - Parameters:
  ///   - state: what is remembered already; unchanged objects are remembered when they are not.
  ///   - pack: whose objects these are; what is remembered of other packs stays.
  package func run(_ plan: ObjectPlan, wanted: [CompiledObject], state: ApplyState, pack: String? = nil) async -> ApplyReport {
    var run = ApplyRun(plan: plan)
    let order = ApplyOrder(wanted)
    for object in order.objects {
      guard let step = run.steps[object.id] else { continue }
      let result = await apply(step, object, references: order.references[object.id] ?? [], state: state, run: &run)
      run.add(result)
      onResult(result)
    }
    for id in deletions(plan) {
      guard let step = run.steps[id] else { continue }
      let result = await delete(step, run: &run)
      run.add(result)
      onResult(result)
    }
    run.end = run.end ?? forget(plan, wanted: wanted, state: state, pack: pack)
    return ApplyReport(results: run.results, end: run.end, endedForKeys: run.endedForKeys, ambiguous: plan.ambiguous)
  }

  /// Forgets what is neither there nor wanted any more. Returns why it could not.
  private func forget(_ plan: ObjectPlan, wanted: [CompiledObject], state: ApplyState, pack: String?) -> String? {
    let kept = Set(wanted.map(\.id)).union(plan.numbers.keys)
    do {
      for id in state.entries.keys.sorted() where id.pack == pack && !kept.contains(id) { try remember(id, nil) }
      return nil
    } catch {
      return "the state file cannot be written: \(error)"
    }
  }

  private func deletions(_ plan: ObjectPlan) -> [DatadogObjectID] {
    let steps = plan.steps.filter { $0.action == .delete }
    let references = steps.compactMap { step in
      step.before.map { (step.id, ObjectReferences.of(CompiledObject(step.id, $0))) }
    }
    return ApplyOrder.forDeletion(steps.map(\.id), references: Dictionary(references) { first, _ in first })
  }

  // MARK: Create, update

  private func apply(
    _ step: ObjectPlan.Step, _ object: CompiledObject, references: Set<DatadogObjectID>, state: ApplyState, run: inout ApplyRun
  ) async -> ApplyResult {
    if run.end != nil { return ApplyResult(object.id, .untried, number: step.number) }
    // What it names has another number now.
    let isMoved = references.contains { run.replaced.contains($0) }
    let isUnchanged = step.action == .unchanged && !isMoved
    if !isUnchanged, let failed = references.sorted().first(where: { run.failed.contains($0) }) {
      return ApplyResult(object.id, .skipped, number: step.number, reason: "depends on \(failed)")
    }
    if !isUnchanged, let missing = references.sorted().first(where: { run.numbers[$0] == nil }) {
      return ApplyResult(
        object.id, .failed, number: step.number,
        reason: "names \(missing), which is not in Datadog and not among the definitions; define it, or take the name out")
    }
    let resolved = CompiledObject(
      object.id, ObjectReferences.resolved(object.json, kind: object.id.kind, numbers: run.numbers))
    do {
      switch step.action {
      case .unchanged where !isMoved: return try unchanged(step, object, state: state, run)
      case .create:
        return try done(object, try await objects.create(resolved), .created, &run)
      case .update, .unchanged:
        guard step.drift.isEmpty || options.overwritesDrift else { return held(step) }
        return try await update(step, object, resolved, &run)
      case .delete: return ApplyResult(object.id, .failed, reason: "is wanted and to be deleted at once; plan again")
      }
    } catch let failure as DatadogFailure {
      run.note(failure)
      return ApplyResult(object.id, .failed, number: step.number, reason: failure.description)
    } catch {
      // Without memory there is no going on.
      run.end = "the state file cannot be written: \(error)"
      return ApplyResult(object.id, .failed, number: step.number, reason: run.end)
    }
  }

  private func unchanged(
    _ step: ObjectPlan.Step, _ object: CompiledObject, state: ApplyState, _ run: ApplyRun
  ) throws -> ApplyResult {
    if let number = step.number, let before = step.before {
      let entry = ApplyState.Entry(number: number, sent: run.form(object.json, object.id.kind), kept: before)
      if state.entries[object.id] != entry { try remember(object.id, entry) }
    }
    return ApplyResult(object.id, .unchanged, number: step.number)
  }

  private func update(
    _ step: ObjectPlan.Step, _ object: CompiledObject, _ resolved: CompiledObject, _ run: inout ApplyRun
  ) async throws -> ApplyResult {
    let number = step.number ?? ""
    guard let live = try await objects.get(object.id.kind, number, subject: object.id.description) else {
      throw DatadogFailure(.refused, "\(object.id): was deleted in Datadog meanwhile; apply again to make it anew")
    }
    if let change = meanwhile(step, live, run) { throw change }
    guard !Self.changesType(live.json, object.json) else {
      guard options.replaces else {
        throw DatadogFailure(
          .refused,
          """
          \(object.id): Datadog does not change a type (\(live.json["type"]?.text ?? "?") to \(object.json["type"]?.text ?? "?")); \
          --replace deletes it and makes it anew, with another number and without its history
          """)
      }
      try await objects.delete(live, force: options.forces)
      try remember(object.id, nil)
      run.replaced.insert(object.id)
      return try done(object, try await objects.create(resolved), .replaced, &run)
    }
    return try done(object, try await objects.update(number, to: resolved), .updated, &run)
  }

  /// Remembers what Datadog made of an object.
  private func done(
    _ object: CompiledObject, _ stored: StoredObject, _ outcome: ApplyResult.Outcome, _ run: inout ApplyRun
  ) throws -> ApplyResult {
    run.numbers[object.id] = stored.number
    let sent = run.form(object.json, object.id.kind)
    let kept = run.form(stored.json, object.id.kind)
    try remember(object.id, ApplyState.Entry(number: stored.number, sent: sent, kept: kept))
    return ApplyResult(object.id, outcome, number: stored.number, kept: ObjectChanges.between(sent, kept))
  }

  /// Two names of one type are one.
  static func changesType(_ before: JSONValue, _ after: JSONValue) -> Bool {
    guard let old = before["type"]?.text, let new = after["type"]?.text else { return false }
    func name(_ type: String) -> String { type == "metric alert" ? "query alert" : type }
    return name(old) != name(new)
  }

  private func held(_ step: ObjectPlan.Step) -> ApplyResult {
    let fields = step.drift.map(\.field).joined(separator: ", ")
    return ApplyResult(
      step.id, .held, number: step.number,
      reason:
        "changed in Datadog since it was applied (\(fields)); --overwrite-drift takes that back, or write it into the definition")
  }

  /// What somebody did between the plan and now.
  private func meanwhile(_ step: ObjectPlan.Step, _ live: StoredObject, _ run: ApplyRun) -> DatadogFailure? {
    guard let before = step.before else { return nil }
    let changes = ObjectChanges.between(before, run.planned(live.json, step.id.kind))
    guard !changes.isEmpty else { return nil }
    let fields = changes.map(\.field).joined(separator: ", ")
    return DatadogFailure(.refused, "\(step.id): was changed in Datadog while this ran (\(fields)); plan again")
  }

  // MARK: Delete

  private func delete(_ step: ObjectPlan.Step, run: inout ApplyRun) async -> ApplyResult {
    if run.end != nil { return ApplyResult(step.id, .untried, number: step.number) }
    guard step.drift.isEmpty || options.overwritesDrift else { return held(step) }
    do {
      if let live = try await objects.get(step.id.kind, step.number ?? "", subject: step.id.description) {
        if let change = meanwhile(step, live, run) { throw change }
        guard live.id == step.id, DatadogIdentity.isOwned(live.json, as: step.id.kind) else {
          throw DatadogFailure(.refused, "\(step.id): is not ours any more, and was left alone")
        }
        try await objects.delete(live, force: options.forces)
      }
      try remember(step.id, nil)
      return ApplyResult(step.id, .deleted, number: step.number)
    } catch let failure as DatadogFailure {
      run.note(failure)
      return ApplyResult(step.id, .failed, number: step.number, reason: failure.description)
    } catch {
      run.end = "the state file cannot be written: \(error)"
      return ApplyResult(step.id, .failed, number: step.number, reason: run.end)
    }
  }
}

/// What is known while a plan is carried out.
struct ApplyRun: Sendable {
  let steps: [DatadogObjectID: ObjectPlan.Step]
  private(set) var results: [ApplyResult] = []
  private(set) var failed: Set<DatadogObjectID> = []
  /// Those that were deleted and made anew.
  var replaced: Set<DatadogObjectID> = []
  /// Datadog's names of all objects that are there.
  var numbers: [DatadogObjectID: String]
  /// Those that the plan knew.
  private let plannedNames: ReferenceNames
  var end: String?
  var endedForKeys = false

  init(plan: ObjectPlan) {
    steps = Dictionary(plan.steps.map { ($0.id, $0) }) { first, _ in first }
    numbers = plan.numbers
    plannedNames = ReferenceNames(numbers: plan.numbers)
  }

  /// Whether it ends the run: whatever comes next would fail alike.
  mutating func note(_ failure: DatadogFailure) {
    guard failure.endsTheRun else { return }
    end = failure.description
    endedForKeys = failure.reason == .keys
  }

  mutating func add(_ result: ApplyResult) {
    results.append(result)
    if [.failed, .skipped, .untried].contains(result.outcome) { failed.insert(result.id) }
  }

  func form(_ json: JSONValue, _ kind: DatadogObjectKind) -> JSONValue {
    CanonicalForm.of(ReferenceNames(numbers: numbers).symbolic(json, kind: kind), kind: kind)
  }

  func planned(_ json: JSONValue, _ kind: DatadogObjectKind) -> JSONValue {
    CanonicalForm.of(plannedNames.symbolic(json, kind: kind), kind: kind)
  }
}
