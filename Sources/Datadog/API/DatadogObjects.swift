// Lists, reads, creates, changes and deletes objects of one organisation.

package struct DatadogObjects: Sendable {
  package let connection: DatadogConnection
  /// More pages than this are a server that never ends.
  private static let mostPages = 10_000
  /// How often is looked for something whose creation had no answer, before it is created again.
  private static let looks = 3
  private static let creations = 4

  package init(connection: DatadogConnection) { self.connection = connection }

  // MARK: Lists

  /// Every object of a kind, whoever made it, without those that a list does not hold whole.
  package func list(_ kind: DatadogObjectKind, filter: [(String, String)] = []) async throws(DatadogFailure) -> [StoredObject] {
    let endpoint = ObjectEndpoint(kind)
    switch endpoint.paging {
    case .afterNumber(let size): return try await listAfterNumber(endpoint, size: size, filter: filter)
    case .offset(let size, let sizeName, let offsetName):
      return try await listByOffset(endpoint, size: size, sizeName: sizeName, offsetName: offsetName, filter: filter)
    }
  }

  /// Every object of a kind as a whole. Where lists are short, each is fetched that `isWanted`; the others stay short.
  package func all(
    _ kind: DatadogObjectKind, where isWanted: @Sendable (StoredObject) -> Bool = { _ in true }
  ) async throws(DatadogFailure) -> [StoredObject] {
    let listed = try await list(kind)
    guard !ObjectEndpoint(kind).listsAreWhole else { return listed }
    var whole: [StoredObject] = []
    for object in listed {
      // One that went meanwhile is no error.
      if !isWanted(object) { whole.append(object) } else if let found = try await get(object) { whole.append(found) }
    }
    return whole
  }

  /// Everything a plan needs: ours as whole objects, of the others at least that they are there.
  /// - Parameter state: what was applied is read as a whole too, though somebody took its identity away.
  package func live(
    _ kinds: [DatadogObjectKind] = DatadogObjectKind.allCases, and state: ApplyState? = nil
  ) async throws(DatadogFailure) -> [StoredObject] {
    let applied = Set(state?.entries.values.map(\.number) ?? [])
    var found: [StoredObject] = []
    for kind in kinds { found += try await all(kind) { $0.id != nil || applied.contains($0.number) } }
    return found
  }

  private func page(_ endpoint: ObjectEndpoint, _ query: [(String, String)]) async throws(DatadogFailure) -> [StoredObject] {
    try await pageAndCount(endpoint, query).objects
  }

  /// What is there, and how many more the page held that are over.
  private func pageAndCount(
    _ endpoint: ObjectEndpoint, _ query: [(String, String)]
  ) async throws(DatadogFailure) -> (objects: [StoredObject], count: Int) {
    let answer = try await connection.answer(to: endpoint.list(query))
    guard let list = endpoint.objects(in: answer) else {
      throw DatadogFailure(.unreadable, "the list of \(endpoint.plural): Datadog's answer holds none; is the site right?")
    }
    return (list.filter { !$0.isOver }, list.count)
  }

  private func listAfterNumber(
    _ endpoint: ObjectEndpoint, size: Int, filter: [(String, String)]
  ) async throws(DatadogFailure) -> [StoredObject] {
    var found: [StoredObject] = []
    var last: Int64 = 0
    for _ in 0..<Self.mostPages {
      let page = try await page(endpoint, filter + [("id_offset", String(last)), ("page_size", String(size))])
      let numbers = page.compactMap { Int64($0.number) }
      guard let next = numbers.last else { return found }
      // Only where numbers go on and grow is the last one a place to read on from.
      guard (numbers.first ?? 0) > last, zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
        return try await listByPage(endpoint, size: size, filter: filter)
      }
      found += page
      last = next
    }
    throw endless(endpoint)
  }

  private func listByPage(
    _ endpoint: ObjectEndpoint, size: Int, filter: [(String, String)]
  ) async throws(DatadogFailure) -> [StoredObject] {
    var (found, seen): ([StoredObject], Set<String>) = ([], [])
    for number in 0..<Self.mostPages {
      let page = try await page(endpoint, filter + [("page", String(number)), ("page_size", String(size))])
      let new = page.filter { seen.insert($0.number).inserted }
      found += new
      // A server may give fewer than were asked for; only a page without anything new is the end.
      if new.isEmpty { return found }
    }
    throw endless(endpoint)
  }

  private func listByOffset(
    _ endpoint: ObjectEndpoint, size: Int, sizeName: String, offsetName: String, filter: [(String, String)]
  ) async throws(DatadogFailure) -> [StoredObject] {
    var (found, seen): ([StoredObject], Set<String>) = ([], [])
    var offset = 0
    for _ in 0..<Self.mostPages {
      let (page, count) = try await pageAndCount(endpoint, filter + [(sizeName, String(size)), (offsetName, String(offset))])
      let new = page.filter { seen.insert($0.number).inserted }
      found += new
      if count == 0 || new.isEmpty && count == page.count { return found }
      offset += count
    }
    throw endless(endpoint)
  }

  private func endless(_ endpoint: ObjectEndpoint) -> DatadogFailure {
    DatadogFailure(.unreadable, "the list of \(endpoint.plural): it does not end after \(Self.mostPages) pages")
  }

  // MARK: One object

  /// `nil` when it is not there any more.
  package func get(_ object: StoredObject) async throws(DatadogFailure) -> StoredObject? {
    try await get(object.kind, object.number, subject: object.id?.description ?? "\(object.kind.rawValue) \(object.number)")
  }

  package func get(_ kind: DatadogObjectKind, _ number: String, subject: String) async throws(DatadogFailure) -> StoredObject? {
    let endpoint = ObjectEndpoint(kind)
    do {
      if kind == .service { return try await list(kind).first { $0.number == number } }
      let found = try stored(endpoint, try await connection.answer(to: endpoint.get(number, subject: subject)), subject)
      return found.isOver ? nil : found
    } catch  where error.reason == .notFound {
      return nil
    }
  }

  /// Creates an object once: when no answer comes, its identity is looked for before it is sent again.
  package func create(_ object: CompiledObject) async throws(DatadogFailure) -> StoredObject {
    let endpoint = ObjectEndpoint(object.id.kind)
    let call = endpoint.create(object.json, subject: object.id.description)
    for attempt in 1... {
      do {
        return try stored(endpoint, try await connection.answer(to: call), call.subject, sent: object.json)
      } catch  where error.reason == .unknown || error.reason == .unreadable {
        // What was just made may take a moment to be found.
        for look in 1...Self.looks {
          try await connection.pauseBeforeLooking(look, call)
          let present = try await find(object.id)
          if let only = present.first, present.count == 1 { return only }
          if present.count > 1 {
            throw DatadogFailure(
              .refused, "\(object.id): there are \(present.count) of it in Datadog; delete all but one, and apply again")
          }
        }
        guard attempt < Self.creations, error.reason == .unknown else { throw error }
      }
    }
    throw DatadogFailure(.unknown, "\(object.id): could not be created; run it again")
  }

  /// Those that have an identity now.
  package func find(_ id: DatadogObjectID) async throws(DatadogFailure) -> [StoredObject] {
    let tag = "\(CompileSettings.identityKey):\(id.name)"
    let filter: [(String, String)] =
      switch id.kind {
      case .monitor: [("monitor_tags", tag)]
      case .slo: [("tags_query", tag)]
      case .dashboard, .downtime, .service: []
      }
    let found = try await list(id.kind, filter: filter).filter { $0.id == id }
    guard !ObjectEndpoint(id.kind).listsAreWhole else { return found }
    var whole: [StoredObject] = []
    for object in found { if let object = try await get(object) { whole.append(object) } }
    return whole
  }

  package func update(_ number: String, to object: CompiledObject) async throws(DatadogFailure) -> StoredObject {
    let endpoint = ObjectEndpoint(object.id.kind)
    let call = endpoint.update(number, object.json, subject: object.id.description)
    return try stored(endpoint, try await connection.answer(to: call), call.subject, sent: object.json)
  }

  /// One that is not there is as good as deleted.
  package func delete(_ object: StoredObject, force: Bool = false) async throws(DatadogFailure) {
    let subject = object.id?.description ?? "\(object.kind.rawValue) \(object.number)"
    do {
      _ = try await connection.answer(to: ObjectEndpoint(object.kind).delete(object.number, force: force, subject: subject))
    } catch  where error.reason == .notFound {
      return
    }
  }

  /// Datadog's own check of a monitor, which changes nothing; other kinds have none.
  package func validate(_ object: CompiledObject, number: String? = nil) async throws(DatadogFailure) {
    let endpoint = ObjectEndpoint(object.id.kind)
    guard let call = endpoint.validate(object.json, number: number, subject: object.id.description) else { return }
    _ = try await connection.answer(to: call)
  }

  /// What Datadog says against the monitors that a plan would create or change. Those that name objects which are not there yet are
  /// left out.
  package func complaints(_ plan: ObjectPlan, wanted: [CompiledObject]) async throws(DatadogFailure) -> [String] {
    let steps = Dictionary(plan.steps.map { ($0.id, $0) }) { first, _ in first }
    var complaints: [String] = []
    for object in wanted where object.id.kind == .monitor {
      guard let step = steps[object.id], step.action == .create || step.action == .update,
        ObjectReferences.of(object).allSatisfy({ plan.numbers[$0] != nil })
      else { continue }
      let json = ObjectReferences.resolved(object.json, kind: .monitor, numbers: plan.numbers)
      do {
        try await validate(CompiledObject(object.id, json), number: step.number)
      } catch {
        if error.reason != .refused { throw error }
        complaints.append(error.description)
      }
    }
    return complaints
  }

  private func stored(
    _ endpoint: ObjectEndpoint, _ answer: JSONValue, _ subject: String, sent: JSONValue? = nil
  ) throws(DatadogFailure) -> StoredObject {
    guard let object = endpoint.stored(answer, sent: sent) else {
      throw DatadogFailure(.unreadable, "\(subject): Datadog's answer has no id; plan again to see what is there")
    }
    return object
  }
}
