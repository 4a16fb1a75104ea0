// Reads the YAML configuration, strictly: unknown keys, wrong types, missing secrets and folders are all reported at once.
import DatadogInstrumentation
import Foundation
import LLMInstrumentation
import StrictYAML

package struct ConfigurationReader {
  let folder: URL
  let environment: [String: String]

  static let keys = [
    "listen", "documents", "tenant", "env", "vertex", "openai", "embedding", "index", "prompt", "answering", "retrieval",
    "splitting", "sessions", "limits", "access", "telemetry",
  ]

  /// Reads `path`. Folders and files in it are relative to the file's; secrets come from `environment` or from files.
  package static func read(path: String, environment: [String: String]) throws(ConfigurationError) -> RAGConfiguration {
    let problems = ProblemList()
    var configuration: RAGConfiguration?
    if let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) {
      let reader = ConfigurationReader(folder: URL(fileURLWithPath: path).deletingLastPathComponent(), environment: environment)
      configuration = YAMLValue.parse(text, file: path, problems: problems).flatMap(reader.configuration)
    } else {
      problems.add(
        Problem(
          file: path, line: 0, column: 0, message: "the file cannot be read as UTF-8 text; give the path of a configuration file")
      )
    }
    try problems.throwIfAny()
    guard let configuration else {
      throw ConfigurationError(problems: [
        Problem(file: path, line: 0, column: 0, message: "the configuration is incomplete; see Examples/rag-service.yaml")
      ])
    }
    return configuration
  }

  private func configuration(_ file: YAMLValue) -> RAGConfiguration? {
    guard let root = file.mapping(Self.keys) else { return nil }
    let listen = root.required("listen", "HOST:PORT, for example 127.0.0.1:8070")?.listenAddress()
    let documents = root["documents"].flatMap(folder)
    let vertex = root["vertex"].map(vertex)
    let openAI = root["openai"].map(openAI)
    let generation = generation(file, vertex: vertex, openAI: openAI)
    let neighbour: Neighbour =
      generation.map(Neighbour.generation) ?? (vertex != nil || openAI != nil ? .unreadable : .missing)
    let embedding = root["embedding"].map { self.embedding($0, beside: neighbour) } ?? .builtIn
    let index = root["index"].map { self.index($0, beside: neighbour) } ?? RAGConfiguration.Index()
    let prompt = root.required("prompt", "at least its name").flatMap(prompt)
    var answering = RAGConfiguration.Answering()
    // Models of OpenAI's that think refuse any temperature but their own.
    if openAI != nil { answering.temperature = nil }
    let read = root["answering"].map { self.answering($0, answering) } ?? answering
    let retrieval = retrieval(root["retrieval"], embedding: embedding)
    let splitting = root["splitting"].map(splitting) ?? PassageSplitter()
    let sessions = root["sessions"].map(sessions) ?? SessionStore.Limits()
    let limits = root["limits"].map(limits) ?? RAGConfiguration.Limits()
    let access = root["access"].map(access)
    let telemetry = root["telemetry"].map(telemetry) ?? RAGConfiguration.Telemetry()
    let tenant = root["tenant"].map { name($0) } ?? "default"
    let env = root["env"].map { $0.string() } ?? "dev"
    guard let listen, let generation, let embedding, let index, let prompt, let read, let retrieval, let splitting, let sessions,
      let limits, let telemetry, let tenant, let env
    else { return nil }
    return RAGConfiguration(
      listen: listen, documents: documents, generation: generation, embedding: embedding, index: index, prompt: prompt,
      answering: read, retrieval: retrieval, splitting: splitting, sessions: sessions, limits: limits,
      documentsKey: access ?? nil, telemetry: telemetry, tenant: tenant, env: env)
  }

  private func prompt(_ value: YAMLValue) -> RAGConfiguration.Prompt? {
    guard let mapping = value.mapping(["name", "text", "version", "label"]) else { return nil }
    let text = mapping["text"]?.string()
    let version = mapping["version"].flatMap(name)
    let label = mapping["label"].flatMap(name)
    if text != nil, version != nil || label != nil {
      value.problem(
        "`\(value.path)` has a `text` of its own: `version` and `label` are of managed prompts; leave them or the text out")
    }
    return mapping.required("name", "the prompt's name, for example rag-answer").flatMap(name).map {
      RAGConfiguration.Prompt(name: $0, text: text, version: version, label: label)
    }
  }

  private func answering(_ value: YAMLValue, _ defaults: RAGConfiguration.Answering) -> RAGConfiguration.Answering? {
    guard
      let mapping = value.mapping([
        "temperature", "max_output_tokens", "rewrite", "tools", "tool_rounds", "decline_above",
      ])
    else { return nil }
    var answering = defaults
    if let temperature = mapping["temperature"] { answering.temperature = number(temperature, in: 0...2) }
    if let tokens = mapping["max_output_tokens"] { answering.maxOutputTokens = tokens.integer(1...1_000_000) }
    if let rewrite = mapping["rewrite"]?.choice(RewriteMode.self) { answering.rewrite = rewrite }
    if let tools = mapping["tools"]?.list() { answering.tools = tools.compactMap { $0.choice(ToolName.self) } }
    if let rounds = mapping["tool_rounds"]?.integer(1...10) { answering.toolRounds = rounds }
    if let decline = mapping["decline_above"] { answering.declineAbove = number(decline, in: 0...1) }
    return answering
  }

  private func retrieval(_ value: YAMLValue?, embedding: RAGConfiguration.Embedding?) -> RAGConfiguration.Retrieval? {
    var retrieval = RAGConfiguration.Retrieval(minimumSimilarity: Self.usualSimilarity(embedding))
    guard let value else { return retrieval }
    guard let mapping = value.mapping(["candidates", "passages", "minimum_similarity", "word_weight", "injected_passages"]) else {
      return nil
    }
    if let candidates = mapping["candidates"]?.integer(1...200) { retrieval.candidates = candidates }
    if let passages = mapping["passages"]?.integer(1...50) { retrieval.passages = passages }
    if let minimum = mapping["minimum_similarity"] { retrieval.minimumSimilarity = number(minimum, in: 0...1) ?? 0 }
    if let weight = mapping["word_weight"] { retrieval.wordWeight = number(weight, in: 0...1) ?? 0 }
    if let treatment = mapping["injected_passages"]?.choice(InjectedPassages.self) { retrieval.injectedPassages = treatment }
    if retrieval.passages > retrieval.candidates {
      value.problem(
        "`\(value.path).passages` is more than the \(retrieval.candidates) candidates they are chosen from; raise `candidates`")
    }
    return retrieval
  }

  /// Each model has its own idea of how far apart strangers are; a service tunes it on its own questions.
  private static func usualSimilarity(_ embedding: RAGConfiguration.Embedding?) -> Double {
    switch embedding {
    case .vertex: 0.45
    case .openAI: 0.25
    case .builtIn, nil: 0.15
    }
  }

  private func splitting(_ value: YAMLValue) -> PassageSplitter? {
    guard let mapping = value.mapping(["passage_characters", "overlap_characters"]) else { return nil }
    var splitting = PassageSplitter()
    if let characters = mapping["passage_characters"]?.integer(100...20_000) { splitting.passageCharacters = characters }
    if let overlap = mapping["overlap_characters"]?.integer(0...5_000) { splitting.overlapCharacters = overlap }
    return splitting
  }

  private func sessions(_ value: YAMLValue) -> SessionStore.Limits? {
    guard let mapping = value.mapping(["turns", "idle", "capacity"]) else { return nil }
    var limits = SessionStore.Limits()
    if let turns = mapping["turns"]?.integer(1...100) { limits.turns = turns }
    if let idle = mapping["idle"]?.duration() { limits.idle = idle }
    if let capacity = mapping["capacity"]?.integer(1...1_000_000) { limits.capacity = capacity }
    return limits
  }

  private func limits(_ value: YAMLValue) -> RAGConfiguration.Limits? {
    guard let mapping = value.mapping(["concurrency", "timeout", "drain"]) else { return nil }
    var limits = RAGConfiguration.Limits()
    if let concurrency = mapping["concurrency"]?.integer(1...10_000) { limits.concurrency = concurrency }
    if let timeout = mapping["timeout"] { limits.timeout = length(timeout) ?? limits.timeout }
    if let drain = mapping["drain"] { limits.drain = length(drain) ?? limits.drain }
    return limits
  }

  private func length(_ value: YAMLValue) -> Duration? {
    guard let duration = value.duration() else { return nil }
    guard duration > .zero, duration <= .seconds(3600) else {
      value.problem("`\(value.path)` must be more than nothing and at most 1h")
      return nil
    }
    return duration
  }

  private func access(_ value: YAMLValue) -> String? {
    guard let mapping = value.mapping(["documents"]) else { return nil }
    return mapping.required("documents", "{environment: NAME} or {file: PATH}")?.secret(environment: environment)?.value
  }

  /// The roads that spans take. Another one is another key here, and a line in `TelemetryRoads`.
  private func telemetry(_ value: YAMLValue) -> RAGConfiguration.Telemetry? {
    guard let mapping = value.mapping(["spans_url", "credential", "datadog", "capture_content"]) else { return nil }
    var telemetry = RAGConfiguration.Telemetry()
    if let captures = mapping["capture_content"]?.boolean() { telemetry.capturesContent = captures }
    let hasCommander = mapping["spans_url"] != nil
    let datadog = mapping["datadog"].map { self.datadog($0, hasCommander: hasCommander) }
    telemetry.datadog = datadog ?? nil
    if mapping["datadog"] == nil || mapping["spans_url"] != nil || mapping["credential"] != nil {
      let spansURL = mapping.required(
        "spans_url", "the commander's intake, for example http://127.0.0.1:8090/intake/spans; or `datadog` instead"
      ).flatMap(url)
      let credential = mapping.required("credential", "{environment: NAME} or {file: PATH}")?.secret(environment: environment)
      guard let spansURL, let credential else { return nil }
      telemetry.commander = .init(spansURL: spansURL, key: credential.value)
    }
    return telemetry
  }

  private func datadog(_ value: YAMLValue, hasCommander: Bool) -> RAGConfiguration.Telemetry.Datadog? {
    guard
      let mapping = value.mapping([
        "agent_url", "site", "credential", "ml_app", "llm_observability", "metrics", "dogstatsd",
      ])
    else { return nil }
    let mlApp = mapping["ml_app"].map(name)
    let observes = mapping["llm_observability"].map { $0.boolean() } ?? true
    var road = RAGConfiguration.Telemetry.Datadog.Road.agent(url: nil)
    if let agent = mapping["agent_url"] {
      for key in ["site", "credential"] {
        mapping[key]?.problem("`\(value.path).\(key)` is of the road without an Agent; leave it or `agent_url` out")
      }
      guard let address = url(agent) else { return nil }
      road = .agent(url: address)
    } else if let site = mapping["site"] {
      let key = mapping.required("credential", "{environment: DD_API_KEY}")?.secret(environment: environment)
      guard let site = name(site), let key else { return nil }
      road = .agentless(site: site, apiKey: key.value)
    }
    guard let observes, let dogStatsD = dogStatsD(mapping, road: road, hasCommander: hasCommander) else { return nil }
    return .init(road: road, mlApp: mlApp ?? nil, sendsObservability: observes, dogStatsD: dogStatsD)
  }

  /// A commander counts the spans that it is given: a second count of the same spans would double every figure. Without one, metrics go
  /// the Agent's way unless they are refused. `nil` after a problem.
  private func dogStatsD(
    _ mapping: YAMLMapping, road: RAGConfiguration.Telemetry.Datadog.Road, hasCommander: Bool
  ) -> RAGConfiguration.Telemetry.Datadog.DogStatsD?? {
    var agentHost: String?
    var isAgentRoad = false
    if case .agent(let url) = road {
      isAgentRoad = true
      agentHost = url.flatMap { URL(string: $0)?.host }
    }
    let address = mapping["dogstatsd"]
    guard let wanted = mapping["metrics"].map({ $0.boolean() }) ?? (!hasCommander && (isAgentRoad || address != nil)) else {
      return nil
    }
    if hasCommander, wanted || address != nil {
      (mapping["metrics"] ?? address)?.problem(
        "the commander of `telemetry.spans_url` counts these spans already; leave `metrics` and `dogstatsd` out, or `spans_url`")
      return nil
    }
    guard wanted else {
      address?.problem("`\(address?.path ?? "")` has no effect: `metrics` is false; leave one of them out")
      return .some(nil)
    }
    guard let address else {
      guard isAgentRoad else {
        mapping["metrics"]?.problem("metrics need an Agent: give `dogstatsd`, for example 127.0.0.1:8125")
        return nil
      }
      return .some(.environment(host: agentHost))
    }
    guard let text = address.string() else { return nil }
    guard ExporterChoice.isDogStatsDAddress(text) else {
      address.problem(
        "`\(address.path)` must be HOST:PORT, /PATH, unix:///PATH or unixstream:///PATH, for example 127.0.0.1:8125")
      return nil
    }
    return .some(.address(text))
  }
}
