// Configuration: the examples load, and everything that is wrong is reported at once with its place.
import Foundation
import StrictYAML
import Testing

@testable import RAGService

@Suite struct ConfigurationTests {
  private func read(_ yaml: String, environment: [String: String] = ["KEY": "k"]) throws -> RAGConfiguration {
    let folder = try ScratchFolder(["rag.yaml": yaml, "documents/a.md": "One."])
    return try ConfigurationReader.read(path: folder.path + "/rag.yaml", environment: environment)
  }

  private func errors(_ yaml: String, environment: [String: String] = [:]) throws -> [String] {
    let folder = try ScratchFolder(["rag.yaml": yaml])
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationReader.read(path: folder.path + "/rag.yaml", environment: environment)
    }
    return (error?.problems ?? []).map { $0.description.replacingOccurrences(of: folder.path + "/", with: "") }
  }

  private static let least = """
    listen: 127.0.0.1:0
    vertex: {project: p, location: us-central1, model: gemini-2.5-flash, credential: {environment: KEY}}
    prompt: {name: rag-answer}

    """

  @Test func theExamplesLoad() throws {
    let configuration = try ConfigurationReader.read(
      path: Examples.folder + "/rag-service.yaml", environment: ["RAG_VIRTUAL_KEY": "key"])
    #expect(configuration.listen.port == 8070)
    #expect(configuration.documents == Examples.folder + "/documents")
    guard case .vertex(let place, "gemini-2.5-flash", .secret("key")) = configuration.generation else {
      Issue.record("\(configuration.generation)")
      return
    }
    #expect(place.baseURL == "http://127.0.0.1:8080")
    #expect(configuration.prompt.text == nil)
    #expect(configuration.telemetry.commander?.spansURL == "http://127.0.0.1:8090/intake/spans")
  }

  @Test func theLeastIsEnough() throws {
    let configuration = try read(Self.least)
    guard case .vertex(let place, _, _) = configuration.generation, case .builtIn = configuration.embedding else {
      Issue.record("\(configuration)")
      return
    }
    #expect(place == VertexPlace(baseURL: "https://us-central1-aiplatform.googleapis.com", project: "p", location: "us-central1"))
    #expect(configuration.index.path == nil && configuration.documents == nil && configuration.telemetry.commander == nil)
    #expect(configuration.answering.tools == [.calculate, .readDocument])
    #expect(configuration.retrieval.minimumSimilarity == 0.15)
  }

  @Test func everythingIsRead() throws {
    let configuration = try read(
      """
      listen: 0.0.0.0:8070
      documents: documents
      tenant: t
      env: prod
      openai: {base_url: https://api.openai.com/, model: gpt-4o-mini, credential: {environment: KEY}}
      embedding: {provider: vertex, model: text-embedding-005, dimensions: 256, batch_size: 20, project: p, location: global,
        api_version: v1, credential: {environment: KEY}}
      index:
        path: data/rag.sqlite
        vector_search: {index: projects/p/locations/l/indexes/1, index_endpoint: projects/p/locations/l/indexEndpoints/2,
          deployed_index: d, query_url: https://1.l.vdb.vertexai.goog, distance: cosine, credential: {environment: KEY}}
      prompt: {name: rag-answer, version: "43", label: staging}
      answering: {temperature: 0.7, max_output_tokens: 300, rewrite: model, tools: [calculate], tool_rounds: 2, decline_above: 0.9}
      retrieval: {candidates: 40, passages: 6, minimum_similarity: 0.5, word_weight: 0.1}
      splitting: {passage_characters: 800, overlap_characters: 80}
      sessions: {turns: 4, idle: 5m, capacity: 50}
      limits: {concurrency: 8, timeout: 20s, drain: 5s}
      access: {documents: {environment: KEY}}
      telemetry: {spans_url: "http://127.0.0.1:8090/intake/spans", credential: {environment: KEY}, capture_content: true}
      """)
    guard case .openAI("https://api.openai.com", "gpt-4o-mini", _) = configuration.generation,
      case .vertex(let place, "text-embedding-005", 256, 20, _) = configuration.embedding
    else {
      Issue.record("\(configuration)")
      return
    }
    #expect(place.baseURL == "https://aiplatform.googleapis.com" && place.apiVersion == "v1")
    #expect(configuration.index.path?.hasSuffix("/data/rag.sqlite") == true)
    #expect(configuration.index.vectorSearch?.place.distance == .cosine)
    #expect(configuration.index.vectorSearch?.place.baseURL == "https://l-aiplatform.googleapis.com")
    #expect(configuration.prompt.headers.map(\.value) == ["rag-answer", "43", "staging"])
    #expect(configuration.answering.rewrite == .model && configuration.answering.declineAbove == 0.9)
    #expect(configuration.retrieval.passages == 6 && configuration.splitting.passageCharacters == 800)
    #expect(configuration.sessions.idle == .seconds(300) && configuration.limits.timeout == .seconds(20))
    #expect(configuration.documentsKey == "k" && configuration.telemetry.capturesContent)
  }

  @Test func theRoadsOfTelemetryAreIndependent() throws {
    func telemetry(_ text: String) throws -> RAGConfiguration.Telemetry { try read(Self.least + "telemetry: " + text).telemetry }
    let both = try telemetry(
      "{spans_url: http://a/intake/spans, credential: {environment: KEY}, datadog: {agent_url: http://agent:8126, ml_app: m}}")
    #expect(both.commander?.key == "k" && both.datadog?.road == .agent(url: "http://agent:8126") && both.datadog?.mlApp == "m")
    let agent = try telemetry("{datadog: {llm_observability: false}}")
    #expect(agent.commander == nil && agent.datadog?.road == .agent(url: nil) && agent.datadog?.sendsObservability == false)
    let agentless = try telemetry("{datadog: {site: datadoghq.eu, credential: {environment: KEY}}}")
    #expect(agentless.datadog?.road == .agentless(site: "datadoghq.eu", apiKey: "k"))
    for (part, word) in [
      ("{capture_content: true}", "needs `spans_url`"), ("{datadog: {site: datadoghq.eu}}", "needs `credential`"),
      ("{datadog: {agent_url: http://a, site: b}}", "without an Agent"),
    ] {
      let lines = try errors(Self.least + "telemetry: " + part, environment: ["KEY": "k"])
      #expect(lines.contains { $0.contains(word) }, "\(lines)")
    }
  }

  @Test func everyErrorIsReportedWithItsPlace() throws {
    let yaml = """
      listen: somewhere
      documents: missing-folder
      colour: blue
      vertex:
        base_url: ftp://example
        project: [p]
        model: gemini-2.5-flash
        credential: {environment: NO_SUCH_SECRET}
      prompt: rag-answer
      retrieval: {passages: 30, word_weight: 2}
      index: {vector_search: {index: wrong}}
      limits: {timeout: 0s}
      answering: {tools: [hammer]}
      """
    let lines = try errors(yaml)
    for (prefix, word) in [
      ("rag.yaml:1:9:", "127.0.0.1:8080"), ("rag.yaml:2:12:", "missing-folder"), ("rag.yaml:3:1:", "unknown key `colour`"),
      ("rag.yaml:5:3:", "needs `location`"), ("rag.yaml:5:13:", "http or https URL"), ("rag.yaml:6:12:", "must be text"),
      ("rag.yaml:8:", "NO_SUCH_SECRET is not set; export it"), ("rag.yaml:9:9:", "must be a mapping"),
      ("rag.yaml:10:", "more than the 20 candidates"), ("rag.yaml:10:", "from 0.0 to 1.0"),
      ("rag.yaml:11:", "needs `index_endpoint`"),
      ("rag.yaml:11:", "projects/P/locations/L/indexes/ID"), ("rag.yaml:11:", "needs `path`"), ("rag.yaml:12:", "at most 1h"),
      ("rag.yaml:13:", "must be one of calculate, read_document"),
    ] {
      #expect(lines.contains { $0.hasPrefix(prefix) && $0.contains(word) }, "\(prefix) \(word): \(lines)")
    }
  }

  @Test(arguments: [
    ("", "needs `vertex` or `openai`"),
    (
      "openai: {base_url: http://a, model: m, credential: {environment: KEY}}\nvertex: {project: p, location: l, model: m, credential: {environment: KEY}}",
      "has both"
    ),
    ("openai: {base_url: http://a, model: m, credential: s3cret}", "must not be written here"),
    ("vertex: {project: p, location: l, model: m, credential: {google: maybe}}", "application_default or {file: PATH}"),
    ("vertex: {project: p, location: l, model: m, credential: {google: {file: /no/such/file}}}", "/no/such/file"),
    ("vertex: {project: p, location: l, model: ../m?x, credential: {environment: KEY}}", "letters, digits"),
    ("openai: {base_url: http://user:pw@a, model: m, credential: {environment: KEY}}", "without credentials"),
    (
      "openai: {base_url: http://a, model: m, credential: {environment: KEY}}\nembedding: {provider: vertex, model: m}",
      "needs `project`"
    ),
    (
      "openai: {base_url: http://a, model: m, credential: {environment: KEY}}\nembedding: {provider: built-in, model: m}",
      "has none"
    ),
  ])
  func aWrongServiceIsNotStarted(part: String, word: String) throws {
    let lines = try errors("listen: 127.0.0.1:0\nprompt: {name: p}\n" + part, environment: ["KEY": "k"])
    #expect(lines.contains { $0.contains(word) }, "\(lines)")
    #expect(!lines.joined().contains("s3cret"))
  }

  @Test(arguments: [
    "vertex: {project: p, location: l, model: m, credential: {environment: UNSET}}\nembedding: {provider: vertex, model: e}\nindex: {path: i.sqlite, vector_search: {index: projects/p/locations/l/indexes/1, index_endpoint: projects/p/locations/l/indexEndpoints/2, deployed_index: d}}",
    "openai: {base_url: http://a, model: m, credential: {environment: UNSET}}\nembedding: {provider: openai, model: e}",
  ])
  func aMissingKeyIsOneProblemAndNotThoseThatFollowFromIt(part: String) throws {
    let lines = try errors("listen: 127.0.0.1:0\nprompt: {name: p}\n" + part, environment: ["KEY": "k"])
    #expect(lines.count == 1 && lines[0].contains("UNSET is not set"), "\(lines)")
  }

  @Test func metricsGoToTheAgentUnlessACommanderCountsTheSpans() throws {
    typealias Choice = RAGConfiguration.Telemetry.Datadog.DogStatsD
    let commander = "spans_url: http://a/intake/spans, credential: {environment: KEY}, "
    func dogStatsD(_ text: String) throws -> Choice? {
      try read(Self.least + "telemetry: " + text).telemetry.datadog?.dogStatsD
    }
    #expect(try dogStatsD("{datadog: {}}") == .environment(host: nil))
    #expect(try dogStatsD("{datadog: {agent_url: http://agent:8126}}") == .environment(host: "agent"))
    #expect(try dogStatsD("{datadog: {dogstatsd: /run/dsd.socket}}") == .address("/run/dsd.socket"))
    #expect(try dogStatsD("{datadog: {metrics: false}}") == nil)
    #expect(try dogStatsD("{datadog: {site: s, credential: {environment: KEY}}}") == nil)
    #expect(try dogStatsD("{datadog: {site: s, credential: {environment: KEY}, dogstatsd: 'a:8125'}}") == .address("a:8125"))
    #expect(try dogStatsD("{\(commander)datadog: {}}") == nil)
    for (part, word) in [
      ("{\(commander)datadog: {metrics: true}}", "counts these spans already"),
      ("{\(commander)datadog: {dogstatsd: 'a:8125'}}", "counts these spans already"),
      ("{datadog: {dogstatsd: somewhere}}", "must be HOST:PORT"),
      ("{datadog: {metrics: false, dogstatsd: 'a:8125'}}", "has no effect"),
      ("{datadog: {site: s, credential: {environment: KEY}, metrics: true}}", "metrics need an Agent"),
    ] {
      let lines = try errors(Self.least + "telemetry: " + part, environment: ["KEY": "k"])
      #expect(lines.count == 1 && lines[0].contains(word), "\(lines)")
    }
  }

  @Test func brokenYAMLNamesItsPlace() throws {
    let lines = try errors("listen: [1, 2\nvertex: {")
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("rag.yaml:") == true)
  }

  @Test func aSecretOutsideIsNeverPartOfAnError() throws {
    let lines = try errors("vertex: {credential: {environment: TOKEN}}", environment: ["TOKEN": "s3cret"])
    #expect(!lines.isEmpty)
    #expect(!lines.joined().contains("s3cret"))
  }
}

@Suite struct DocumentationTests {
  @Test func everyKeyIsDocumented() throws {
    let root = Examples.folder + "/.."
    let text = try String(contentsOfFile: root + "/docs/rag-service.md", encoding: .utf8)
    let words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }.map(String.init))
    let folder = root + "/Sources/RAGService/Configuration"
    for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let source = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
      for list in source.matches(of: /mapping\(\[([^\]]+)\]/) {
        for key in list.1.matches(of: /"([a-z_0-9]+)"/) {
          #expect(words.contains(String(key.1)), "docs/rag-service.md does not know \(key.1)")
        }
      }
      for key in ConfigurationReader.keys { #expect(words.contains(key), "docs/rag-service.md does not know \(key)") }
    }
  }

  @Test(arguments: ["rag-service-local.yaml", "rag-service-vertex.yaml"]) func theOtherExamplesLoad(name: String) throws {
    let configuration = try ConfigurationReader.read(
      path: Examples.folder + "/" + name,
      environment: ["RAG_VIRTUAL_KEY": "key", "RAG_DOCUMENTS_KEY": "key", "GCE_METADATA_HOST": "127.0.0.1:1"])
    #expect(configuration.documents == Examples.folder + "/documents")
  }
}
