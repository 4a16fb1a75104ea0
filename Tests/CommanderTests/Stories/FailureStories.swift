// What goes wrong in the stories, one entry for each failure mode: how spans change, what the commander must blame, and what must be done.

import LLMTelemetry
import Remediation
import Testing

struct FailureStory: Sendable, CustomTestStringConvertible {
  enum Ending: Hashable, Sendable {
    /// Something at the gateway makes it good while the failure itself goes on; what a throttle lets through is as bad as before, so
    /// that such a story ends with its tenant.
    case mended(Playbook.Action)
    /// No playbook can help: someone is told, and ends the failure at minute 20.
    case person
  }

  /// What has to come true.
  enum Part: String, CaseIterable, Sendable {
    case incident, oneIncident, cause, remedy, verified, end
  }

  /// When the failure begins and a person has ended it, in minutes.
  static let failing = 2.0..<20.0

  var name: String
  var disturbances: [Disturbance]
  /// Who can be blamed: more than one where they always go together.
  var causes: [[String: String]]
  var ending: Ending
  /// What was changed on purpose just before.
  var change: StoryChange?
  /// The share of the requests that a new version gets.
  var share = 1.0

  var testDescription: String { name }

  init(
    _ name: String, _ disturbances: [Disturbance], blames causes: [[String: String]], _ ending: Ending,
    after change: StoryChange? = nil, share: Double = 1
  ) {
    self.name = name
    self.disturbances = disturbances
    self.causes = causes
    self.ending = ending
    self.change = change
    self.share = share
  }

  /// A new version of a prompt that spoils its requests.
  private static func version(
    _ name: String, _ prompt: String = "rag-answer", _ ending: Ending = .mended(.promptRollback), share: Double = 1,
    _ spoil: @escaping @Sendable (inout Draft) -> Void
  ) -> FailureStory {
    let (old, new) = prompt == "chat" ? ("7", "8") : ("42", "43")
    return FailureStory(
      name, [Disturbance(["prompt": prompt, "prompt_version": new], 0..<1_000, spoil)],
      blames: [["prompt": prompt, "prompt_version": new]], ending,
      after: share < 1
        ? StoryChange(kind: .promptVersion, subject: "\(prompt)@canary", from: nil, to: "\(new) \(Int(share * 100))%")
        : StoryChange(kind: .promptVersion, subject: prompt, from: old, to: new),
      share: share)
  }

  private static let vertex = ["provider": "gcp.vertex_ai"]
  private static let openAI = ["provider": "openai"]
  private static let flash = ["model": "gemini-2.5-flash"]
  private static let lite = ["model": "gemini-2.5-flash-lite"]
  private static let claude = ["provider": "anthropic"]
  /// What always goes together cannot be told apart.
  private static let claudeCauses = [claude, ["model": "claude-sonnet-4-5"]]
  private static let openAICauses = [openAI, ["model": "gpt-4.1-mini"]]
  private static let flashCauses = [flash]
  private static let liteCauses = [lite, ["route": "classify"]]
  private static let answerCauses = [["route": "answer"], ["prompt": "rag-answer"], ["feature": "search"]]
  private static let hooli = ["tenant": "hooli"]

