// The HTTP interface: validation, streaming, limits, documents, the page, and the document that describes it all.
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LLMTelemetry
import Simulation
import Testing

@testable import RAGService

@Suite struct ServiceTests {
  private static let question = #"{"question":"How long is the warranty of Halden devices?","tenant":"acme"}"#

  // MARK: Validation

  @Test(arguments: [
    ("", "JSON object"), ("[1]", "JSON object"), ("{}", "question:is required"),
    (#"{"question":"  "}"#, "question:must not be empty"),
    (#"{"question":7,"tenant":"a b","colour":1}"#, "question:must be text"),
    (#"{"question":"q","tenant":"a b"}"#, "tenant:may have"),
    (#"{"question":"q","colour":1}"#, "colour:is not known"), (#"{"question":"q","feature":"x\r\ny"}"#, "feature:may have"),
    (#"{"question":"q","restricts":[{"namespace":"n"},{"namespace":"n","allow":["a"]}]}"#, "restricts[0]:must be"),
    (#"{"question":"q","restricts":{}}"#, "restricts:must be a list"),
  ])
  func wrongQuestionsAreRefusedByFieldAndLeaveNoSpan(body: String, problem: String) async throws {
    try await RunningService.with { service in
      service.spans.clear()
      for path in ["/ask", "/ask/stream"] {
        let response = try await service.ask(body, path: path)
        #expect(response.status == .badRequest)
        let error = try #require(try response.json()["error"])
        #expect(error["class"]?.string == "invalid_request")
        let fields = (error["fields"]?.array ?? []).map { "\($0["field"]?.string ?? ""):\($0["message"]?.string ?? "")" }
        #expect(fields.contains { $0.hasPrefix(problem) } || error["message"]?.string?.contains(problem) == true, "\(error)")
      }
      #expect(service.generations.isEmpty)
      #expect(service.spans.spans.isEmpty)
    }
  }

  @Test func allProblemsAreToldAtOnce() async throws {
    try await RunningService.with { service in
      let reply = try await service.ask(#"{"question":7,"tenant":"a b","session":"","colour":1}"#).json()
      let fields = reply[path: "error.fields"]?.array?.compactMap { $0["field"]?.string }
      #expect(fields == ["question", "tenant", "session", "colour"])
    }
  }

  @Test func bodiesThatAreTooLargeOrOfAnotherKindAreRefused() async throws {
    try await RunningService.with { service in
      let large = try await service.ask(#"{"question":"\#(String(repeating: "x", count: 70_000))"}"#)
      #expect(large.status == .contentTooLarge)
      let form = try await service.ask("question=q", headers: [.contentType: "application/x-www-form-urlencoded"])
      #expect(form.status == .unsupportedMediaType)
    }
  }

  // MARK: What is not there

  @Test func pathsAndMethodsThatAreNotThereAreToldWithThoseThatAre() async throws {
    try await RunningService.with { service in
      let missing = try await service.client.execute(uri: "/answers", method: .get)
      #expect(missing.status == .notFound)
      #expect(try missing.json()[path: "error.class"]?.string == "not_found")
      let paths = try #require(try missing.json()[path: "error.message"]?.string)
      for path in ["/ask", "/ask/stream", "/documents/{id}", "/health"] { #expect(paths.contains(path), "\(paths)") }
      for (uri, method, allowed) in [
        ("/ask", HTTPRequest.Method.get, "POST"), ("/documents/a.md", .post, "DELETE, GET, PUT"), ("/health", .delete, "GET"),
      ] {
        let refused = try await service.client.execute(uri: uri, method: method)
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.headers[.allow] == allowed)
        #expect(try refused.json()[path: "error.class"]?.string == "method_not_allowed")
      }
      #expect(try await service.client.execute(uri: "/health", method: .head).status == .ok)
    }
  }

  @Test func anAddressThatCannotBeHadIsNamedWithTheRemedy() async throws {
    try await RunningService.with { service in
      var configuration = RAGConfiguration.test(upstream: "http://127.0.0.1:9")
      let taken = try #require(service.client.port)
      let places: [(host: String, port: Int, words: String)] = [
        ("127.0.0.1", taken, "the port is in use"), ("192.0.2.1", 8070, "no interface of this machine"),
        ("no-such-host.invalid", 8070, "cannot be resolved"),
      ]
      for place in places {
        configuration.listen = .init(host: place.host, port: place.port)
        var told = ""
        do { try await serveRAG(configuration, logger: silent) } catch let error as ListenError { told = error.description }
        #expect(told.contains("\(place.host):\(place.port)") && told.contains(place.words), "\(told)")
      }
    }
  }

  // MARK: Streaming

  @Test func aStreamedAnswerComesInPiecesWithItsSourcesFirst() async throws {
    try await RunningService.with { service in
      let response = try await service.ask(Self.question, path: "/ask/stream")
      #expect(response.status == .ok)
      #expect(response.headers[.contentType]?.hasPrefix("text/event-stream") == true)
      let events = try response.events()
      #expect(events.first?.name == "sources")
      #expect(events.last?.name == "answer")
      let pieces = events.filter { $0.name == "text" }.compactMap { $0.data["text"]?.string }
      #expect(pieces.count > 2)
      #expect(pieces.joined() == events.last?.data["answer"]?.string)
      let similarities = (events.first?.data["sources"]?.array ?? []).compactMap { $0["similarity"]?.number }
      #expect((1...4).contains(similarities.count) && similarities.allSatisfy { $0 >= 0.15 }, "what is too far is left out")
      let whole = try await service.ask(Self.question).json()
      #expect(events.last?.data["answer"] == whole["answer"])
    }
  }

  @Test func aStreamTellsToolsAndFailures() async throws {
    try await RunningService.with { service in
      let events = try await service.ask(#"{"question":"What do express deliveries cost: 3 * 14.90?"}"#, path: "/ask/stream")
        .events()
      #expect(events.first { $0.name == "tool" }?.data["name"]?.string == "calculate")
    }
    try await RunningService.with(faults: #"[{"name":"f","effect":{"status":429}}]"#) { service in
      let events = try await service.ask(Self.question, path: "/ask/stream").events()
      #expect(events.last?.name == "error")
      #expect(events.last?.data[path: "error.class"]?.string == "rate_limited")
    }
  }

  // MARK: Limits and life

  @Test func moreThanTheLimitIsToldToComeAgain() async throws {
    try await RunningService.with(
      faults: #"[{"name":"slow","effect":{"latency_ms":2500}}]"#, configure: { $0.limits.concurrency = 1 }
    ) { service in
      let base = "http://127.0.0.1:\(try #require(service.client.port))"
      // The suite's client has one connection, on which requests wait for each other.
      async let first = LoadProbe.ask(base, Self.question)
      while service.generations.isEmpty { await Task.yield() }
      let second = try await service.ask(Self.question)
      #expect(second.status == .serviceUnavailable)
      #expect(second.headers[.retryAfter] == "1")
      #expect(try second.json()[path: "error.class"]?.string == "overloaded")
      #expect(try await service.client.execute(uri: "/health", method: .get).status == .ok, "life is told all the same")
      #expect(try await first == 200)
      #expect(try await service.ask(Self.question).status == .ok, "the place is free again")
    }
  }

  @Test func aPlaceIsGivenBackWhenNobodyHoldsIt() {
    let admission = Admission(limit: 1)
    var place = admission.enter()
    #expect(place != nil && admission.enter() == nil && admission.runningCount == 1)
    place = nil
    #expect(admission.enter() != nil)
  }

  @Test func whileIndexingFailsQuestionsAreTurnedAway() async throws {
    let folder = try ScratchFolder(["a.md": "One."])
    try await RunningService.with(
      faults: #"[{"name":"f","when":{"path_contains":"predict"},"effect":{"status":500}}]"#,
      configure: { configuration in
        configuration.documents = folder.path
        if case .vertex(let place, _, let credential) = configuration.generation {
          configuration.embedding = .vertex(
            place: place, model: "text-embedding-005", dimensions: nil, batchSize: nil, credential: credential)
        }
      }, waits: false
    ) { service in
      while service.simulator.requestLog.requests.isEmpty { await Task.yield() }
      let ready = try await service.client.execute(uri: "/ready", method: .get)
      #expect(ready.status == .serviceUnavailable)
      let response = try await service.ask(Self.question)
      #expect(response.status == .serviceUnavailable && response.headers[.retryAfter] == "2")
      #expect(try await service.client.execute(uri: "/health", method: .get).status == .ok)
      service.simulator.replaceFaults(with: [])
      try await service.becomesReadyInTime()
    }
    withExtendedLifetime(folder) {}
  }

  @Test func readinessEndsWithTheEnd() {
    let readiness = Readiness(.indexing)
    readiness.become(.ready)
    readiness.become(.draining)
    readiness.become(.ready)
    #expect(readiness.state == .draining)
  }

  // MARK: Page

  @Test func thePageWorksWithoutScriptAndLetsNoneIn() async throws {
    try await RunningService.with { service in
      let page = try await service.client.execute(uri: "/", method: .get)
      #expect(page.status == .ok)
      let policy = try #require(page.headers[.contentSecurityPolicy])
      #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"))
      #expect(
        page.text.contains("<label for=\"question\">") && page.text.contains("lang=\"en\"")
          && page.text.contains("width=device-width"))
      #expect(!page.text.contains("<script>") && !page.text.contains(" style=") && !page.text.contains(" onclick="))
      for (uri, type) in [("/page.css", "text/css"), ("/page.js", "text/javascript")] {
        let file = try await service.client.execute(uri: uri, method: .get)
        #expect(file.status == .ok && file.headers[.contentType]?.hasPrefix(type) == true)
      }
      let answered = try await service.client.execute(
        uri: "/", method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
        body: ByteBuffer(string: "question=How+long+is+the+warranty+of+%3Cb%3EHalden%3C%2Fb%3E+devices%3F"))
      #expect(answered.status == .ok)
      #expect(answered.text.contains("&lt;b&gt;Halden&lt;/b&gt;") && !answered.text.contains("<b>Halden"))
      #expect(
        answered.text.contains("three years") && answered.text.contains("href=\"#source-1\"") && answered.text.contains("Latency")
      )
      let empty = try await service.client.execute(uri: "/", method: .post, body: ByteBuffer(string: "question="))
      #expect(empty.status == .badRequest)
      let site = try #require(HTTPField.Name("sec-fetch-site"))
      let foreign = try await service.client.execute(
        uri: "/", method: .post, headers: [site: "cross-site"], body: ByteBuffer(string: "question=q"))
      #expect(foreign.status == .forbidden)
    }
  }
}

extension RunningService {
  /// After a failure the service pauses before it tries again.
  func becomesReadyInTime() async throws {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
      if try await client.execute(uri: "/ready", method: .get).status == .ok { return }
      await Task.yield()
    }
    Issue.record("the service did not become ready")
  }
}

/// A question on a connection of its own.
enum LoadProbe {
  static func ask(_ base: String, _ body: String) async throws -> Int {
    let httpClient = makeHTTPClient()
    var request = HTTPClientRequest(url: base + "/ask")
    request.method = .POST
    request.body = .bytes(ByteBuffer(string: body))
    let status = try await Int(httpClient.execute(request, timeout: .seconds(60)).status.code)
    try await httpClient.shutdown()
    return status
  }
}
