// Where each kind of object lives in Datadog's API, and how its requests and answers are wrapped: one row a kind.

/// An object as Datadog has it.
package struct StoredObject: Hashable, Sendable {
  package let kind: DatadogObjectKind
  /// What Datadog calls it: a number, a hash or three times three letters.
  package let number: String
  package let json: JSONValue

  /// `nil` when the answer has no id.
  init?(_ kind: DatadogObjectKind, _ json: JSONValue) {
    guard let number = Self.number(of: json) else { return nil }
    self.kind = kind
    self.number = number
    self.json = json
  }

  static func number(of json: JSONValue) -> String? {
    json["id"]?.text ?? json["id"]?.double.flatMap { Int64(exactly: $0) }.map(String.init)
      ?? (json["data"]?["type"] == .string("downtime") ? json["data"]?["id"]?.text : nil)
  }

  /// Which of ours it is; `nil` for anybody else's.
  package var id: DatadogObjectID? { DatadogIdentity.id(of: json, as: kind) }

  /// The name that people know it by.
  package var title: String {
    json["name"]?.text ?? json["title"]?.text ?? json["metadata"]?["name"]?.text ?? "\(kind.rawValue) \(number)"
  }

  init(_ kind: DatadogObjectKind, number: String, _ json: JSONValue) {
    self.kind = kind
    self.number = number
    self.json = json
  }

  /// A downtime that was ended or cancelled is as good as deleted, though Datadog shows it for a while.
  var isOver: Bool {
    kind == .downtime && ["canceled", "ended"].contains(DowntimeText.attributes(of: json)?["status"]?.text ?? "")
  }
}

struct ObjectEndpoint: Sendable {
  /// How a list is read on.
  enum Paging: Sendable {
    /// From the last number seen, and where that is not heeded page by page.
    case afterNumber(size: Int)
    /// From a position, under these two names.
    case offset(size: Int, sizeName: String, offsetName: String)
  }

  let kind: DatadogObjectKind
  let path: String
  let paging: Paging
  /// The member of a list's answer that holds the objects; `nil` where the answer is the list.
  let listMember: String?
  /// Whether a single object comes as `{"data": …}`, alone or as the only one of a list.
  let isWrapped: Bool
  /// Whether a list holds whole objects.
  let listsAreWhole: Bool
  let readScope: String
  let writeScope: String

  init(_ kind: DatadogObjectKind) {
    self.kind = kind
    switch kind {
    case .monitor:
      path = "/api/v1/monitor"
      paging = .afterNumber(size: 500)
      listMember = nil
      isWrapped = false
      listsAreWhole = true
      readScope = "monitors_read"
      writeScope = "monitors_write"
    case .slo:
      path = "/api/v1/slo"
      paging = .offset(size: 500, sizeName: "limit", offsetName: "offset")
      listMember = "data"
      isWrapped = true
      listsAreWhole = true
      readScope = "slos_read"
      writeScope = "slos_write"
    case .dashboard:
      path = "/api/v1/dashboard"
      paging = .offset(size: 100, sizeName: "count", offsetName: "start")
      listMember = "dashboards"
      isWrapped = false
      listsAreWhole = false
      readScope = "dashboards_read"
      writeScope = "dashboards_write"
    case .downtime:
      path = "/api/v2/downtime"
      paging = .offset(size: 30, sizeName: "page[limit]", offsetName: "page[offset]")
      listMember = "data"
      isWrapped = true
      listsAreWhole = true
      readScope = "monitors_downtime"
      writeScope = "monitors_downtime"
    case .service:
      path = "/api/v2/catalog/entity"
      paging = .offset(size: 100, sizeName: "page[limit]", offsetName: "page[offset]")
      listMember = "data"
      isWrapped = true
      listsAreWhole = true
      readScope = "apm_service_catalog_read"
      writeScope = "apm_service_catalog_write"
    }
  }

  var plural: String { kind.folder }

  func list(_ query: [(String, String)]) -> DatadogCall {
    // Entries of the catalogue come as summaries; their definitions are beside them when asked for.
    let others = kind == .service ? [("filter[kind]", "service"), ("include", "schema")] : []
    return DatadogCall(.get, path, query: others + query, subject: "the list of \(plural)", scope: readScope)
  }

