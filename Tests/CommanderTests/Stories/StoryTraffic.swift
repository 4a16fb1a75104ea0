// The traffic of the stories: four routes of an assistant, drawn span by span, what goes wrong with them, and a gateway that obeys.

import Foundation
import LLMTelemetry
import TestSeries

/// What one request will be like, before chance decides.
struct Draft {
  var dimensions: Dimensions
  /// What chance decides, as a share of requests.
  var errors: [ErrorClass: Double] = [.providerError: 0.002, .rateLimited: 0.002, .timeout: 0.001]
  var risks: [RiskScorer: Double] = [
    .refusal: 0.01, .injection: 0.001, .sensitiveData: 0.001, .malformed: 0.005, .repetition: 0.004,
  ]
  var truncated = 0.01
  var blocked = 0.004
  var cacheHits = 0.0
  var emptyRetrievals = 0.0
  /// Similarity of the best document; `nil` where nothing is retrieved.
  var topScore: Double?
  var retried = 0.01
  var seconds = 1.6
  var firstToken = 0.4
  var gap = 0.15
  var input = 900.0
  var output = 220.0
  /// Nano-dollars of a prompt token and of an answer token.
  var prices = (input: 400.0, output: 1_600.0)
  var outputLimit: Double?
  var attemptLimit: Int?
  /// The share of requests that ask what was asked before.
  var repeats = 0.0
  /// An override answers those from the gateway's cache.
  var usesCache = false
  /// Some order of refusal is in force for it.
  var isWithheld = false

  subscript(dimension: String) -> String? {
    switch Dimension(rawValue: dimension) {
    case .provider: dimensions.provider
    case .model: dimensions.model
    case .route: dimensions.route
    case .tenant: dimensions.tenant
    case .prompt: dimensions.prompt
    case .promptVersion: dimensions.promptVersion
    case .region: dimensions.region
    case .feature: dimensions.feature
    default: nil
    }
  }

  func has(_ values: [String: String]) -> Bool { values.allSatisfy { self[$0.key] == $0.value } }
}

/// Something that is not as usual for a while, and in which requests.
struct Disturbance {
  var only: [String: String]
  /// Minutes of the story.
  var minutes: Range<Double>
  /// How many times as many requests as usual.
  var volume = 1.0
  var change: @Sendable (inout Draft) -> Void = { _ in }

  init(
    _ only: [String: String] = [:], _ minutes: Range<Double> = 2..<1_000, volume: Double = 1,
    _ change: @escaping @Sendable (inout Draft) -> Void = { _ in }
  ) {
    self.only = only
    self.minutes = minutes
    self.volume = volume
    self.change = change
  }
}

/// Requests of the assistant, second by second.
struct StoryTraffic {
  static let vertex = (provider: "gcp.vertex_ai", model: "gemini-2.5-flash")
  static let openAI = (provider: "openai", model: "gpt-4.1-mini")
  static let claude = (provider: "anthropic", model: "claude-sonnet-4-5")

  private var random: SplitMix
  private var requests: UInt64 = 0
  /// What throttles let through in the present minute, by override.
  private var admitted: [String: (minute: Int64, count: Int)] = [:]

  /// Requests a second, all in all.
  var rate = 0.8
  var tenants = ["acme", "globex", "hooli", "initech"]
  var disturbances: [Disturbance] = []
  /// Which version of a prompt is served to which share of its requests, and from which minute on; the last that holds counts.
  var versions: [(prompt: String, version: String, from: Double, share: Double)] = []
  var overrides = RoutingOverrides()

  init(seed: UInt64) { random = SplitMix(state: seed) }

  mutating func reseed(_ seed: UInt64) { random = SplitMix(state: seed) }

  /// The spans of ten seconds that begin at `start`, in the order of their time.
  mutating func spans(from start: Timestamp, minute: Double) -> [LLMSpan] {
    var spans: [LLMSpan] = []
    for tenant in tenants {
      for route in ["answer", "chat", "summarize", "classify"] {
        let plain = draft(route: route, tenant: tenant, minute: minute, seen: true)
        let active = disturbances.filter { $0.minutes.contains(minute) && plain.has($0.only) }
        let volume = active.reduce(1.0) { $0 * $1.volume }
        for _ in 0..<poisson(rate * 10 / 16 * volume) {
          let at = start + .milliseconds(Int64.random(in: 0..<10_000, using: &random))
          spans.append(span(route: route, tenant: tenant, at: at, minute: minute))
        }
      }
    }
    return spans.sorted { $0.start < $1.start }
  }

  // MARK: One request

