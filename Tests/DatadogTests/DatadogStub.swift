// Datadog's API in a test: stores monitors, SLOs and dashboards and answers as the recorded exchanges show, with faults when asked.

import Delivery
import Foundation
import Synchronization

@testable import Datadog

final class DatadogStub: Sendable {
  /// What goes wrong with one request.
  enum Fault: Sendable {
    /// It never arrives.
    case lostOnTheWay
    /// It is done, and the answer never comes.
    case lostOnTheWayBack
    /// Answered with this instead; `done` when it is done all the same.
    case answer(status: Int, body: String, headers: [(name: String, value: String)] = [], done: Bool = false)
  }

  struct Request: Sendable {
    let method: String
    /// Still escaped: a number may hold a slash.
    let path: String
    let query: [String: String]
    let body: JSONValue?
    var line: String { "\(method) \(path)" }
  }

  struct Limit: Sendable {
    var requests: Int
    var period: Int
  }

  struct Settings: Sendable {
    var apiKey = "api-key-of-tests"
    var applicationKey = "app-key-of-tests"
    /// What the application key may do; `nil` for everything.
    var scopes: Set<String>?
    var limit: Limit?
    /// No page is longer than this, whatever was asked.
    var longestPage = 1_000
    /// Whether monitors can be read on from a number.
    var knowsOffsets = true
    /// Whether what objects name has to be there.
    var checksReferences = true
    /// Requests after a creation in which lists do not show it yet.
    var listsLag = 0
    /// Datadog's own view of something that was sent.
    var rewrite: @Sendable (DatadogObjectKind, JSONValue) -> JSONValue = { $1 }
    var fault: @Sendable (Int, Request) -> Fault? = { _, _ in nil }
  }

  struct Stored: Sendable {
    let kind: DatadogObjectKind
    let number: String
    var json: JSONValue
    let createdAt: Int
  }

  struct State {
    var settings = Settings()
    var objects: [Stored] = []
    var requests: [Request] = []
    var time = 0.0
    var slept: [Double] = []
    var window: (start: Double, count: Int) = (0, 0)
    var nextNumber = 1_000
  }

  let state = Mutex(State())

  init(_ change: (inout Settings) -> Void = { _ in }) { state.withLock { change(&$0.settings) } }

  func set(_ change: (inout Settings) -> Void) { state.withLock { change(&$0.settings) } }

  var requests: [Request] { state.withLock { $0.requests } }
  var slept: [Double] { state.withLock { $0.slept } }
  func objects(_ kind: DatadogObjectKind) -> [JSONValue] { state.withLock { $0.objects.filter { $0.kind == kind }.map(\.json) } }
  var all: [JSONValue] { state.withLock { $0.objects.map(\.json) } }

  /// Somebody does something on Datadog's pages.
  func edit(_ kind: DatadogObjectKind, where isMeant: (JSONValue) -> Bool, _ change: (inout [String: JSONValue]) -> Void) {
    state.withLock { state in
      for index in state.objects.indices where state.objects[index].kind == kind && isMeant(state.objects[index].json) {
        guard case .object(var members) = state.objects[index].json else { continue }
        change(&members)
        state.objects[index].json = .object(members)
      }
    }
  }

  func remove(_ kind: DatadogObjectKind, where isMeant: (JSONValue) -> Bool) {
    state.withLock { $0.objects.removeAll { $0.kind == kind && isMeant($0.json) } }
  }

  /// Something that somebody else made.
  @discardableResult
  func add(_ kind: DatadogObjectKind, _ json: JSONValue) -> JSONValue {
    state.withLock { Self.store(kind, json, &$0) }
  }

  // MARK: For the client

  var clock: DatadogClock {
    DatadogClock(
      now: { self.state.withLock { $0.time } },
      sleep: { seconds in
        try Task.checkCancellation()
        self.state.withLock {
          $0.time += seconds
          $0.slept.append(seconds)
        }
      }, chance: { 0.5 })
  }

  func objects(attempts: Int = 4, longestWait: Double = 900) throws -> DatadogObjects {
    let account = try DatadogAccount(site: "datadoghq.com", apiKey: "api-key-of-tests", applicationKey: "app-key-of-tests")
    return DatadogObjects(
      connection: DatadogConnection(
        account: account, clock: clock, patience: .init(attempts: attempts, longestWait: longestWait), send: send))
  }

  var send: DeliverySend { { outgoing in try self.exchange(outgoing) } }

  func exchange(_ outgoing: DeliveryRequest) throws -> DeliveryResponse {
    guard let parts = URLComponents(string: outgoing.url) else { throw DeliveryFailure("no address") }
    let request = Request(
      method: outgoing.method, path: parts.percentEncodedPath,
      query: Dictionary((parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { $1 },
      body: outgoing.body.isEmpty ? nil : try JSONDecoder().decode(JSONValue.self, from: Data(outgoing.body)))
    let keys = Dictionary(outgoing.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }
    let (answer, isLost) = self.state.withLock { state -> (DeliveryResponse, Bool) in
      state.requests.append(request)
      switch state.settings.fault(state.requests.count - 1, request) {
      case nil: return (Self.answer(request, keys: keys, &state), false)
      case .lostOnTheWay?: return (DeliveryResponse(status: 0), true)
      case .lostOnTheWayBack?: return (Self.answer(request, keys: keys, &state), true)
      case .answer(let status, let body, let headers, let done)?:
        if done { _ = Self.answer(request, keys: keys, &state) }
        return (DeliveryResponse(status: status, headers: headers, body: Array(body.utf8)), false)
      }
    }
    if isLost { throw DeliveryFailure("no answer within 10 s") }
    return answer
  }
}