  func get(_ number: String, subject: String) -> DatadogCall {
    DatadogCall(.get, "\(path)/\(DatadogCall.escaped(number))", subject: subject, scope: readScope)
  }

  func create(_ json: JSONValue, subject: String) -> DatadogCall {
    DatadogCall(.post, path, body: json, subject: subject, scope: writeScope, isRepeatable: kind == .service)
  }

  func update(_ number: String, _ json: JSONValue, subject: String) -> DatadogCall {
    let place = "\(path)/\(DatadogCall.escaped(number))"
    switch kind {
    case .monitor, .slo, .dashboard:
      return DatadogCall(.put, place, body: Self.complete(json, kind: kind), subject: subject, scope: writeScope)
    case .downtime:
      var data = (json["data"] ?? json).members ?? [:]
      data["id"] = .string(number)
      return DatadogCall(.patch, place, body: .object(["data": .object(data)]), subject: subject, scope: writeScope)
    // What is sent takes the place of what has its name.
    case .service: return create(json, subject: subject)
    }
  }

  /// - Parameter force: also when another object uses it, which then is broken.
  func delete(_ number: String, force: Bool, subject: String) -> DatadogCall {
    DatadogCall(
      .delete, "\(path)/\(DatadogCall.escaped(number))",
      query: force && (kind == .monitor || kind == .slo) ? [("force", "true")] : [],
      subject: subject, scope: writeScope)
  }

  /// Only monitors have a check of their own. One that exists is checked under its number.
  func validate(_ json: JSONValue, number: String?, subject: String) -> DatadogCall? {
    guard kind == .monitor else { return nil }
    let place = number.map { "\(path)/\(DatadogCall.escaped($0))/validate" } ?? "\(path)/validate"
    return DatadogCall(.post, place, body: json, subject: subject, scope: writeScope)
  }

  /// Datadog leaves a monitor's members as they are when an update does not name them, so what is to go is named.
  static func complete(_ json: JSONValue, kind: DatadogObjectKind) -> JSONValue {
    guard kind == .monitor, case .object(var members) = json else { return json }
    for (key, value) in [("priority", JSONValue.null), ("tags", .array([])), ("message", .string("")), ("options", .object([:]))]
    {
      if members[key] == nil { members[key] = value }
    }
    return .object(members)
  }

  func unwrapped(_ answer: JSONValue) -> JSONValue {
    guard isWrapped, let data = answer["data"] else { return answer }
    return data.list?.first ?? data
  }

  /// `nil` when the answer is no list.
  func objects(in answer: JSONValue) -> [StoredObject]? {
    let list = listMember.map { answer[$0]?.list } ?? answer.list
    guard kind == .service else { return list?.compactMap { StoredObject(kind, $0) } }
    let included = Dictionary((answer["included"]?.list ?? []).map { ($0["id"]?.text ?? "", $0["attributes"]?["schema"]) }) { $1 }
    return list?.compactMap { entity in
      guard let name = entity["attributes"]?["name"]?.text else { return nil }
      let schema = entity["relationships"]?["schema"]?["data"]?["id"]?.text.flatMap { included[$0] ?? nil }
      return StoredObject(
        kind, number: Self.serviceNumber(name, entity["attributes"]?["namespace"]?.text),
        schema ?? .object(["metadata": .object(["name": .string(name), "tags": entity["attributes"]?["tags"] ?? .array([])])]))
    }
  }

  /// By what entries of the catalogue are addressed.
  static func serviceNumber(_ name: String, _ namespace: String?) -> String { "service:\(namespace ?? "default")/\(name)" }

  /// What was stored, from the answer to a creation or a change; `nil` when the answer does not say.
  func stored(_ answer: JSONValue, sent: JSONValue?) -> StoredObject? {
    guard kind == .service else { return StoredObject(kind, unwrapped(answer)) }
    // The answer is a summary: what was sent is what is kept.
    if let sent, let name = sent["metadata"]?["name"]?.text {
      return StoredObject(kind, number: Self.serviceNumber(name, sent["metadata"]?["namespace"]?.text), sent)
    }
    return objects(in: answer)?.first
  }
}