  private mutating func draft(route: String, tenant: String, minute: Double, seen: Bool) -> Draft {
    var dimensions = Dimensions()
    dimensions.service = "assistant"
    dimensions.env = "production"
    dimensions.tenant = tenant
    dimensions.route = route
    dimensions.region = seen ? nil : ["europe-west4", "us-central1"].randomElement(using: &random)
    var draft = Draft(dimensions: dimensions)
    func one(_ first: (provider: String, model: String), _ second: (provider: String, model: String)) -> (String?, String?) {
      seen ? (nil, nil) : Double.random(in: 0..<1, using: &random) < 0.6 ? first : second
    }
    switch route {
    case "answer":
      draft.dimensions.feature = "search"
      draft.dimensions.prompt = "rag-answer"
      (draft.dimensions.provider, draft.dimensions.model) = one(Self.vertex, Self.openAI)
      draft.risks[.ungrounded] = 0.03
      draft.topScore = 0.8
      draft.emptyRetrievals = 0.01
      draft.input = 2_400
    case "chat":
      draft.dimensions.feature = "assistant"
      draft.dimensions.prompt = "chat"
      (draft.dimensions.provider, draft.dimensions.model) = one(Self.openAI, Self.claude)
      draft.cacheHits = 0.85
      draft.input = 3_000
    case "summarize":
      draft.dimensions.feature = "reports"
      (draft.dimensions.provider, draft.dimensions.model) = one(Self.claude, Self.vertex)
      (draft.seconds, draft.output) = (4, 400)
    default:
      draft.dimensions.feature = "triage"
      (draft.dimensions.provider, draft.dimensions.model) = Self.vertex
      draft.dimensions.model = "gemini-2.5-flash-lite"
      (draft.seconds, draft.output, draft.firstToken) = (0.7, 40, 0.2)
    }
    if let prompt = draft.dimensions.prompt { draft.dimensions.promptVersion = version(of: prompt, minute: minute) }
    return draft
  }

  /// The version in production; a canary of it for its share of the requests.
  private mutating func version(of prompt: String, minute: Double) -> String {
    var version = Self.production(of: prompt)
    for entry in versions where entry.prompt == prompt && minute >= entry.from {
      if entry.share >= 1 || Double.random(in: 0..<1, using: &random) < entry.share { version = entry.version }
    }
    return version
  }

  static func production(of prompt: String) -> String { prompt == "chat" ? "7" : "42" }

  private mutating func span(route: String, tenant: String, at: Timestamp, minute: Double) -> LLMSpan {
    requests += 1
    var draft = draft(route: route, tenant: tenant, minute: minute, seen: false)
    for override in overrides.overrides { obey(override, &draft, at: at) }
    for disturbance in disturbances where disturbance.minutes.contains(minute) && draft.has(disturbance.only) {
      disturbance.change(&draft)
    }
    return finished(draft, at: at)
  }

  /// The gateway: what an override in force does to a request that it speaks about.
  private mutating func obey(_ override: RoutingOverride, _ draft: inout Draft, at: Timestamp) {
    let old = draft
    switch override.action {
    case .rollBackPrompt(let prompt, let from, let to):
      guard draft.dimensions.prompt == prompt, draft.dimensions.promptVersion == from else { return }
      draft.dimensions.promptVersion = to
    case .stopCanary(let prompt, let version):
      guard draft.dimensions.prompt == prompt, draft.dimensions.promptVersion == version else { return }
      draft.dimensions.promptVersion = Self.production(of: prompt)
    case .fallBackModel(let route, let from, let provider, let model):
      guard draft.dimensions.route == route, from == RoutingOverride.anyModel || draft.dimensions.model == from else { return }
      (draft.dimensions.provider, draft.dimensions.model) = (Self.vendor(provider), model)
    case .shiftWeight(let route, let provider, let model, let percent):
      guard draft.dimensions.route == route, draft.dimensions.provider == Self.vendor(provider),
        model == nil || draft.dimensions.model == model, Int.random(in: 0..<100, using: &random) >= percent
      else { return }
      (draft.dimensions.provider, draft.dimensions.model) = Self.other(than: override.action, on: route)
    case .throttle(let scope, let perMinute):
      guard scope.contains(draft.dimensions, key: nil, model: draft.dimensions.model) else { return }
      let present = at.unixSeconds / 60
      var used = admitted[override.id] ?? (present, 0)
      if used.minute != present { used = (present, 0) }
      used.count += 1
      admitted[override.id] = used
      draft.isWithheld = used.count > perMinute
    case .limitSpending(let tenant, _):
      guard draft.dimensions.tenant == tenant else { return }
      draft.isWithheld = true
    case .closeRoute(let route):
      guard draft.dimensions.route == route else { return }
      draft.isWithheld = true
    case .capOutputTokens(let scope, let tokens):
      guard scope.contains(draft.dimensions, key: nil, model: draft.dimensions.model) else { return }
      draft.outputLimit = Double(tokens)
    case .cacheAnswers(let scope, _):
      guard scope.contains(draft.dimensions, key: nil, model: draft.dimensions.model) else { return }
      draft.usesCache = true
    case .limitRetries(let route, let attempts):
      guard draft.dimensions.route == route else { return }
      draft.attemptLimit = attempts + 1
    case .removeTool(let scope, _):
      guard scope.contains(draft.dimensions, key: nil, model: draft.dimensions.model) else { return }
    }
    guard override.treats(requests) else {
      draft = old
      draft.dimensions.override = override.controlValue
      return
    }
    draft.dimensions.override = override.treatedValue
  }

