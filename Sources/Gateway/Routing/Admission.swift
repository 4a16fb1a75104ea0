// The decision about one request: who sends it, which targets may serve it, which prompt it gets. Pure: no I/O, no clock.

import LLMTelemetry
import NIOCore
import Providers

/// A request the gateway will try to have served.
struct AdmittedCall {
  let target: Shared<RequestTarget>
  var request: RequestFacts
  let route: Shared<Route>
  /// What the client called the model.
  var asked: String
  /// In the order they are tried; never empty.
  var candidates: [Candidate]
  /// Edits that hold for every target: the managed prompt's text, and what overrides ask for.
  var edits: [BodyEdit]
  /// The route's, or what an override left of it.
  var retry: RetryPolicy
  /// What an override allows an answer; `nil` where none does.
  var outputTokenCap: Int?
  /// What the cache of answers may do for it; `nil` is the rule.
  var caching: CachingDecision?
}

/// What is known of a request, from its line and headers on; all of it goes on the span. Of one request and one event loop.
final class AdmittedFacts {
  let wireProtocol: WireProtocol
  let bodyFormat: BodyFormat
  var dimensions = Dimensions()
  var virtualKey: String?
  var streams = false
  var serviceTier: ServiceTier?
  var fallbackFrom: String?
  /// The conversation the client says the request belongs to; it decides on which side of a canary or override it is.
  var session: String?
  /// The version the gateway resolved or the client named, told back in a response header.
  var resolvedPromptVersion: String?
  /// The label that led to the version; `nil` where the request named the version or an override moved it.
  var resolvedPromptLabel: String?
  /// What the cache of answers did, told in a response header; `nil` where it was not asked.
  var cacheStatus: String?

  init(wireProtocol: WireProtocol, bodyFormat: BodyFormat) {
    self.wireProtocol = wireProtocol
    self.bodyFormat = bodyFormat
  }
}

/// What admission knows of the moment: the configuration in force, the time, and chance.
struct AdmissionContext {
  var snapshot: GatewaySnapshot
  /// The key, when the connection's earlier requests presented the same.
  var knownKey: Shared<VirtualKey>?
  /// Picks weighted targets.
  var ticket: UInt64
  /// Picks the side of a canary or an override where the request names no session: the same for all calls of one trace.
  var traceTicket: UInt64
  /// When the request came.
  var at: Timestamp
}

