// How the stub answers: lists by pages, single objects, limits and refusals.

import Delivery
import Foundation

@testable import Datadog

extension DatadogStub {
  static func json(_ status: Int, _ value: JSONValue, _ headers: [(name: String, value: String)] = []) -> DeliveryResponse {
    DeliveryResponse(
      status: status, headers: [("Content-Type", "application/json")] + headers, body: Array(ObjectText.text(of: value).utf8))
  }

  static func refusal(_ status: Int, _ words: String) -> DeliveryResponse {
    json(status, .object(["errors": .strings([words])]))
  }

  static func answer(_ request: Request, keys: [String: String], _ state: inout State) -> DeliveryResponse {
    guard keys["dd-api-key"] == state.settings.apiKey else {
      return request.path == "/api/v1/validate" ? refusal(403, "Forbidden") : refusal(403, "Forbidden")
    }
    if request.path == "/api/v1/validate" { return json(200, .object(["valid": .bool(true)])) }
    guard keys["dd-application-key"] == state.settings.applicationKey else { return refusal(403, "Forbidden") }
    let parts = request.path.split(separator: "/").map(String.init)
    let isCatalog = parts.count >= 4 && parts[2] == "catalog" && parts[3] == "entity"
    guard parts.count >= 3, let kind = isCatalog ? .service : DatadogObjectKind(rawValue: parts[2]),
      parts[1] == (kind == .downtime || kind == .service ? "v2" : "v1")
    else { return refusal(404, "Not found") }
    let endpoint = ObjectEndpoint(kind)
    let scope = request.method == "GET" ? endpoint.readScope : endpoint.writeScope
    if let scopes = state.settings.scopes, !scopes.contains(scope) {
      return json(
        403, .object(["errors": .array([.object(["title": .string("Forbidden"), "detail": .string("Missing scope")])])]))
    }
    if let limited = overLimit(kind, &state) { return limited }
    let rest = Array(parts.dropFirst(isCatalog ? 4 : 3))
    switch (request.method, rest.count) {
    case ("GET", 0): return list(kind, request.query, state)
    case ("POST", 0): return create(kind, request.body ?? .null, &state)
    case ("POST", _) where rest.last == "validate":
      let words = complaint(about: request.body ?? .null, kind, state)
      return words.map { refusal(400, $0) } ?? json(200, .object([:]))
    case (_, 1): return one(request, kind, rest[0], &state)
    default: return refusal(404, "Not found")
    }
  }

  private static func overLimit(_ kind: DatadogObjectKind, _ state: inout State) -> DeliveryResponse? {
    guard let limit = state.settings.limit else { return nil }
    if state.time - state.window.start >= Double(limit.period) {
      let periods = ((state.time - state.window.start) / Double(limit.period)).rounded(.down)
      state.window = (state.window.start + periods * Double(limit.period), 0)
    }
    state.window.count += 1
    guard state.window.count > limit.requests else { return nil }
    let reset = Int((state.window.start + Double(limit.period) - state.time).rounded(.up))
    let headers = [
      ("X-RateLimit-Limit", limit.requests), ("X-RateLimit-Period", limit.period), ("X-RateLimit-Remaining", 0),
      ("X-RateLimit-Reset", reset),
    ].map { (name: $0.0, value: String($0.1)) }
    return json(
      429, .object(["errors": .strings(["Rate limit of \(limit.requests) requests in \(limit.period) seconds reached."])]),
      headers + [(name: "X-RateLimit-Name", value: "\(kind.folder)_api")])
  }

  private static func list(_ kind: DatadogObjectKind, _ query: [String: String], _ state: State) -> DeliveryResponse {
    var objects = state.objects.filter { $0.kind == kind && state.requests.count - $0.createdAt > state.settings.listsLag }
    if let tag = query["monitor_tags"] ?? query["tags_query"] {
      objects = objects.filter { $0.json["tags"]?.list?.contains(.string(tag)) == true }
    }
    func number(_ name: String) -> Int? { query[name].flatMap { Int($0) } }
    switch kind {
    case .monitor:
      if state.settings.knowsOffsets, let offset = number("id_offset") {
        objects = Array(
          objects.filter { (Int($0.number) ?? 0) > offset }.prefix(min(number("page_size") ?? 100, state.settings.longestPage)))
      } else if let page = number("page") ?? number("id_offset").map({ _ in 0 }) {
        let size = number("page_size") ?? 100
        objects = Array(objects.dropFirst(page * size).prefix(size))
      }
      return json(200, .array(objects.map(\.json)))
    case .slo:
      let size = min(number("limit") ?? 1_000, state.settings.longestPage)
      let page = objects.dropFirst(number("offset") ?? 0).prefix(size)
      return json(
        200,
        .object([
          "data": .array(page.map(\.json)), "errors": .array([]),
          "metadata": .object(["page": .object(["total_count": .number(Double(objects.count))])]),
        ]))
    case .dashboard:
      let size = min(number("count") ?? 100, state.settings.longestPage)
      let page = objects.dropFirst(number("start") ?? 0).prefix(size)
      let shown: Set<String> = ["id", "title", "description", "layout_type", "url", "is_read_only", "created_at", "modified_at"]
      return json(
        200, .object(["dashboards": .array(page.map { .object(($0.json.members ?? [:]).filter { shown.contains($0.key) }) })]))
    case .downtime, .service:
      let size = min(number("page[limit]") ?? 30, state.settings.longestPage)
      let page = objects.dropFirst(number("page[offset]") ?? 0).prefix(size)
      guard kind == .service else { return json(200, .object(["data": .array(page.map(\.json))])) }
      return json(
        200,
        .object([
          "data": .array(page.map { entity($0) }),
          "included": query["include"] == "schema"
            ? .array(page.map { .object(["id": .string("s-\($0.number)"), "attributes": .object(["schema": $0.json])]) })
            : .array([]),
        ]))
    }
  }

