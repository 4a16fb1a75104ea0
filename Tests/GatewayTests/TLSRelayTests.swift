// Providers in production speak TLS: what crosses is the same, and a certificate that is not to be believed ends the call.

import Foundation
import LLMTelemetry
import NIOCore
import NIOSSL
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct TLSRelayTests {
  @Test func aCallAndAStreamCrossAndTheConnectionIsUsedAgain() async throws {
    try await Self.served(host: "localhost") { gateway, provider in
      let client = try await gateway.client()
      try await client.send(request())
      let upstream = try await provider.connection()
      try await upstream.receive(until: #""messages":[]}"#)
      // Many TLS records, in more than one read.
      let long =
        #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1},"padding":""# + String(repeating: "x", count: 300_000)
        + "\"}"
      try await upstream.send(response(long))
      try await client.receive(until: #"x"}"#)
      try await client.send(request(streaming))
      try await upstream.receive(until: streaming)
      try await upstream.send(streamHead)
      for text in ["a", "b", "c"] {
        try await upstream.send(chunk(event(text)))
        try await client.receive(until: event(text))
      }
      try await upstream.send(chunk("data: [DONE]\n\n") + "0\r\n\r\n")
      try await client.receive(until: "\r\n0\r\n\r\n")
      let spans = try await gateway.spans(2)
      #expect(spans.allSatisfy { $0.outcome == .ok && $0.attempts == 1 })
      #expect(spans.first { !$0.isStreaming }?.usage == TokenUsage(input: 3, output: 1))
      #expect(provider.connectionCount == 1)
    }
  }

  @Test func aLargeRequestAndOneOfAnAddressCross() async throws {
    try await Self.served(host: "127.0.0.1") { gateway, provider in
      let client = try await gateway.client()
      let body = #"{"model":"gpt-4o","messages":[],"user":""# + String(repeating: "é", count: 200_000) + "\"}"
      try await client.send(request(body))
      let upstream = try await provider.connection()
      #expect(try await upstream.receive(until: "é\"}").hasSuffix(body))
      try await upstream.send(response(answer))
      try await client.receive(until: answer)
      #expect(try await gateway.span().outcome == .ok)
    }
  }

  @Test func anUnknownAuthorityIsNotBelieved() async throws {
    try await Self.served(host: "localhost", trusts: false) { gateway, provider in try await Self.expectRefusal(gateway, provider)
    }
  }

  @Test func aCertificateOfAnotherNameIsNotBelieved() async throws {
    try await Self.served(host: "localhost", certificateNames: "DNS:other.example") { gateway, provider in
      try await Self.expectRefusal(gateway, provider)
    }
  }

  private static func expectRefusal(_ gateway: RunningGateway, _ provider: ScriptedProvider) async throws {
    let client = try await gateway.client()
    try await client.send(request())
    let got = try await client.receive(until: "certificate_authority")
    #expect(got.hasPrefix("HTTP/1.1 502") && got.contains("failed the TLS handshake"))
    let span = try await gateway.span()
    #expect(span.outcome.errorClass == .network)
    #expect(try await provider.connection().text.isEmpty, "not a byte of the request may reach it")
  }

  // MARK: The provider

  /// A gateway whose only provider speaks TLS, with a certificate made for this test.
  private static func served(
    host: String, certificateNames: String = "DNS:localhost,IP:127.0.0.1", trusts: Bool = true,
    _ body: (RunningGateway, ScriptedProvider) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, certificate) = (folder.appending(path: "key.pem").path, folder.appending(path: "certificate.pem").path)
    try makeCertificate(key: key, certificate: certificate, names: certificateNames)
    let tls = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem))))
    try await RunningGateway.scripted(tls: tls) { gateway, provider in
      var secure = Provider(
        name: "openai", wireProtocol: .openAI, host: host, port: provider.port, usesTLS: true, credential: "sk-openai")
      secure.certificateAuthority = trusts ? certificate : nil
      let snapshot = GatewaySnapshot(
        service: "app", env: "test", version: "1",
        keys: [VirtualKey(name: "test", sha256: VirtualKeyHash.sha256(of: RunningGateway.key), tenant: "acme")],
        providers: [secure], routes: [Route(name: "chat", models: ["gpt-*"], provider: "openai")], prompts: [])
      #expect(try await gateway.server.update(snapshot))
      try await body(gateway, provider)
    }
  }

  private static func makeCertificate(key: String, certificate: String, names: String) throws {
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=provider", "-addext",
      "subjectAltName=\(names)", "-keyout", key, "-out", certificate,
    ]
    openssl.standardOutput = FileHandle.nullDevice
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0, "openssl makes no certificate")
  }
}