  static let all: [FailureStory] = [
    // Providers.
    FailureStory(
      "a provider is down", [Disturbance(vertex) { $0.errors[.providerError] = 0.7 }], blames: [vertex], .mended(.weightShift)),
    FailureStory(
      "a model fails now and then", [Disturbance(flash) { $0.errors[.providerError] = 0.15 }], blames: flashCauses,
      .mended(.weightShift)),
    FailureStory(
      "a model times out", [Disturbance(lite) { $0.errors[.timeout] = 0.2 }], blames: liteCauses, .mended(.modelFallback)),
    FailureStory(
      "a model becomes slow", [Disturbance(claude) { ($0.seconds, $0.firstToken) = ($0.seconds * 2.5, $0.firstToken * 2.5) }],
      blames: claudeCauses, .mended(.weightShift)),
    FailureStory(
      "only first tokens come late", [Disturbance(openAI) { $0.firstToken *= 4 }], blames: openAICauses, .mended(.weightShift)),
    FailureStory(
      "streams stall", [Disturbance(flash) { $0.gap *= 8 }], blames: flashCauses, .mended(.weightShift)),
    FailureStory(
      "a storm of 429", [Disturbance(openAI) { ($0.errors[.rateLimited], $0.retried) = (0.35, 0.4) }], blames: openAICauses,
      .mended(.weightShift)),
    FailureStory(
      "a quota is used up", [Disturbance(claude) { $0.errors[.quotaExhausted] = 0.95 }], blames: claudeCauses,
      .mended(.weightShift)),
    FailureStory(
      "a storm of retries", [Disturbance(["route": "answer"]) { $0.retried = 0.5 }], blames: answerCauses, .mended(.retryLimit)),
    FailureStory(
      "a model was changed silently", [Disturbance(claude) { ($0.risks[.refusal], $0.output) = (0.3, $0.output * 1.5) }],
      blames: claudeCauses, .mended(.weightShift)),
    FailureStory(
      "a model breaks its tool calls", [Disturbance(openAI) { $0.risks[.malformed] = 0.25 }], blames: openAICauses,
      .mended(.weightShift)),
    FailureStory(
      "a safety filter became stricter", [Disturbance(flash) { $0.blocked = 0.2 }], blames: flashCauses, .mended(.weightShift)),
    FailureStory(
      "a region is down",
      [Disturbance(["region": "europe-west4"], failing) { $0.errors = [.providerError: 0.5, .timeout: 0.1] }],
      blames: [["region": "europe-west4"]], .person),
    FailureStory(
      "a key has expired", [Disturbance(openAI, failing) { $0.errors[.auth] = 0.9 }], blames: openAICauses, .person),
    FailureStory(
      "a price was raised", [Disturbance(openAI) { $0.prices = ($0.prices.input * 2, $0.prices.output * 2) }],
      blames: openAICauses, .mended(.weightShift)),
    // Prompts.
    version("a prompt makes things up") { $0.risks[.ungrounded] = 0.3 },
    version("a prompt makes the model refuse", "chat") { $0.risks[.refusal] = 0.25 },
    version("a prompt yields broken answers") { $0.risks[.malformed] = 0.25 },
    version("a prompt yields endless answers") { ($0.output, $0.seconds) = ($0.output * 3, $0.seconds * 2) },
    version("a prompt is cut short") { $0.truncated = 0.3 },
    version("a prompt gives data away") { $0.risks[.sensitiveData] = 0.15 },
    version("a prompt overflows the context") { $0.errors[.contextOverflow] = 0.25 },
    version("a prompt loses the cache", "chat") { $0.cacheHits = 0.001 },
    version("a canary makes things up", "rag-answer", .mended(.canaryStop), share: 0.15) { $0.risks[.ungrounded] = 0.6 },
    // Retrieval.
    FailureStory(
      "an index is empty", [Disturbance(["route": "answer"], failing) { $0.emptyRetrievals = 0.5 }], blames: answerCauses,
      .person,
      after: StoryChange(kind: .index, subject: "handbook", from: "2026-09", to: "2026-10")),
    FailureStory(
      "embeddings do not match", [Disturbance(["route": "answer"], failing) { $0.topScore = 0.45 }], blames: answerCauses, .person
    ),
    // Callers.
    FailureStory(
      "a tenant sends novels", [Disturbance(hooli, failing, volume: 2) { ($0.input, $0.output) = ($0.input * 4, $0.output * 2) }],
      blames: [hooli], .mended(.throttle)),
    FailureStory(
      "a campaign of injections", [Disturbance(hooli, failing, volume: 4) { $0.risks[.injection] = 0.4 }], blames: [hooli],
      .mended(.throttle)),
    FailureStory(
      "an agent goes in circles",
      (1..<10).map { Disturbance(["tenant": "hooli", "route": "chat"], Double($0 * 2)..<Double($0 * 2 + 1), volume: 14) },
      blames: [hooli, ["tenant": "hooli", "route": "chat"]], .mended(.throttle)),
    FailureStory(
      "a job sends the same documents over and over",
      [Disturbance(["route": "summarize"], failing, volume: 3) { ($0.input, $0.repeats) = ($0.input * 5, 0.97) }],
      blames: [["route": "summarize"], ["feature": "reports"]], .mended(.cacheOn)),
    FailureStory("callers fall silent", [Disturbance([:], failing, volume: 0.03)], blames: [[:]], .person),
    // Configuration.
    FailureStory(
      "a limit cuts answers", [Disturbance(["route": "summarize"], failing) { $0.truncated = 0.35 }],
      blames: [["route": "summarize"], ["feature": "reports"]], .person,
      after: StoryChange(kind: .config, subject: "summarize max_tokens", from: "1024", to: "400")),
  ]
}
