// Days on which nothing is wrong although something is unusual: nobody may be woken.

import LLMTelemetry
import Testing

/// A change on purpose, as a story writes it down.
struct StoryChange: Sendable {
  var kind: ChangeEvent.Kind
  var subject: String
  var from: String?
  var to: String

  func event(at: Timestamp) -> ChangeEvent {
    ChangeEvent(at: at, kind: kind, subject: subject, from: from, to: to, author: "lee")
  }
}

struct HealthyDay: Sendable, CustomTestStringConvertible {
  var name: String
  var disturbances: [Disturbance] = []
  var versions: [(prompt: String, version: String, from: Double, share: Double)] = []
  var changes: [StoryChange] = []
  /// A tenant that was not there before.
  var newcomer: String?

  var testDescription: String { name }

  static let all: [HealthyDay] = [
    HealthyDay(name: "an ordinary day"),
    HealthyDay(name: "a new tenant", newcomer: "umbrella"),
    HealthyDay(name: "a weekend: half of the requests", disturbances: [Disturbance([:], volume: 0.55)]),
    HealthyDay(name: "a marketing peak", disturbances: [Disturbance([:], 2..<12, volume: 2.5)]),
    HealthyDay(
      name: "a blip of two minutes",
      disturbances: [Disturbance(["provider": "openai"], 4..<6) { $0.errors[.providerError] = 0.06 }]),
    HealthyDay(
      name: "a few requests with 100,000 tokens",
      disturbances: [Disturbance(["tenant": "acme", "route": "classify"], 6..<6.2) { $0.input = 100_000 }]),
    HealthyDay(
      name: "a shift in the mix of routes",
      disturbances: [Disturbance(["route": "chat"], volume: 1.6), Disturbance(["route": "classify"], volume: 0.6)]),
    HealthyDay(
      name: "a canary that is as good", versions: [("rag-answer", "43", 2, 0.1)],
      changes: [StoryChange(kind: .promptVersion, subject: "rag-answer@canary", from: nil, to: "43 10%")]),
    HealthyDay(
      name: "a release that changes nothing", versions: [("chat", "8", 2, 1)],
      changes: [
        StoryChange(kind: .promptVersion, subject: "chat", from: "7", to: "8"),
        StoryChange(kind: .deploy, subject: "assistant", from: "1.4.1", to: "1.4.2"),
      ]),
    HealthyDay(
      name: "answers that are a little longer by design",
      disturbances: [Disturbance(["route": "summarize"]) { $0.output *= 1.1 }]),
  ]
}
