// The prompt registry: labels, canaries and rollbacks as a fold of the ledger over the configuration; texts that never change.

import Commander
import Console
import Gateway
import LLMTelemetry
import Remediation
import StrictYAML
import Testing

@Suite struct PromptRegistryTests {
  private static let versions = ["42": "sound", "43": "bold", "44": "new"]

  private static func configured(
    _ production: String = "42", labels: [String: String] = [:], canary: ManagedPrompt.Canary? = nil,
    versions: [String: String] = versions
  ) -> [ManagedPrompt] {
    [ManagedPrompt(name: "rag-answer", versions: versions, production: production, otherLabels: labels, canary: canary)]
  }

  /// A commander over one ledger: starts with a configuration, takes actions, starts again.
  private struct Commander {
    var ledger: [ChangeEvent] = []
    var registry: PromptRegistry
    private var seconds: Int64 = 0

    init(_ configured: [ManagedPrompt], ledger: [ChangeEvent] = []) {
      self.ledger = ledger
      registry = PromptRegistry(configured: configured, changes: ledger)
      record(registry.changesForConfiguration(at: Timestamp(unixSeconds: 0)))
    }

    mutating func record(_ changes: [ChangeEvent]) {
      for change in changes {
        ledger.append(change)
        registry.apply(change)
      }
    }

    mutating func act(_ action: PromptAction) throws {
      seconds += 1
      record(try registry.changes(for: action, of: "rag-answer", author: "lee", at: Timestamp(unixSeconds: seconds)))
    }

    func refusal(_ action: PromptAction, of prompt: String = "rag-answer") -> CommandRefusal? {
      do {
        _ = try registry.changes(for: action, of: prompt, author: "lee", at: Timestamp(unixSeconds: 9))
        return nil
      } catch {
        return error
      }
    }

    func restarted(_ configured: [ManagedPrompt]) -> Commander { Commander(configured, ledger: ledger) }

    var prompt: ManagedPrompt { registry.prompts[0] }
    /// `subject from>to author`, texts left out.
    var story: [String] {
      ledger.filter { !$0.isPromptText }.map { "\($0.subject) \($0.from ?? "-")>\($0.to ?? "-") \($0.author ?? "-")" }
    }
  }

  @Test func aWayBackIsNoExposure() throws {
    var commander = Commander(Self.configured("42"))
    func command(_ action: PromptAction) -> String? { commander.registry.exposure(action, of: "rag-answer")?.command }
    #expect(command(.promote(version: "43", label: "production")) == "commander prompt promote rag-answer 43")
    #expect(command(.promote(version: "43", label: "staging")) == nil, "only those get it who name the label")
    #expect(command(.startCanary(version: "43", share: "10%")) == "commander prompt canary rag-answer 43 --share 10%")
    #expect(command(.rollBack(label: "production")) == nil && command(.stopCanary) == nil)
    try commander.act(.startCanary(version: "43", share: "10%"))
    #expect(command(.startCanary(version: "43", share: "5%")) == nil, "fewer than have it")
    #expect(command(.startCanary(version: "43", share: "20%")) != nil)
    #expect(command(.startCanary(version: "44", share: "5%")) != nil)
    try commander.act(.promote(version: "43", label: "production"))
    #expect(command(.promote(version: "42", label: "production")) == nil, "the undo of a promotion is a way back")
    #expect(command(.promote(version: "44", label: "production")) != nil)
    #expect(commander.registry.exposure(.rollBack(label: "production"), of: "unknown") == nil)
  }

