// What a connection remembers of its earlier requests never speaks for another one: not for another key, form or snapshot.

import LLMTelemetry
import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ConnectionMemoryTests {
  private static let unauthorized = "401 Unauthorized"

  /// A good request first, so that there is something to remember; then the others on the same connection.
  private static func after(
    _ first: String, _ others: [(sent: String, isServed: Bool)], body: String = #"{"model":"gpt-4o","messages":[]}"#
  ) async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      for (sent, isServed) in [(first, true), (first, true)] + others {
        try await client.send(sent)
        if isServed {
          try await provider.connection().receive(until: body)
          try await provider.connection().send(response(answer))
          try await client.receive(until: answer)
        } else {
          #expect(try await client.receive(until: "}}").contains(unauthorized))
        }
      }
    }
  }

  @Test func anotherKeyIsLookedAtAnew() async throws {
    try await Self.after(
      request(),
      [(request(key: "ck-tesT"), false), (request(), true), (request(key: nil), false), (request(key: "ck-test2"), false)])
  }

  @Test func theSameBytesInAnotherFieldAreNoKey() async throws {
    let own = "x-api-key: ck-test\r\n"
    try await Self.after(
      request(key: nil, headers: own),
      [
        (request(key: nil, headers: "Authorization: ck-test\r\n"), false),
        (request(key: nil, headers: "x-api-key: ck-other\r\n"), false),
        // The first of the fields that is a key counts, whatever was remembered of the others.
        (request(key: "ck-wrong", headers: own), false), (request(key: nil, headers: own), true),
      ])
  }

  @Test func anotherFormOfAuthorizationRemembersNothing() async throws {
    let basic = "Authorization: Basic ck-test\r\n"
    try await Self.after(
      request(key: nil, headers: basic + "x-api-key: ck-test\r\n"), [(request(key: nil, headers: basic), false)])
  }

  @Test func aKeyThatWasWithdrawnIsRefusedOnAConnectionThatUsedIt() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      for _ in 0..<2 {
        try await client.send(request())
        try await provider.connection().receive(until: "[]}")
        try await provider.connection().send(response(answer))
        try await client.receive(until: answer)
      }
      let accepted = try await gateway.server.update(
        GatewaySnapshot(service: "app", env: "test", version: "1", keys: [], providers: [], routes: [], prompts: []))
      #expect(accepted)
      try await client.send(request())
      #expect(try await client.receive(until: "}}").contains(Self.unauthorized))
    }
  }

  @Test func anotherTargetIsAnotherCall() async throws {
    try await RunningGateway.scripted { gateway, provider in
      let client = try await gateway.client()
      for path in ["/v1/chat/completions", "/v1/chat/completions", "/v1/responses", "/v1/chat/completions"] {
        try await client.send(request(path: path))
        let sent = try await provider.connection().receive(until: "[]}")
        #expect(sent.contains("POST \(path) HTTP/1.1"))
        try await provider.connection().send(response(answer))
        try await client.receive(until: answer)
      }
      try await client.send(request(path: "/v1/chat/completionS"))
      #expect(try await client.receive(until: "}}").contains("404 Not Found"))
    }
  }
}