enum Admission {
  /// Decides about a whole request, and adds what it learns to `facts`. What is refused is answered in the protocol's own
  /// error shape.
  ///
  /// - Parameters:
  ///   - lookUp: the key that a presented secret is, from the loop's memory or by its hash.
  ///   - isOpen: whether the circuit of a target is.
  ///   - take: takes one request from a throttle's rate, by the id of its override; how long to wait where there is none left.
  static func admit(
    target: Shared<RequestTarget>, headers: HeaderBlock, body: UnsafeRawBufferPointer, context: AdmissionContext,
    facts: AdmittedFacts, lookUp: (String) -> Shared<VirtualKey>?, isOpen: (Candidate, CircuitPolicy) -> Bool,
    take: (_ override: String, _ perMinute: Int) -> Duration?
  ) throws(GatewayFailure) -> AdmittedCall {
    let snapshot = context.snapshot
    func refuse(_ status: Int, _ errorClass: ErrorClass, _ message: String) -> GatewayFailure {
      GatewayFailure(status: status, errorClass: errorClass, message: message)
    }
    let key =
      if let known = context.knownKey { known } else {
        try self.key(queryKey: target.value.queryKey, headers: headers, key: lookUp)
      }
    facts.virtualKey = key.value.name
    let request: RequestFacts
    do throws(RequestBodyError) {
      request = try RequestFacts(
        body: body, format: target.value.bodyFormat, method: target.value.method, modelIsInPath: target.value.model != nil)
    } catch {
      throw refuse(400, .invalidRequest, error.message)
    }
    facts.streams = request.streams
    facts.serviceTier = request.serviceTier
    name(key: key, headers: headers, labels: request.labels, facts)
    guard let asked = target.value.model ?? request.model, !asked.isEmpty else {
      throw refuse(400, .invalidRequest, "The request names no model: set the member \"model\".")
    }
    guard asked.utf8.count <= 200 else {
      throw refuse(400, .invalidRequest, "The model's name is longer than 200 bytes: no provider has such a model.")
    }
    facts.dimensions.model = asked

    guard let route = snapshot.route(for: target, model: asked) else {
      throw refuse(
        404, .invalidRequest,
        "No route serves model \"\(asked)\" over \(target.value.wireProtocol.rawValue): add it to `routes` in the configuration.")
    }
    facts.dimensions.route = route.value.name
    let ticket = headers.first("x-commander-session").map { PromptTicket.of($0.utf8) } ?? context.traceTicket
    var overrides = OverrideDecision(snapshot.overrides, at: context.at, ticket: ticket)
    var edits: [BodyEdit] = []
    let instruction: String?
    do throws(GatewayFailure) {
      instruction = try promptInstruction(
        facts: facts, request: request, label: tag(headers.first("x-commander-prompt-label") ?? request.labels["prompt_label"]),
        ticket: ticket, overrides: &overrides, snapshot: snapshot)
      if !overrides.isEmpty {
        // After the prompt, whose version an override may name.
        try overrides.decide(
          facts: facts, route: route.value, asked: asked, target: target.value, snapshot: snapshot, take: take)
        facts.dimensions.override = overrides.mark
      }
    } catch {
      facts.dimensions.override = overrides.mark
      throw error
    }
    let candidates = TargetOrder.candidates(
      of: route, targets: overrides.isEmpty ? nil : overrides.targets(of: route.value), asked: asked, ticket: context.ticket,
      override: overrides.fallback
    ) {
      isOpen($0, route.value.circuit)
    }
    guard !candidates.isEmpty else {
      throw refuse(503, .providerError, "Route \"\(route.value.name)\" has no target with a weight above 0.")
    }
    if !overrides.isEmpty { edits += overrides.edits(of: body, request: request, bodyFormat: target.value.bodyFormat) }
    if let instruction {
      if target.value.bodyFormat == .googleTokenCount, target.value.wireProtocol == .gemini {
        edits += RequestRewriting.countedInstruction(
          request, text: instruction, model: candidates[0].model, bodyBytes: body.count)
      } else if let edit = RequestRewriting.systemInstruction(
        request, text: instruction, bodyFormat: target.value.bodyFormat)
      {
        edits.append(edit)
      } else {
        throw refuse(400, .invalidRequest, "The request has no \"messages\" array to put the managed prompt's text in.")
      }
    }
    return AdmittedCall(
      target: target, request: request, route: route, asked: asked, candidates: candidates, edits: edits,
      retry: overrides.retry(route.value.retry), outputTokenCap: overrides.outputTokenCap,
      caching: route.value.cache == nil && overrides.answerMaxAge == nil
        ? nil
        : CachingDecision(
          route: route.value.cache, override: overrides.answerMaxAge, bodyFormat: target.value.bodyFormat, request: request,
          headers: headers, bodyBytes: body.count))
  }

  /// What the request line and the headers say, before anything of the body is known.
  static func factsBeforeBody(
    target: Shared<RequestTarget>, headers: HeaderBlock, snapshot: GatewaySnapshot
  ) -> AdmittedFacts {
    let facts = AdmittedFacts(wireProtocol: target.value.wireProtocol, bodyFormat: target.value.bodyFormat)
    facts.dimensions.service = tag(headers.first("x-commander-service")) ?? snapshot.service
    facts.session = tag(headers.first("x-commander-session"))
    facts.dimensions.env = snapshot.env
    facts.dimensions.version = tag(headers.first("x-commander-version")) ?? snapshot.version
    facts.dimensions.provider = target.value.wireProtocol.providerName
    facts.dimensions.model = tag(target.value.model)
    facts.dimensions.region = tag(target.value.location)
    return facts
  }