  /// The target of a route that keeps its weight.
  private static func other(than action: RoutingOverride.Action, on route: String) -> (String?, String?) {
    guard case .shiftWeight(_, let provider, _, _) = action else { return (nil, nil) }
    let targets = ["answer": [vertex, openAI], "chat": [openAI, claude], "summarize": [claude, vertex]][route] ?? []
    let other = targets.first { $0.provider != vendor(provider) }
    return (other?.provider, other?.model)
  }

  private static func vendor(_ configured: String) -> String { configured == "vertex" ? vertex.provider : configured }

  /// Chance decides.
  private mutating func finished(_ draft: Draft, at: Timestamp) -> LLMSpan {
    func happens(_ share: Double) -> Bool { share > 0 && Double.random(in: 0..<1, using: &random) < share }
    func around(_ mean: Double, _ spread: Double = 0.3) -> Double {
      // The sum of four uniform numbers is near enough to a bell.
      let bell = (0..<4).reduce(0.0) { sum, _ in sum + Double.random(in: -1..<1, using: &random) } / 1.155
      return mean * exp(bell * spread)
    }
    let dimensions = draft.dimensions
    var span = LLMSpan(
      traceID: .random(at: at, using: &random), spanID: .random(using: &random), kind: .llm, name: "chat", start: at,
      duration: .milliseconds(20), dimensions: dimensions)
    if draft.isWithheld {
      span.outcome = .failed(.withheld, message: "an override is in force")
      span.attempts = 0
      return span
    }
    if draft.usesCache, happens(draft.repeats) {
      (span.attempts, span.usage, span.finishReason) = (0, TokenUsage(input: 0, output: 0), .stop)
      span.cost = .exact(Nanodollars(0), priceVersion: "1")
      return span
    }
    if happens(draft.retried) { span.attempts = min(draft.attemptLimit ?? 9, 3) }
    for (errorClass, share) in draft.errors.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where happens(share) {
      span.outcome = .failed(errorClass, message: "the provider said so")
      span.duration = .milliseconds(Int64(around(errorClass == .timeout ? 30_000 : 300)))
      return span
    }
    let wanted = around(draft.output)
    let output = min(wanted, draft.outputLimit ?? wanted)
    span.isStreaming = true
    span.timeToFirstToken = .milliseconds(Int64(around(draft.firstToken) * 1_000))
    span.longestGap = .milliseconds(Int64(around(draft.gap) * 1_000))
    span.duration = .milliseconds(Int64(around(draft.seconds * (0.4 + 0.6 * output / max(1, draft.output))) * 1_000) + 50)
    let input = around(draft.input, 0.2)
    let isHit = happens(draft.cacheHits)
    let cached = isHit ? input * 0.8 : 0
    span.usage = TokenUsage(
      input: Int(input - cached), cacheRead: draft.cacheHits > 0 ? Int(cached) : nil, output: max(1, Int(output)))
    let cost = (input - 0.75 * cached) * draft.prices.input + output * draft.prices.output
    span.cost = .exact(Nanodollars(Int64(cost)), priceVersion: "1")
    span.finishReason = happens(draft.blocked) ? .contentFilter : happens(draft.truncated) ? .length : .stop
    for (scorer, share) in draft.risks.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      span.risk[scorer] = happens(share) ? 0.9 : 0.05
    }
    if let topScore = draft.topScore {
      let isEmpty = happens(draft.emptyRetrievals)
      span.retrieval = RetrievalFacts(documentCount: isEmpty ? 0 : 5, topScore: isEmpty ? nil : min(0.99, around(topScore, 0.06)))
    }
    return span
  }

  // MARK: Chance

  private mutating func poisson(_ mean: Double) -> Int {
    var (count, product) = (0, Double.random(in: 0..<1, using: &random))
    let limit = exp(-mean)
    while product > limit {
      count += 1
      product *= Double.random(in: 0..<1, using: &random)
    }
    return count
  }
}
