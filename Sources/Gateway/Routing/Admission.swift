// The decision about one request: who sends it, where it goes, what changes on the way. Pure: no I/O, no clock.

import LLMTelemetry
import NIOHTTP1
import Providers

/// A request the gateway will relay.
struct RelayPlan {
  var provider: Provider
  /// The request target at the provider, base path included.
  var uri: String
  var edits: [BodyEdit]
  var framing: ResponseFraming
  var stripsUsage: Bool
  var facts: AdmittedFacts
}

/// What is known of a request when its fate is decided; all of it goes on the span.
struct AdmittedFacts {
  var wireProtocol: WireProtocol
  var dimensions = Dimensions()
  var streams = false
  var fallbackFrom: String?
  /// The version the gateway resolved or the client named, told back in a response header.
  var resolvedPromptVersion: String?
}

/// A request the gateway will not relay, with everything already known about it.
struct Refusal: Error {
  var failure: GatewayFailure
  var facts: AdmittedFacts
}

enum Admission {
  /// Decides about a whole request. Throws a `Refusal` that is answered in the protocol's own error shape.
  static func plan(
    target: RequestTarget, headers: HTTPHeaders, body: UnsafeRawBufferPointer, snapshot: GatewaySnapshot
  ) throws(Refusal) -> RelayPlan {
    var facts = factsBeforeBody(target: target, headers: headers, snapshot: snapshot)
    func refuse(_ status: Int, _ errorClass: ErrorClass, _ message: String) -> Refusal {
      Refusal(failure: GatewayFailure(status: status, errorClass: errorClass, message: message), facts: facts)
    }

    guard let presented = presentedKey(target: target, headers: headers) else {
      throw refuse(401, .auth, "No virtual key: send the key that `commander key create` printed, as your SDK's API key.")
    }
    guard let key = snapshot.key(sha256: VirtualKeyHash.sha256(of: presented)) else {
      throw refuse(
        401, .auth,
        "This virtual key is not known to the gateway: create one with `commander key create` and add it to the configuration.")
    }
    let request: RequestFacts
    do throws(RequestBodyError) {
      request = try RequestFacts(body: body, target: target)
    } catch {
      throw refuse(400, .invalidRequest, error.message)
    }
    facts.streams = request.streams
    name(key: key, headers: headers, labels: request.labels, into: &facts.dimensions)
    guard let asked = target.model ?? request.model, !asked.isEmpty else {
      throw refuse(400, .invalidRequest, "The request names no model: set the member \"model\".")
    }
    guard asked.utf8.count <= 200 else {
      throw refuse(400, .invalidRequest, "The model's name is longer than 200 bytes: no provider has such a model.")
    }
    facts.dimensions.model = asked

    guard let (route, routeProvider) = snapshot.route(wireProtocol: target.wireProtocol, model: asked) else {
      throw refuse(
        404, .invalidRequest,
        "No route serves model \"\(asked)\" over \(target.wireProtocol.rawValue): add it to `routes` in the configuration.")
    }
    facts.dimensions.route = route.name
    var provider = routeProvider
    var model = asked
    for case .fallBackModel(let routeName, let from, let toProvider, let toModel) in snapshot.overrides.overrides.map(\.action)
    where routeName == route.name && (from == asked || from == RoutingOverride.anyModel)
      && (toProvider != route.provider || toModel != asked)
    {
      if let other = snapshot.providers[toProvider], other.wireProtocol == target.wireProtocol {
        provider = other
        model = toModel
        facts.fallbackFrom = asked
      }
    }
    facts.dimensions.model = model
    if let location = provider.location, target.wireProtocol == .vertex { facts.dimensions.region = location }

    var edits: [BodyEdit] = []
    if let instruction = try promptInstruction(facts: &facts, request: request, snapshot: snapshot) {
      guard let edit = RequestRewriting.systemInstruction(request, text: instruction, wireProtocol: target.wireProtocol) else {
        throw refuse(400, .invalidRequest, "The request has no \"messages\" array to put the managed prompt's text in.")
      }
      edits.append(edit)
    }
    var stripsUsage = false
    if target.wireProtocol == .openAI {
      if request.streams, !request.includesUsage {
        edits.append(RequestRewriting.includeUsage(request))
        stripsUsage = true
      }
      if model != asked, let edit = RequestRewriting.replaceModel(request, by: model) { edits.append(edit) }
    }
    var upstreamTarget = target
    if target.model != nil { upstreamTarget.model = model }
    if let project = provider.project { upstreamTarget.project = project }
    if let location = provider.location { upstreamTarget.location = location }
    return RelayPlan(
      provider: provider, uri: provider.basePath + upstreamTarget.uri, edits: edits,
      framing: target.framing(streams: request.streams),
      stripsUsage: stripsUsage, facts: facts)
  }