  /// The virtual key a request presents, wherever the vendors' SDKs put theirs.
  static func key(
    queryKey: String?, headers: HeaderBlock, key: (String) -> Shared<VirtualKey>?
  ) throws(GatewayFailure) -> Shared<VirtualKey> {
    guard let presented = presentedKey(queryKey: queryKey, headers: headers) else {
      throw GatewayFailure(
        status: 401, errorClass: .auth,
        message: "No virtual key: send the key that `commander key create` printed, as your SDK's API key.")
    }
    guard let known = key(presented) else {
      throw GatewayFailure(
        status: 401, errorClass: .auth,
        message:
          "This virtual key is not known to the gateway: create one with `commander key create` and add it to the configuration.")
    }
    return known
  }

  /// The system instruction to put in, when the request names a managed prompt; sets the resolved version.
  private static func promptInstruction(
    facts: AdmittedFacts, request: RequestFacts, label: String?, ticket: UInt64, overrides: inout OverrideDecision,
    snapshot: GatewaySnapshot
  ) throws(GatewayFailure) -> String? {
    // Also where tokens are counted only: those of the prompt's text count.
    guard facts.bodyFormat.spanKind != .embedding, let name = facts.dimensions.prompt, let prompt = snapshot.prompts[name] else {
      return nil
    }
    func refuse(_ message: String) -> GatewayFailure {
      GatewayFailure(status: 400, errorClass: .invalidRequest, message: message)
    }
    var resolution: PromptResolution
    do throws(PromptResolutionFailure) {
      resolution = try prompt.resolve(
        version: facts.dimensions.promptVersion, label: label, ticket: ticket)
      if !overrides.isEmpty { resolution = try overrides.resolve(resolution, of: prompt, ticket: ticket) }
    } catch {
      throw refuse("\(error)")
    }
    facts.dimensions.promptVersion = resolution.version
    facts.resolvedPromptVersion = resolution.version
    facts.resolvedPromptLabel = resolution.label
    guard !request.hasSystemInstruction else {
      throw refuse(
        "Prompt \"\(name)\" is managed by the gateway, and the request carries its own system instruction: send one or the other."
      )
    }
    return resolution.text
  }

  private static func presentedKey(queryKey: String?, headers: HeaderBlock) -> String? {
    headers.bearer ?? headers.first("x-goog-api-key") ?? headers.first("x-api-key") ?? queryKey
  }

  /// Names a request: what the key fixes wins, then headers, then the body's labels.
  static func name(
    key: Shared<VirtualKey>, headers: HeaderBlock, labels: [String: String], _ facts: AdmittedFacts
  ) {
    facts.virtualKey = key.value.name
    func named(_ header: StaticString, _ label: String) -> String? {
      if let value = headers.first(header) { return tag(value) }
      return labels.isEmpty ? nil : tag(labels[label] ?? labels[label.replacing("-", with: "_")])
    }
    facts.dimensions.tenant = key.value.tenant ?? named("x-commander-tenant", "tenant")
    facts.dimensions.feature = key.value.feature ?? named("x-commander-feature", "feature")
    facts.dimensions.prompt = named("x-commander-prompt", "prompt")
    facts.dimensions.promptVersion = named("x-commander-prompt-version", "prompt-version")
  }

  /// A dimension becomes a tag, and 200 characters is Datadog's limit for one; an empty value is none. A longer one keeps 50
  /// scalars, which are 200 bytes at most.
  private static func tag(_ value: String?) -> String? {
    value.flatMap { $0.isEmpty ? nil : $0.utf8.count <= 200 ? $0 : String($0.unicodeScalars.prefix(50)) }
  }
}
