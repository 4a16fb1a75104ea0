// The stub against exchanges with the real API: what it was asked, it answers as Datadog did.

import Delivery
import Foundation
import Testing

@testable import Datadog

@Suite struct DatadogStubTests {
  struct Exchange {
    let method: String
    let path: String
    let status: Int
    let request: JSONValue
    let response: JSONValue
    var kind: DatadogObjectKind? {
      path == "/api/v2/catalog/entity"
        ? .service : DatadogObjectKind(rawValue: String(path.split(separator: "/").dropFirst(2).first ?? ""))
    }
  }

  /// Empty where the recordings are not beside the clone.
  static let exchanges: [Exchange] = {
    // Asked for first: a requirement that is not met would count as a failure of whichever test comes first.
    let path = "reference/datadog-recorded-exchanges.jsonl"
    guard sharedFile(path) != nil, let lines = try? sharedLines(path) else { return [] }
    return lines.compactMap { line in
      guard let entry = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)), let method = entry["m"]?.text,
        let path = entry["path"]?.text, let status = entry["code"]?.double
      else { return nil }
      return Exchange(
        method: method, path: path, status: Int(status), request: entry["req"] ?? .null, response: entry["resp"] ?? .null)
    }.filter { $0.kind != nil && !$0.path.contains("correction") && !$0.path.hasPrefix("/api/v1/downtime") }
  }()

  private func ask(_ stub: DatadogStub, _ exchange: Exchange) async throws -> DeliveryResponse {
    try await stub.send(
      DeliveryRequest(
        method: exchange.method, url: "https://api.datadoghq.com" + exchange.path.replacing("{id}", with: "77"),
        headers: [("DD-API-KEY", "api-key-of-tests"), ("DD-APPLICATION-KEY", "app-key-of-tests")],
        body: exchange.request.isNull ? [] : Array(ObjectText.text(of: exchange.request).utf8)))
  }

  @Test func creationsAreAnsweredAsRecorded() async throws {
    let created = Self.exchanges.filter {
      $0.method == "POST" && (200..<300).contains($0.status) && !$0.path.contains("validate")
    }
    #expect(created.count == 187 || sharedFile("reference/datadog-recorded-exchanges.jsonl") == nil)
    let stub = DatadogStub { $0.checksReferences = false }
    for exchange in created {
      let kind = try #require(exchange.kind)
      let answer = try await ask(stub, exchange)
      let json = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
      let endpoint = ObjectEndpoint(kind)
      #expect(answer.status == exchange.status)
      // A summary, which holds nothing that could be compared.
      if kind == .service { continue }
      let (ours, theirs) = (endpoint.unwrapped(json), endpoint.unwrapped(exchange.response))
      // What came back is what was sent.
      let sent = CanonicalForm.of(exchange.request, kind: kind)
      #expect(
        sent == CanonicalForm.of(theirs, kind: kind), "\(ObjectChanges.between(sent, CanonicalForm.of(theirs, kind: kind)))")
      #expect(
        CanonicalForm.of(ours, kind: kind) == CanonicalForm.of(theirs, kind: kind),
        "\(ObjectChanges.between(CanonicalForm.of(theirs, kind: kind), CanonicalForm.of(ours, kind: kind)))")
      // What Datadog adds of its own, the stub adds too.
      let added = Set((theirs.members ?? [:]).keys).subtracting(exchange.request.members?.keys.map { $0 } ?? [])
      let missing = added.subtracting(ours.members?.keys.map { $0 } ?? []).subtracting([
        "restricted", "run_as", "experience_type", "author_name", "groups", "configured_alert_ids", "creator",
      ])
      #expect(missing.isEmpty, "\(exchange.path): \(missing)")
    }
  }

  @Test func refusalsAreAnsweredAsRecorded() async throws {
    let refused = Self.exchanges.filter { $0.status >= 400 && !($0.method == "GET" && $0.path == "/api/v1/monitor") }
    #expect(refused.count > 8 || Self.exchanges.isEmpty)
    for exchange in refused {
      let answer = try await ask(DatadogStub(), exchange)
      let words = DatadogErrorText.of(status: answer.status, contentType: nil, body: answer.body)
      let recorded = Array(ObjectText.text(of: exchange.response).utf8)
      // One that does not exist cannot be validated by the stub; Datadog had it.
      #expect(answer.status == exchange.status, "\(exchange.method) \(exchange.path)")
      #expect(words == DatadogErrorText.of(status: exchange.status, contentType: nil, body: recorded), "\(exchange.path)")
    }
  }

  /// An update of a monitor keeps what it does not name and replaces options as a whole.
  @Test func anUpdateIsAnsweredAsRecorded() async throws {
    guard let exchange = Self.exchanges.first(where: { $0.method == "PUT" && $0.status == 200 }) else { return }
    let created = Self.exchanges.first { exchange in
      exchange.method == "POST" && exchange.path == "/api/v1/monitor"
        && exchange.request["name"]?.text?.contains("Edit_a_monitor_returns_OK") == true
    }
    let stub = DatadogStub()
    let stored = stub.add(.monitor, try #require(created).request)
    let number = try #require(StoredObject.number(of: stored))
    let answer = try await stub.send(
      DeliveryRequest(
        method: "PUT", url: "https://api.datadoghq.com/api/v1/monitor/\(number)",
        headers: [("DD-API-KEY", "api-key-of-tests"), ("DD-APPLICATION-KEY", "app-key-of-tests")],
        body: Array(ObjectText.text(of: exchange.request).utf8)))
    let ours = CanonicalForm.of(try JSONDecoder().decode(JSONValue.self, from: Data(answer.body)), kind: .monitor)
    let theirs = CanonicalForm.of(exchange.response, kind: .monitor)
    #expect(ours == theirs, "\(ObjectChanges.between(theirs, ours))")
  }
}