  private static func create(_ kind: DatadogObjectKind, _ body: JSONValue, _ state: inout State) -> DeliveryResponse {
    if let words = complaint(about: body, kind, state) { return refusal(400, words) }
    if kind == .service {
      let name = body["metadata"]?["name"]?.text
      state.objects.removeAll { $0.kind == .service && $0.json["metadata"]?["name"]?.text == name }
    }
    let stored = store(kind, body, &state)
    guard kind == .service, let last = state.objects.last else { return json(200, wrapped(stored, kind)) }
    return json(202, .object(["data": .array([entity(last)]), "meta": .object(["count": .number(1)])]))
  }

  /// The catalogue shows a summary; definitions are beside it.
  private static func entity(_ stored: Stored) -> JSONValue {
    .object([
      "id": .string("e-\(stored.number)"), "type": .string("entity"),
      "attributes": .object([
        "name": stored.json["metadata"]?["name"] ?? .null, "namespace": .string("default"), "kind": .string("service"),
        "apiVersion": .string("v3"), "tags": stored.json["metadata"]?["tags"] ?? .array([]),
      ]),
      "relationships": .object([
        "schema": .object(["data": .object(["id": .string("s-\(stored.number)"), "type": .string("schema")])])
      ]),
    ])
  }

  private static func wrapped(_ json: JSONValue, _ kind: DatadogObjectKind, isOne: Bool = false) -> JSONValue {
    if kind == .downtime { return .object(["data": json]) }
    guard kind == .slo else { return json }
    return .object(["data": isOne ? json : .array([json]), "error": .null])
  }

  private static func one(
    _ request: Request, _ kind: DatadogObjectKind, _ number: String, _ state: inout State
  ) -> DeliveryResponse {
    guard let index = state.objects.firstIndex(where: { $0.kind == kind && $0.number == number }) else {
      return refusal(
        404, kind == .monitor ? "Monitor not found" : kind == .slo ? "SLO not found" : "Dashboard with ID \(number) not found")
    }
    let present = state.objects[index].json
    switch request.method {
    case "GET": return json(200, wrapped(present, kind, isOne: true))
    case "PATCH" where kind == .downtime:
      state.objects[index].json = completed(kind, request.body ?? .null, number: number, &state)
      return json(200, wrapped(state.objects[index].json, kind))
    case "PUT":
      var members = request.body?.members ?? [:]
      // As recorded: what an update of a monitor does not name stays, and options are replaced as a whole.
      if kind == .monitor {
        members = (present.members ?? [:]).filter {
          ["type", "name", "message", "query", "tags", "priority", "options"].contains($0.key)
        }
        .merging(members) { $1 }
      }
      if let words = complaint(about: .object(members), kind, state) { return refusal(400, words) }
      if ObjectApply.changesType(present, .object(members)) {
        return refusal(400, "Type of an existing object cannot be changed")
      }
      state.objects[index].json = completed(kind, .object(members), number: number, &state)
      return json(200, wrapped(state.objects[index].json, kind))
    case "DELETE":
      if request.query["force"] != "true", let user = user(of: number, kind, state) {
        return kind == .slo
          ? json(409, .object(["data": .array([]), "errors": .object([number: .string("used by monitor \(user)")])]))
          : refusal(400, "monitor \(number) is referenced in composite monitors: \(user)")
      }
      if kind == .downtime {
        // A downtime that is cancelled stays to be seen.
        guard case .object(var members) = present, case .object(var attributes)? = members["attributes"] else {
          return refusal(404, "gone")
        }
        attributes["status"] = .string("canceled")
        members["attributes"] = .object(attributes)
        state.objects[index].json = .object(members)
        return DeliveryResponse(status: 204)
      }
      state.objects.remove(at: index)
      return json(
        200,
        kind == .monitor ? .object(["deleted_monitor_id": .number(Double(number) ?? 0)]) : .object(["data": .strings([number])]))
    default: return refusal(405, "Method not allowed")
    }
  }

  private static func user(of number: String, _ kind: DatadogObjectKind, _ state: State) -> String? {
    state.objects.first { object in
      guard object.kind == .monitor, let query = object.json["query"]?.text else { return false }
      return kind == .slo
        ? query.contains("(\"\(number)\")")
        : kind == .monitor && object.json["type"]?.text == "composite" && words(query).contains(number)
    }?.number
  }

  static func words(_ query: String) -> [String] {
    query.split { !($0.isLetter || $0.isNumber || "$_-".contains($0)) }.map(String.init)
  }

  static func store(_ kind: DatadogObjectKind, _ json: JSONValue, _ state: inout State) -> JSONValue {
    state.nextNumber += 1
    let digits = String(state.nextNumber)
    let number =
      switch kind {
      case .monitor: digits
      case .slo: String(repeating: "0", count: 32 - digits.count) + digits
      case .dashboard: "abc-\(digits.prefix(3))-\(digits.suffix(3))"
      case .downtime: "83718756-0187-11ee-8c18-\(digits)"
      case .service: "service:default/\(json["metadata"]?["name"]?.text ?? digits)"
      }
    let stored = completed(kind, json, number: number, &state)
    state.objects.append(Stored(kind: kind, number: number, json: stored, createdAt: state.requests.count))
    return stored
  }
}
