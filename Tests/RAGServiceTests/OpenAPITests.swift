// The OpenAPI document against what the service answers.
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import RAGService

@Suite struct OpenAPITests {
  private static let question = #"{"question":"How long is the warranty of Halden devices?","tenant":"acme"}"#

  @Test func theDocumentDescribesWhatIsServed() async throws {
    let document = OpenAPIDocument.document
    for (path, item) in try #require(document["paths"]?.object) {
      for (method, operation) in try #require(item.object) where method != "parameters" {
        #expect(operation["operationId"]?.string?.isEmpty == false, "\(method) \(path)")
        #expect(operation["responses"]?.object?.isEmpty == false)
      }
    }
    try await RunningService.with { service in
      func check(_ response: TestResponse, _ path: String, _ method: String) throws {
        let status = "\(response.status.code)"
        let declared = document["paths"]?[path]?[method]?["responses"]?[status]
        #expect(declared != nil, "\(method) \(path) answers \(status), which the document does not name")
        guard let schema = declared?["content"]?["application/json"]?["schema"] else { return }
        #expect(SchemaCheck(document: document).problems(try response.json(), schema, at: "\(method) \(path) \(status)") == [])
      }
      let client = service.client
      try check(try await service.ask(Self.question), "/ask", "post")
      try check(
        try await service.ask(#"{"question":"What do express deliveries cost: 3 * 14.90?","session":"s"}"#), "/ask", "post")
      try check(try await service.ask(#"{"question":"Who composed Tristan?"}"#), "/ask", "post")
      try check(try await service.ask("{}"), "/ask", "post")
      try check(try await client.execute(uri: "/documents", method: .get), "/documents", "get")
      try check(try await client.execute(uri: "/documents/returns.md", method: .get), "/documents/{id}", "get")
      try check(try await client.execute(uri: "/documents/no", method: .get), "/documents/{id}", "get")
      try check(try await client.execute(uri: "/documents/returns.md", method: .delete), "/documents/{id}", "delete")
      try check(
        try await client.execute(uri: "/documents", method: .post, body: ByteBuffer(string: #"{"id":"n","text":"New text."}"#)),
        "/documents", "post")
      try check(
        try await client.execute(
          uri: "/documents/m", method: .put, headers: [.contentType: "text/plain"], body: ByteBuffer(string: "Plain text.")),
        "/documents/{id}", "put")
      try check(try await client.execute(uri: "/health", method: .get), "/health", "get")
      try check(try await client.execute(uri: "/ready", method: .get), "/ready", "get")
      let served = try await client.execute(uri: "/openapi.json", method: .get)
      #expect(try served.json() == document)
      let events = try await service.ask(Self.question, path: "/ask/stream?facts=1").events()
      let answer = try #require(events.last?.data)
      #expect(
        SchemaCheck(document: document).problems(answer, ["$ref": "#/components/schemas/Answer"], at: "answer") == [])
      #expect(answer["facts"]?.array?.isEmpty == false)
    }
  }
}

/// As much of JSON Schema as the document uses.
struct SchemaCheck {
  let document: JSON

  func problems(_ value: JSON, _ schema: JSON, at place: String) -> [String] {
    if let reference = schema["$ref"]?.string {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      guard let target = document["components"]?["schemas"]?[name] else { return ["\(place): no schema \(name)"] }
      return problems(value, target, at: place)
    }
    if let allowed = schema["enum"]?.array, !allowed.contains(value) { return ["\(place): \(value.text) is none of the values"] }
    switch schema["type"]?.string {
    case "string": return value.string == nil ? ["\(place): no text"] : []
    case "integer": return value.integer == nil ? ["\(place): no whole number"] : []
    case "number": return value.number == nil ? ["\(place): no number"] : []
    case "boolean": return value.bool == nil ? ["\(place): no boolean"] : []
    case "array":
      guard let elements = value.array else { return ["\(place): no list"] }
      return elements.enumerated().flatMap { problems($1, schema["items"] ?? [:], at: "\(place)[\($0)]") }
    case "object":
      guard let members = value.object else { return ["\(place): no object"] }
      let properties = schema["properties"]?.object ?? [:]
      var found = (schema["required"]?.array ?? []).compactMap(\.string).filter { members[$0] == nil }.map {
        "\(place): no \($0)"
      }
      for (name, member) in members {
        if let property = properties[name] {
          found += problems(member, property, at: "\(place).\(name)")
        } else if schema["additionalProperties"] == .bool(false) {
          found.append("\(place): \(name) is not described")
        } else if let additional = schema["additionalProperties"], additional.object != nil {
          found += problems(member, additional, at: "\(place).\(name)")
        }
      }
      return found
    default: return []
    }
  }
}
