// Which version of a managed prompt a request gets: what it names, labels, and a canary whose share is what was agreed.

import Gateway
import Testing

@Suite struct PromptResolutionTests {
  private static func prompt(_ canary: ManagedPrompt.Canary? = nil, name: String = "rag-answer") -> ManagedPrompt {
    ManagedPrompt(
      name: name, versions: ["42": "sound", "43": "bold", "44": "new"], production: "42", otherLabels: ["staging": "44"],
      canary: canary)
  }

  private func canaryShare(_ prompt: ManagedPrompt, tickets: some Sequence<UInt64>) throws -> Double {
    var count = 0
    var canaries = 0
    for ticket in tickets {
      count += 1
      if try prompt.resolve(ticket: ticket).label == ManagedPrompt.canaryLabel { canaries += 1 }
    }
    return Double(canaries) / Double(count)
  }

  @Test func aVersionGoesBeforeALabelAndALabelBeforeProduction() throws {
    let prompt = Self.prompt(.init(version: "43", sharePerMille: 1_000))
    #expect(
      try prompt.resolve(version: "42", label: "staging", ticket: 1)
        == PromptResolution(version: "42", text: "sound", label: nil))
    #expect(try prompt.resolve(label: "staging", ticket: 1) == PromptResolution(version: "44", text: "new", label: "staging"))
    #expect(try prompt.resolve(ticket: 1) == PromptResolution(version: "43", text: "bold", label: "canary"))
    // Named or not, production is production: a client that always names its label is not kept out of a canary.
    #expect(try prompt.resolve(label: "production", ticket: 1).version == "43")
    #expect(try Self.prompt().resolve(ticket: 1) == PromptResolution(version: "42", text: "sound", label: "production"))
    #expect(try Self.prompt(.init(version: "43", sharePerMille: 0)).resolve(ticket: 1).version == "42")
    #expect(try Self.prompt(.init(version: "43", sharePerMille: 1)).resolve(label: "canary", ticket: 1).version == "43")
  }

  @Test func whatThePromptDoesNotHaveIsRefusedWithWhatItHas() {
    #expect(throws: PromptResolutionFailure.unknownVersion(prompt: "rag-answer", version: "41", known: ["42", "43", "44"])) {
      try Self.prompt().resolve(version: "41", ticket: 0)
    }
    #expect(throws: PromptResolutionFailure.unknownLabel(prompt: "rag-answer", label: "beta", known: ["production", "staging"])) {
      try Self.prompt().resolve(label: "beta", ticket: 0)
    }
    #expect(
      throws: PromptResolutionFailure.unknownLabel(prompt: "rag-answer", label: "canary", known: ["production", "staging"])
    ) {
      try Self.prompt().resolve(label: "canary", ticket: 0)
    }
    let failure = PromptResolutionFailure.unknownLabel(prompt: "p", label: "beta", known: ["canary", "production"])
    #expect(failure.description == "Prompt \"p\" has no label \"beta\"; it has canary, production.")
  }

  @Test(arguments: [1, 25, 100, 500, 999])
  func theShareIsExactInTheLimit(perMille: Int) throws {
    let prompt = Self.prompt(.init(version: "43", sharePerMille: perMille))
    let share = Double(perMille) / 1_000
    let count = 400_000
    // Five standard deviations of a fair draw. Counters and ids with fixed bits are tickets as good as random ones.
    let tolerance = 5 * (share * (1 - share) / Double(count)).squareRoot()
    #expect(abs(try canaryShare(prompt, tickets: (0..<UInt64(count)).lazy.map { $0 }) - share) < tolerance)
    #expect(abs(try canaryShare(prompt, tickets: (0..<UInt64(count)).lazy.map { $0 << 40 }) - share) < tolerance)
    let sessions = (0..<count).lazy.map { PromptTicket.of("session-\($0)".utf8) }
    #expect(abs(try canaryShare(prompt, tickets: sessions) - share) < tolerance)
  }

  @Test func aSessionStaysOnItsSideAndInACanaryThatGrows() throws {
    let small = Self.prompt(.init(version: "43", sharePerMille: 100))
    let large = Self.prompt(.init(version: "43", sharePerMille: 300))
    for session in 0..<5_000 {
      let ticket = PromptTicket.of("session-\(session)".utf8)
      let first = try small.resolve(ticket: ticket)
      #expect(try small.resolve(ticket: ticket) == first)
      if first.label == "canary" { #expect(try large.resolve(ticket: ticket).label == "canary") }
    }
  }

  /// Otherwise the same tenth of the users would try everything that is new.
  @Test func eachPromptAndVersionTriesOtherSessions() throws {
    let first = Self.prompt(.init(version: "43", sharePerMille: 100))
    let others = [
      Self.prompt(.init(version: "44", sharePerMille: 100)), Self.prompt(.init(version: "43", sharePerMille: 100), name: "chat"),
    ]
    let chosen = try (0..<UInt64(20_000)).filter { try first.resolve(ticket: $0).label == "canary" }
    for other in others {
      #expect(abs(try canaryShare(other, tickets: chosen) - 0.1) < 0.035)
    }
  }

  /// The side of a session must survive restarts and be the same on every machine.
  @Test func ticketsAreTheSameEverywhere() {
    // FNV-1a test vectors of the algorithm's authors.
    #expect(PromptTicket.of("".utf8) == 0xcbf2_9ce4_8422_2325)
    #expect(PromptTicket.of("a".utf8) == 0xaf63_dc4c_8601_ec8c)
    #expect(PromptTicket.of("foobar".utf8) == 0x8594_4171_f739_67e8)
  }

  @Test(arguments: [("0.1%", 1), ("10%", 100), ("12.5%", 125), ("100%", 1_000), ("099%", 990)])
  func sharesAreRead(text: String, perMille: Int) {
    #expect(ManagedPrompt.Canary.perMille(share: text) == perMille)
    let canary = ManagedPrompt.Canary(version: "release 7", sharePerMille: perMille)
    #expect(ManagedPrompt.Canary(text: canary.text) == canary)
  }

  @Test(arguments: ["", "%", "10", "0%", "0.0%", "100.1%", "101%", "1.25%", "1.%", ".5%", "-1%", "+1%", "1e1%", "1000%", "١٠%"])
  func whatIsNoShareIsNotGuessed(text: String) {
    #expect(ManagedPrompt.Canary.perMille(share: text) == nil)
    #expect(ManagedPrompt.Canary(text: "43 \(text)") == nil)
  }

  @Test func versionsAreInTheOrderOfTheirNumbers() {
    #expect(["10", "9", "b", "a", "2"].sorted(by: PromptVersionOrder.precedes) == ["2", "9", "10", "a", "b"])
  }
}
