// The HTTP interface: validation, streaming, limits, documents, the page, and the document that describes it all.
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
      #expect(events.first?.data["sources"]?.array?.count == 4)
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
      faults: #"[{"name":"slow","effect":{"stall_after_chunks":1}}]"#,
      configure: {
        $0.limits.concurrency = 1
        $0.limits.timeout = .seconds(2)
      }
    ) { service in
      async let first = service.ask(Self.question)
      while service.generations.isEmpty { await Task.yield() }
      let second = try await service.ask(Self.question)
      #expect(second.status == .serviceUnavailable)
      #expect(second.headers[.retryAfter] == "1")
      #expect(try second.json()[path: "error.class"]?.string == "overloaded")
      #expect(try await service.client.execute(uri: "/health", method: .get).status == .ok, "life is told all the same")
      #expect(try await first.status == .gatewayTimeout)
      #expect(try await service.ask(Self.question).status != .serviceUnavailable, "the place is free again")
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

  // MARK: Documents

  @Test func documentsAreAddedFoundReplacedAndRemoved() async throws {
    try await RunningService.with(configure: { $0.documents = nil }) { service in
      let client = service.client
      func send(_ method: HTTPRequest.Method, _ uri: String, _ body: String = "", type: String = "application/json") async throws
        -> TestResponse
      {
        try await client.execute(uri: uri, method: method, headers: [.contentType: type], body: ByteBuffer(string: body))
      }
      let created = try await send(
        .post, "/documents",
        #"{"id":"team/kite","title":"Kites","text":"A kite flies on a line of thirty metres.","tags":{"product":["kite"]}}"#)
      #expect(created.status == .created)
      #expect(created.headers[.location] == "/documents/team%2Fkite")
      #expect(try await send(.post, "/documents", #"{"id":"team/kite","text":"x"}"#).status == .conflict)
      #expect(
        try await send(.put, "/documents/boat", "<h1>Boats</h1><p>A boat swims on the lake.</p>", type: "text/html").status
          == .created)

      var answer = try await service.answer("On how long a line does a kite fly?")
      #expect(answer[path: "sources.0.document"]?.string == "team/kite")
      #expect(answer["answer"]?.string?.contains("thirty metres") == true)
      let restricted = try await service.ask(
        #"{"question":"On how long a line does a kite fly?","restricts":[{"namespace":"product","deny":["kite"]}]}"#)
      #expect(try restricted.json()["declined"]?.string == "too_distant")

      let list = try await send(.get, "/documents?limit=1").json()
      #expect(list[path: "documents.0.id"]?.string == "boat" && list["next"]?.string == "boat")
      #expect(try await send(.get, "/documents?after=boat").json()[path: "documents.0.id"]?.string == "team/kite")
      #expect(try await send(.get, "/documents?limit=0").status == .badRequest)
      let one = try await send(.get, "/documents/team%2Fkite").json()
      #expect(one[path: "content.0.text"]?.string == "A kite flies on a line of thirty metres.")

      #expect(
        try await send(.put, "/documents/team%2Fkite", #"{"text":"A kite flies on a line of ninety metres."}"#).status == .ok)
      answer = try await service.answer("On how long a line does a kite fly?")
      #expect(answer["answer"]?.string?.contains("ninety metres") == true)
      #expect(try await send(.delete, "/documents/team%2Fkite").status == .noContent)
      #expect(try await send(.delete, "/documents/team%2Fkite").status == .notFound)
      #expect(try await send(.get, "/documents/team%2Fkite").status == .notFound)
      #expect(try await service.answer("On how long a line does a kite fly?")["declined"]?.string == "too_distant")

      let wrong = try await send(.post, "/documents", #"{"id":"a b","media_type":"image/png","tags":{"x":[]}}"#)
      #expect(wrong.status == .badRequest)
      #expect(
        try wrong.json()[path: "error.fields"]?.array?.compactMap { $0["field"]?.string } == [
          "id", "text", "tags.x", "media_type",
        ])
      #expect(try await send(.put, "/documents/x", "%PDF-broken", type: "application/pdf").status == .unprocessableContent)
    }
  }

  @Test func whatAFolderBroughtInIsTheFoldersToChange() async throws {
    try await RunningService.with { service in
      let response = try await service.client.execute(uri: "/documents/returns.md", method: .delete)
      #expect(response.status == .conflict)
      #expect(try await service.client.execute(uri: "/documents/returns.md", method: .get).status == .ok)
    }
  }

  @Test func documentsAreChangedWithTheKeyAlone() throws {
    func status(_ access: DocumentAccess, _ authorization: String?) -> HTTPResponse.Status? {
      var head = HTTPRequest(method: .put, scheme: nil, authority: nil, path: "/documents/a")
      head.headerFields[.authorization] = authorization
      do throws(Refusal) {
        try access.check(Request(head: head, body: .init(buffer: ByteBuffer())))
        return nil
      } catch {
        return error.status
      }
    }
    #expect(status(DocumentAccess(key: nil, isLoopback: true), nil) == nil)
    #expect(status(DocumentAccess(key: nil, isLoopback: false), "Bearer x") == .forbidden)
    for isLoopback in [true, false] {
      let access = DocumentAccess(key: "k3y", isLoopback: isLoopback)
      #expect(status(access, nil) == .unauthorized)
      #expect(status(access, "Bearer k3") == .unauthorized)
      #expect(status(access, "Bearer k3y") == nil)
    }
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

  // MARK: OpenAPI

  @Test func theDocumentDescribesWhatIsServed() async throws {
    let document = OpenAPIDocument.document
    for (path, item) in try #require(document["paths"]?.object) {
      for (method, operation) in try #require(item.object) where method != "parameters" {
        #expect(operation["operationId"]?.string?.isEmpty == false, "\(method) \(path)")
        #expect(operation["responses"]?.object?.isEmpty == false)
      }
    }
    try await RunningService.with { service in
      func check(_ response: TestResponse, _ path: String, _ method: String) throws {
        let status = "\(response.status.code)"
        let declared = document["paths"]?[path]?[method]?["responses"]?[status]
        #expect(declared != nil, "\(method) \(path) answers \(status), which the document does not name")
        guard let schema = declared?["content"]?["application/json"]?["schema"] else { return }
        #expect(SchemaCheck(document: document).problems(try response.json(), schema, at: "\(method) \(path) \(status)") == [])
      }
      let client = service.client
      try check(try await service.ask(Self.question), "/ask", "post")
      try check(
        try await service.ask(#"{"question":"What do express deliveries cost: 3 * 14.90?","session":"s"}"#), "/ask", "post")
      try check(try await service.ask(#"{"question":"Who composed Tristan?"}"#), "/ask", "post")
      try check(try await service.ask("{}"), "/ask", "post")
      try check(try await client.execute(uri: "/documents", method: .get), "/documents", "get")
      try check(try await client.execute(uri: "/documents/returns.md", method: .get), "/documents/{id}", "get")
      try check(try await client.execute(uri: "/documents/no", method: .get), "/documents/{id}", "get")
      try check(try await client.execute(uri: "/documents/returns.md", method: .delete), "/documents/{id}", "delete")
      try check(
        try await client.execute(uri: "/documents", method: .post, body: ByteBuffer(string: #"{"id":"n","text":"New text."}"#)),
        "/documents", "post")
      try check(
        try await client.execute(
          uri: "/documents/m", method: .put, headers: [.contentType: "text/plain"], body: ByteBuffer(string: "Plain text.")),
        "/documents/{id}", "put")
      try check(try await client.execute(uri: "/health", method: .get), "/health", "get")
      try check(try await client.execute(uri: "/ready", method: .get), "/ready", "get")
      let served = try await client.execute(uri: "/openapi.json", method: .get)
      #expect(try served.json() == document)
      let events = try await service.ask(Self.question, path: "/ask/stream?facts=1").events()
      let answer = try #require(events.last?.data)
      #expect(
        SchemaCheck(document: document).problems(answer, ["$ref": "#/components/schemas/Answer"], at: "answer") == [])
      #expect(answer["facts"]?.array?.isEmpty == false)
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

/// As much of JSON Schema as the document uses.
struct SchemaCheck {
  let document: JSON

  func problems(_ value: JSON, _ schema: JSON, at place: String) -> [String] {
    if let reference = schema["$ref"]?.string {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      guard let target = document["components"]?["schemas"]?[name] else { return ["\(place): no schema \(name)"] }
      return problems(value, target, at: place)
    }
    if let allowed = schema["enum"]?.array, !allowed.contains(value) { return ["\(place): \(value.text) is none of the values"] }
    switch schema["type"]?.string {
    case "string": return value.string == nil ? ["\(place): no text"] : []
    case "integer": return value.integer == nil ? ["\(place): no whole number"] : []
    case "number": return value.number == nil ? ["\(place): no number"] : []
    case "boolean": return value.bool == nil ? ["\(place): no boolean"] : []
    case "array":
      guard let elements = value.array else { return ["\(place): no list"] }
      return elements.enumerated().flatMap { problems($1, schema["items"] ?? [:], at: "\(place)[\($0)]") }
    case "object":
      guard let members = value.object else { return ["\(place): no object"] }
      let properties = schema["properties"]?.object ?? [:]
      var found = (schema["required"]?.array ?? []).compactMap(\.string).filter { members[$0] == nil }.map {
        "\(place): no \($0)"
      }
      for (name, member) in members {
        if let property = properties[name] {
          found += problems(member, property, at: "\(place).\(name)")
        } else if schema["additionalProperties"] == .bool(false) {
          found.append("\(place): \(name) is not described")
        } else if let additional = schema["additionalProperties"], additional.object != nil {
          found += problems(member, additional, at: "\(place).\(name)")
        }
      }
      return found
    default: return []
    }
  }
}
