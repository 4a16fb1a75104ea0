// Google credentials of providers: how they are configured, and how a renewed token reaches the gateway's snapshot.

import AsyncHTTPClient
import Foundation
import Gateway
import GoogleCredentials
import LLMTelemetry
import Logging
import StrictYAML
import Testing

@testable import Commander

@Suite struct CredentialTests {
  private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func read(
    _ yaml: String, _ environment: [String: String] = [:]
  ) -> (credential: ProviderCredential?, problems: [String]) {
    let problems = ProblemList()
    let root = YAMLValue.parse(yaml, file: "c.yaml", problems: problems)?.mapping(["credential"])
    let credential = root?["credential"].flatMap { ConfigurationReader(environment: environment).readCredential($0) }
    return (credential, problems.all.map(\.description))
  }

  @Test func theMetadataServerIsTheLastResort() {
    let (credential, problems) = read(
      "credential: {google: application_default}", ["GCE_METADATA_HOST": "127.0.0.1:1", "HOME": "/nowhere"])
    guard case .google(let source) = credential else { return #expect(Bool(false), "\(problems)") }
    #expect(source.place == .metadataServer(host: "127.0.0.1:1") && problems.isEmpty)
  }

  @Test func secretsAreReadAsBefore() {
    guard case .secret(.environment("TOKEN"), "t") = read("credential: {environment: TOKEN}", ["TOKEN": " t\n"]).credential else {
      return #expect(Bool(false))
    }
    #expect(read("credential: hunter2").problems.first?.contains("must not be written here") == true)
  }

  @Test(arguments: [
    (
      "{google: {file: /nowhere/key.json}}",
      "c.yaml:1:22: `credential.google`: Google credential file /nowhere/key.json (named by"
    ),
    ("{google: {file: \"\"}}", "`credential.google.file` must not be empty"),
    ("{google: {path: /f}}", "`credential.google` must be text"),
    ("{google: default}", "`credential.google` must be application_default or {file: PATH}"),
    ("{google: application_default, file: /f}", "unknown key `file`"),
    ("{google: application_default}", "GOOGLE_APPLICATION_CREDENTIALS names /nowhere/adc.json, and there is no such file"),
  ])
  func eachMistakeIsNamed(credential: String, expected: String) {
    let found = read("credential: \(credential)", ["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/adc.json"]).problems
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }

  @Test func aTokenReachesEveryProviderOfItsSourceAndAChangeIsNoticedOnce() {
    let shared = GoogleSource(place: .metadataServer(host: "127.0.0.1:1"), origin: "test")
    let other = GoogleSource(place: .metadataServer(host: "127.0.0.1:2"), origin: "test")
    let store = CredentialStore(sources: [:], google: ["vertex": shared, "claude": shared, "eu": other], logger: Self.silent)
    #expect(!store.isEmpty && store.tokenSources.count == 2, "one exchange for one credential, however many providers")
    guard let source = store.tokenSources.first(where: { $0.source == shared }) else { return #expect(Bool(false)) }
    let token = AccessToken(value: "ya29.a", expiresAt: Timestamp(unixSeconds: 0))
    #expect(store.take(token, from: source))
    #expect(!store.take(token, from: source))
    #expect(store.take(AccessToken(value: "ya29.b", expiresAt: Timestamp(unixSeconds: 0)), from: source))
    let providers = store.apply(to: ["vertex", "claude", "eu", "openai"].map { CredentialTests.provider($0) })
    #expect(providers.map(\.credential) == ["ya29.b", "ya29.b", "own", "own"])
  }

  @Test func aFirstTokenThatCannotBeHadIsAReasonForEachProvider() async {
    let nobody = GoogleSource(place: .metadataServer(host: "127.0.0.1:1"), origin: "asked last")
    let store = CredentialStore(sources: [:], google: ["vertex": nobody, "claude": nobody], logger: Self.silent)
    let failures = await store.firstTokens()
    #expect(failures.map(\.provider) == ["claude", "vertex"])
    #expect(failures.allSatisfy { $0.reason.contains("metadata server 127.0.0.1:1 (asked last)") }, "\(failures)")
  }
}

extension CredentialTests {
  fileprivate static func provider(_ name: String) -> Provider {
    Provider(name: name, wireProtocol: .vertex, host: "h", port: 443, usesTLS: true, credential: "own")
  }
}
