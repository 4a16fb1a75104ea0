// What `commander prompt` prints: each change with the command that takes it back.

import Commander
import Console
import Gateway
import LLMTelemetry
import Testing

@Suite struct PromptOutputTests {
  private func change(_ subject: PromptSubject, _ from: String?, _ to: String?) -> ChangeEvent {
    ChangeEvent(
      at: Timestamp(unixSeconds: 0), kind: .promptVersion, subject: subject.description, from: from, to: to, author: "lee")
  }

  @Test func eachChangeSaysHowToUndoIt() {
    for (change, sentence, undo) in [
      (change(.production(prompt: "p"), "42", "43"), "production of p: 42 → 43", "commander prompt promote p 42"),
      (
        change(.label(prompt: "p", label: "staging"), "42", "43"), "staging of p: 42 → 43",
        "commander prompt promote p 42 --label staging"
      ),
      (change(.label(prompt: "p", label: "staging"), nil, "43"), "staging of p: none → 43", nil),
      (change(.canary(prompt: "p"), nil, "43 10%"), "canary of p: none → 43 10%", "commander prompt canary p --stop"),
      (
        change(.canary(prompt: "p"), "43 0.5%", nil), "canary of p: 43 0.5% → none",
        "commander prompt canary p 43 --share 0.5%"
      ),
      (
        change(.production(prompt: "lee's p"), "a b", "43"), "production of lee's p: a b → 43",
        #"commander prompt promote 'lee'\''s p' 'a b'"#
      ),
    ] as [(ChangeEvent, String, String?)] {
      #expect(PromptOutput.sentence(change) == sentence)
      #expect(PromptOutput.undo(change) == undo)
    }
  }

  /// Carrying out the undo of whatever an action changed leaves the prompt as it was.
  @Test func undoUndoes() throws {
    let configured = [
      ManagedPrompt(
        name: "p", versions: ["1": "", "2": "", "3": ""], production: "1", otherLabels: ["staging": "2"],
        canary: .init(version: "2", sharePerMille: 100))
    ]
    for action in [
      PromptAction.promote(version: "2", label: "production"), .promote(version: "3", label: "production"),
      .promote(version: "1", label: "staging"), .startCanary(version: "3", share: "1%"), .stopCanary,
    ] {
      var registry = PromptRegistry(configured: configured, changes: [])
      let before = registry.prompts
      func carryOut(_ action: PromptAction) throws -> [ChangeEvent] {
        let changes = try registry.changes(for: action, of: "p", author: "lee", at: Timestamp(unixSeconds: 1))
        for change in changes { registry.apply(change) }
        return changes
      }
      let changes = try carryOut(action)
      #expect(registry.prompts != before, "\(action)")
      for change in changes {
        let words = try #require(PromptOutput.undo(change)).split(separator: " ").map(String.init)
        if words[2] == "promote" {
          _ = try carryOut(.promote(version: words[4], label: words.count > 5 ? words[6] : "production"))
        } else {
          _ = try carryOut(words[4] == "--stop" ? .stopCanary : .startCanary(version: words[4], share: words[6]))
        }
      }
      #expect(registry.prompts == before, "\(action)")
    }
  }

  @Test func aDifferenceShowsEveryLineOnce() {
    let old = PromptVersionText(version: "42", text: "Be brief.\nCite.\n\nEnd.", sha256: "aa")
    let new = PromptVersionText(version: "43", text: "Be bold.\nCite.\n\nEnd.\nReally.", sha256: "bb")
    #expect(
      PromptOutput.difference(prompt: "p", from: old, to: new) == """
        --- p 42 (aa)
        +++ p 43 (bb)
        -Be brief.
        +Be bold.
         Cite.
         
         End.
        +Really.
        """)
  }

  @Test func theListShowsWhereARollbackGoes() {
    let prompt = PromptSummary(
      name: "p", versions: ["9", "10"], production: "10", labels: ["production": "10", "staging": "9"],
      earlier: ["production": "9"], canary: .init(version: "9", share: 0.125))
    #expect(
      PromptOutput.table([prompt]) == """
        PROMPT  PRODUCTION  ROLLBACK TO  CANARY   LABELS     VERSIONS
        p       10          9            9 12.5%  staging=9  9 10
        """)
  }

  @Test func namesArePathSegments() {
    #expect(PromptOutput.escaped("rag-answer_1.0~x") == "rag-answer_1.0~x")
    #expect(PromptOutput.escaped("a b/ü?") == "a%20b%2F%C3%BC%3F")
  }
}