  @Test func aPromotionOutlivesARestartAndAnEditedFileWins() throws {
    var commander = Commander(Self.configured())
    try commander.act(.promote(version: "43", label: "production"))
    #expect(commander.prompt.production == "43")
    var again = commander.restarted(Self.configured())
    #expect(again.prompt.production == "43" && again.ledger == commander.ledger, "a restart alone writes nothing")
    again = again.restarted(Self.configured("44"))
    #expect(again.prompt.production == "44")
    #expect(
      again.story == [
        "rag-answer ->42 configuration", "rag-answer 42>43 lee", "rag-answer 43>44 configuration",
      ])
  }

  @Test func aRollbackIsOneStepAndAnotherGoesOneFurther() throws {
    var commander = Commander(Self.configured())
    try commander.act(.promote(version: "43", label: "production"))
    try commander.act(.promote(version: "44", label: "production"))
    #expect(commander.registry.earlierVersion(of: "production", in: commander.prompt) == "43")
    try commander.act(.rollBack(label: "production"))
    #expect(commander.prompt.production == "43")
    // Back to 42, not forth to the version that was just left.
    var again = commander.restarted(Self.configured())
    try again.act(.rollBack(label: "production"))
    #expect(again.prompt.production == "42")
    #expect(
      again.refusal(.rollBack(label: "production"))
        == CommandRefusal(
          "production of prompt rag-answer has had no version before 42; name one: `commander prompt promote rag-answer VERSION`")
    )
    #expect(again.story.suffix(2) == ["rag-answer 44>43 lee", "rag-answer 43>42 lee"])
  }

  @Test func aRollbackPassesOverVersionsTheFileNoLongerHas() throws {
    var commander = Commander(Self.configured())
    try commander.act(.promote(version: "43", label: "production"))
    try commander.act(.promote(version: "44", label: "production"))
    var again = commander.restarted(Self.configured(versions: ["42": "sound", "44": "new"]))
    try again.act(.rollBack(label: "production"))
    #expect(again.prompt.production == "42")
    // A label whose version was taken out of the file falls back to the last one that is there.
    #expect(commander.restarted(Self.configured(versions: ["42": "sound", "43": "bold"])).prompt.production == "43")
  }

  @Test func labelsLiveBesideProduction() throws {
    var commander = Commander(Self.configured(labels: ["staging": "43"]))
    #expect(commander.prompt.labels == ["production": "42", "staging": "43"])
    try commander.act(.promote(version: "44", label: "staging"))
    try commander.act(.promote(version: "44", label: "load-test"))
    #expect(commander.prompt.labels == ["production": "42", "staging": "44", "load-test": "44"])
    #expect(commander.restarted(Self.configured(labels: ["staging": "43"])).prompt.labels == commander.prompt.labels)
    try commander.act(.rollBack(label: "staging"))
    #expect(commander.prompt.labels["staging"] == "43" && commander.prompt.production == "42")
    #expect(commander.refusal(.rollBack(label: "beta"))?.isUnknown == true)
    // Taking a label out of the file takes it away; one that was given by hand stays.
    let without = commander.restarted(Self.configured())
    #expect(without.prompt.labels == ["production": "42", "load-test": "44"])
    #expect(without.story.last == "rag-answer@staging 43>- configuration")
  }

  @Test func aCanaryIsStartedChangedStoppedAndEndsWithThePromotionOfItsVersion() throws {
    var commander = Commander(Self.configured())
    try commander.act(.startCanary(version: "43", share: "10%"))
    #expect(commander.prompt.canary == .init(version: "43", sharePerMille: 100))
    try commander.act(.startCanary(version: "43", share: "50%"))
    try commander.act(.stopCanary)
    #expect(commander.prompt.canary == nil)
    #expect(commander.refusal(.stopCanary) != nil)
    try commander.act(.startCanary(version: "44", share: "0.5%"))
    try commander.act(.promote(version: "43", label: "production"))
    #expect(commander.prompt.canary?.version == "44", "the promotion of another version is no reason to stop")
    try commander.act(.promote(version: "44", label: "production"))
    #expect(commander.prompt.canary == nil && commander.prompt.production == "44")
    #expect(
      commander.story.dropFirst() == [
        "rag-answer@canary ->43 10% lee", "rag-answer@canary 43 10%>43 50% lee", "rag-answer@canary 43 50%>- lee",
        "rag-answer@canary ->44 0.5% lee", "rag-answer 42>43 lee", "rag-answer 43>44 lee", "rag-answer@canary 44 0.5%>- lee",
      ])
    #expect(commander.restarted(Self.configured()).prompt == commander.prompt)
  }

  @Test func aCanaryOfTheFileIsStoppedByHandUntilTheFileIsEdited() throws {
    let tenth = ManagedPrompt.Canary(version: "43", sharePerMille: 100)
    var commander = Commander(Self.configured(canary: tenth))
    #expect(commander.prompt.canary == tenth)
    try commander.act(.stopCanary)
    #expect(commander.restarted(Self.configured(canary: tenth)).prompt.canary == nil)
    let fifth = ManagedPrompt.Canary(version: "43", sharePerMille: 200)
    #expect(commander.restarted(Self.configured(canary: fifth)).prompt.canary == fifth)
    let gone = Commander(Self.configured(canary: tenth)).restarted(Self.configured())
    #expect(gone.prompt.canary == nil && gone.story.last == "rag-answer@canary 43 10%>- configuration")
  }

  @Test(arguments: [
    (PromptAction.promote(version: "41", label: "production"), "prompt rag-answer has no version 41; it has 42, 43, 44", true),
    (.promote(version: "42", label: "production"), "prompt rag-answer already serves version 42", false),
    (.promote(version: "43", label: "canary"), "commander prompt canary rag-answer 43 --share 10%", false),
    (.promote(version: "43", label: "a b"), "is no label", false),
    (.startCanary(version: "42", share: "10%"), "in production already", false),
    (.startCanary(version: "43", share: "10"), "write a percentage", false),
    (.startCanary(version: "41", share: "10%"), "has no version 41", true),
  ])
  func whatCannotBeDoneIsRefusedWithTheRemedy(action: PromptAction, expected: String, isUnknown: Bool) {
    let refusal = Commander(Self.configured()).refusal(action)
    #expect(refusal?.description.contains(expected) == true && refusal?.isUnknown == isUnknown, "\(String(describing: refusal))")
  }

  @Test func anUnknownPromptIsRefusedWithThoseThereAre() {
    let refusal = Commander(Self.configured()).refusal(.stopCanary, of: "other")
    #expect(refusal == CommandRefusal("there is no prompt other; known: rag-answer", isUnknown: true))
  }

  @Test func theTextOfAVersionIsWrittenDownOnceAndAnEditIsFound() {
    let commander = Commander(Self.configured())
    // The start of what `printf bold | sha256sum` prints.
    #expect(
      commander.ledger.filter(\.isPromptText).map { "\($0.subject) \($0.to ?? "-")" }.dropFirst().first
        == "rag-answer#43 \(PromptRegistry.fingerprint(of: "bold"))")
    #expect(PromptRegistry.fingerprint(of: "abc") == "ba7816bf8f01cfea", "FIPS 180-2, appendix B.1")
    #expect(commander.registry.versionsWithChangedText.isEmpty)
    let edited = Self.versions.merging(["43": "bolder", "45": "newer"]) { $1 }
    let found = PromptRegistry(configured: Self.configured(versions: edited), changes: commander.ledger)
    #expect(found.versionsWithChangedText.map(\.version) == ["43"])
    // Nobody can make the edited text the known one by saying so.
    let claim = ChangeEvent(
      at: Timestamp(unixSeconds: 9), kind: .promptVersion, subject: "rag-answer#43", from: nil,
      to: PromptRegistry.fingerprint(of: "bolder"), author: "lee")
    let claimed = PromptRegistry(configured: Self.configured(versions: edited), changes: commander.ledger + [claim])
    #expect(claimed.versionsWithChangedText.map(\.version) == ["43"])
  }

  @Test func ledgersFromBeforeLabelsAreRead() {
    let old = [
      ChangeEvent(
        at: Timestamp(unixSeconds: 1), kind: .promptVersion, subject: "rag-answer", from: nil, to: "42", author: "configuration"),
      ChangeEvent(
        at: Timestamp(unixSeconds: 2), kind: .promptVersion, subject: "rag-answer", from: "42", to: "43", author: "lee"),
      ChangeEvent(at: Timestamp(unixSeconds: 3), kind: .promptVersion, subject: "gone", from: nil, to: "7", author: nil),
      ChangeEvent(at: Timestamp(unixSeconds: 4), kind: .deploy, subject: "rag-answer", from: nil, to: "44", author: nil),
    ]
    let commander = Commander(Self.configured(), ledger: old)
    #expect(commander.prompt.production == "43")
    #expect(!commander.ledger.dropFirst(old.count).contains { !$0.isPromptText })
    #expect(commander.registry.earlierVersion(of: "production", in: commander.prompt) == "42")
  }

  @Test func theConsoleSeesLabelsCanaryAndWhereARollbackGoes() throws {
    var commander = Commander(Self.configured(labels: ["staging": "44"]))
    try commander.act(.promote(version: "43", label: "production"))
    try commander.act(.startCanary(version: "44", share: "2.5%"))
    #expect(
      commander.registry.summaries == [
        PromptSummary(
          name: "rag-answer", versions: ["42", "43", "44"], production: "43", labels: ["production": "43", "staging": "44"],
          earlier: ["production": "42"], canary: .init(version: "44", share: 0.025))
      ])
    #expect(commander.registry.texts(of: "rag-answer")?.map(\.text) == ["sound", "bold", "new"])
    #expect(commander.registry.texts(of: "other") == nil)
  }

  @Test func subjectsSayWhatAChangeIsAbout() {
    for (subject, text) in [
      (PromptSubject.production(prompt: "p"), "p"), (.label(prompt: "p", label: "staging"), "p@staging"),
      (.canary(prompt: "p"), "p@canary"), (.text(prompt: "p", version: "4@2#1"), "p#4@2#1"),
    ] {
      #expect(subject.description == text && PromptSubject(text) == subject && subject.prompt == "p")
    }
    #expect(PromptSubject("p@production") == .production(prompt: "p"))
    func version(_ subject: String, _ to: String?) -> String? {
      ChangeEvent(at: Timestamp(unixSeconds: 0), kind: .promptVersion, subject: subject, from: nil, to: to, author: nil)
        .promptVersion
    }
    #expect(version("p", "43") == "43" && version("p@canary", "43 10%") == "43" && version("p@canary", nil) == nil)
    #expect(version("p#43", "ba7816bf8f01cfea") == nil)
  }
}
