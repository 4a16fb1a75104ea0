// The section `prompts` of the configuration: labels, a canary, and texts that must stay what they were.

import Commander
import Gateway
import LLMTelemetry
import StrictYAML
import Testing

@Suite struct PromptSectionTests {
  private static func yaml(_ prompts: String) -> String {
    """
    keys:
      - {name: app, sha256: \(String(repeating: "a", count: 64)), tenant: acme}
    providers:
      - {name: openai, protocol: openai, base_url: "http://127.0.0.1:1"}
    routes:
      - {name: chat, models: ["*"], provider: openai}
    prompts:
    \(prompts)

    """
  }

  private static let good = """
      - name: rag-answer
        production: "42"
        labels: {staging: "43"}
        canary: {version: "43", share: 12.5%}
        versions:
          "42": Answer from the documents.
          "43": Answer boldly.
    """

  private func problems(_ prompts: String) -> [String] {
    do {
      _ = try CommanderConfiguration.parse(Self.yaml(prompts), file: "c.yaml", environment: [:])
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func labelsAndACanaryAreRead() throws {
    let configuration = try CommanderConfiguration.parse(Self.yaml(Self.good), file: "c.yaml", environment: [:])
    #expect(
      configuration.prompts == [
        ManagedPrompt(
          name: "rag-answer", versions: ["42": "Answer from the documents.", "43": "Answer boldly."], production: "42",
          otherLabels: ["staging": "43"], canary: .init(version: "43", sharePerMille: 125))
      ])
  }

  @Test func theShortFormIsStillRead() throws {
    let short = "  - {name: rag-answer, production: \"42\", versions: {\"42\": sound, \"43\": flawed}}"
    let configuration = try CommanderConfiguration.parse(Self.yaml(short), file: "c.yaml", environment: [:])
    #expect(configuration.prompts.first?.labels == ["production": "42"] && configuration.prompts.first?.canary == nil)
  }

  @Test(arguments: [
    ("production: \"42\"", "production: \"41\"", "c.yaml:9:17: prompt \"rag-answer\" has no version \"41\"; it has 42, 43"),
    ("staging: \"43\"", "staging: \"44\"", "c.yaml:10:23: prompt \"rag-answer\" has no version \"44\""),
    ("staging: ", "production: ", "the label production has its own key"),
    ("staging: ", "canary: ", "`canary` is no label to give"),
    ("staging: ", "\"a/b\": ", "\"a/b\" is no label"),
    ("share: 12.5%", "share: 0.125", "c.yaml:11:36: \"0.125\" is no share: write a percentage"),
    ("version: \"43\"", "version: \"42\"", "is in production already"),
    ("version: \"43\"", "version: \"45\"", "has no version \"45\""),
    ("version: \"43\", ", "", "needs `version`: the version to try"),
    ("name: rag-answer", "name: rag@answer", "must have neither @ nor #"),
    ("labels:", "label:", "unknown key `label`; did you mean `labels`?"),
  ])
  func eachMistakeIsNamed(right: String, wrong: String, expected: String) {
    let found = problems(Self.good.replacing(right, with: wrong))
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }

  @Test func aChangedTextIsAProblemAtItsLineWithTheRemedy() throws {
    let first = try CommanderConfiguration.parse(Self.yaml(Self.good), file: "c.yaml", environment: [:])
    let ledger = PromptRegistry(configured: first.prompts, changes: []).changesForConfiguration(at: Timestamp(unixSeconds: 1))
    #expect(first.problemsOfChangedTexts(PromptRegistry(configured: first.prompts, changes: ledger)).isEmpty)
    let edited = try CommanderConfiguration.parse(
      Self.yaml(Self.good.replacing("boldly", with: "very boldly")), file: "c.yaml", environment: [:])
    let found = edited.problemsOfChangedTexts(PromptRegistry(configured: edited.prompts, changes: ledger)).map(\.description)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("c.yaml:14:13: `prompts.rag-answer.versions.43`: the text of version 43") == true, "\(found)")
    #expect(found.first?.contains("give this text a new version") == true)
  }
}