  /// What the request line and the headers say, before anything of the body is known.
  static func factsBeforeBody(target: RequestTarget, headers: HTTPHeaders, snapshot: GatewaySnapshot) -> AdmittedFacts {
    var facts = AdmittedFacts(wireProtocol: target.wireProtocol)
    facts.dimensions.service = tag(headers.first(name: "x-commander-service")) ?? snapshot.service
    facts.dimensions.env = snapshot.env
    facts.dimensions.version = tag(headers.first(name: "x-commander-version")) ?? snapshot.version
    facts.dimensions.provider = target.wireProtocol.providerName
    facts.dimensions.model = tag(target.model)
    facts.dimensions.region = tag(target.location)
    return facts
  }

  /// The system instruction to put in, when the request names a managed prompt; sets the resolved version.
  private static func promptInstruction(
    facts: inout AdmittedFacts, request: RequestFacts, snapshot: GatewaySnapshot
  ) throws(Refusal) -> String? {
    guard let name = facts.dimensions.prompt, let prompt = snapshot.prompts[name] else { return nil }
    func refuse(_ message: String) -> Refusal {
      Refusal(failure: GatewayFailure(status: 400, errorClass: .invalidRequest, message: message), facts: facts)
    }
    var version = facts.dimensions.promptVersion ?? prompt.production
    for case .rollBackPrompt(name, version, let earlier) in snapshot.overrides.overrides.map(\.action) {
      version = earlier
      break
    }
    facts.dimensions.promptVersion = version
    facts.resolvedPromptVersion = version
    guard let text = prompt.versions[version] else {
      throw refuse(
        "Prompt \"\(name)\" has no version \"\(version)\"; it has \(prompt.versions.keys.sorted().joined(separator: ", ")).")
    }
    guard !request.hasSystemInstruction else {
      throw refuse(
        "Prompt \"\(name)\" is managed by the gateway, and the request carries its own system instruction: send one or the other."
      )
    }
    return text
  }

  private static func presentedKey(target: RequestTarget, headers: HTTPHeaders) -> String? {
    if let authorization = headers.first(name: "authorization"), authorization.count > 7,
      authorization.prefix(7).lowercased() == "bearer "
    {
      return String(authorization.dropFirst(7))
    }
    return headers.first(name: "x-goog-api-key") ?? headers.first(name: "x-api-key") ?? target.queryKey
  }

  /// Names a request: what the key fixes wins, then headers, then the body's labels.
  private static func name(key: VirtualKey, headers: HTTPHeaders, labels: [String: String], into dimensions: inout Dimensions) {
    func named(_ name: String) -> String? {
      tag(headers.first(name: "x-commander-\(name)") ?? labels[name] ?? labels[name.replacing("-", with: "_")])
    }
    dimensions.tenant = key.tenant ?? named("tenant")
    dimensions.feature = key.feature ?? named("feature")
    dimensions.prompt = named("prompt")
    dimensions.promptVersion = named("prompt-version")
  }

  /// A dimension becomes a tag, and 200 characters is Datadog's limit for one; an empty value is none.
  private static func tag(_ value: String?) -> String? {
    value.flatMap { $0.isEmpty ? nil : String($0.prefix(200)) }
  }
}
