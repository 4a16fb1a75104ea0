// Feeds secrets through every path a span can take and looks for them in everything that leaves: no sink ever has one.

import Datadog
import Foundation
import Ingest
import LLMMetrics
import LLMTelemetry
import Providers
import Redaction
import Storage
import Synchronization
import Testing

/// A secret, and the piece of it that no output may have.
private struct Secret: Sendable {
  let text: String
  let needle: String

  init(_ text: String, needle: String? = nil) {
    self.text = text
    self.needle = needle ?? text
  }

  static let credentials = [
    Secret("sk-proj-Tr0ub4dor3abcdefgh12345"), Secret("sk-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3"),
    Secret("AIzaSyD4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9t"),
    Secret("ya29.a0Ad52N3-9fQxTtPq7ZzLm"), Secret("ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"),
    Secret("xoxb-1234567890-ABCdefGHIjkl"),
    Secret("AKIAQ3EGP4TZ7XYWV5UT"), Secret("ck-team-9f8e7d6c5b4a39281706"),
    Secret("Bearer Qm9yZWRvbVRva2VuMTIzNDU", needle: "Qm9yZWRvbVRva2VuMTIzNDU"),
    Secret("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2lnbmF0dXJlLW9mLWl0"),
    Secret("password=S3same-0pen", needle: "S3same-0pen"),
    Secret("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----", needle: "MIIEvQIBADANBgkq"),
    Secret("https://u:h4ckm3pls@host.example/x?sig=aZ09aZ09aZ", needle: "h4ckm3pls"),
  ]
  static let personal = [
    Secret("maria.lopez+x@mail.example.org"), Secret("4111 1111 1111 1111"), Secret("5555555555554444"),
    Secret("DE89 3704 0044 0532 0130 00"),
    Secret("536-90-4399"), Secret("+49 30 901820"), Secret("(212) 555-0142"), Secret("203.0.113.77"),
    Secret("2001:db8:85a3::8a2e:370:7334"),
  ]
}

/// Where a secret comes in.
private enum Path: String, CaseIterable, Sendable {
  case ok, error, stream, cancelled, toolCall, toolResult, header, exceptionText, providerErrorBody, modelName, responseModel,
    queryKey
  case intakeSpan, attribute, session, virtualKey, document, answer, spanName

  /// The span that such an exchange leaves.
  func span(_ secret: String) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat gpt-4o-mini", start: Timestamp(unixSeconds: 1_764_000_000),
      duration: .seconds(1))
    span.dimensions.model = "gpt-4o-mini"
    span.dimensions.route = "chat"
    let quoted = String(decoding: (try? JSONEncoder().encode(secret)) ?? Data(), as: UTF8.self)
    func body(_ messages: String) -> [UInt8] { Array(#"{"model":"gpt-4o-mini","messages":[\#(messages)]}"#.utf8) }
    let question = body(#"{"role":"user","content":"please"}"#)
    switch self {
    case .ok, .stream, .cancelled:
      span.content = SpanContent(
        requestBody: body(#"{"role":"user","content":\#(quoted)}"#), responseText: "Your \(secret) is noted.")
      span.isStreaming = self != .ok
      if self == .cancelled { span.outcome = .failed(.cancelled, message: "the client left after \(secret)") }
    case .error: span.outcome = .failed(.auth, message: "Incorrect API key provided: \(secret). See https://example.com")
    case .toolCall:
      let arguments = String(decoding: (try? JSONEncoder().encode(#"{"to":\#(quoted)}"#)) ?? Data(), as: UTF8.self)
      span.content = SpanContent(
        requestBody: body(
          #"{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"mail","arguments":\#(arguments)}}]}"#
        ),
        responseText: "")
    case .toolResult:
      span.content = SpanContent(
        requestBody: Array(
          #"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":\#(quoted)}]}]}]}"#
            .utf8), responseText: "done")
    case .header:
      span.dimensions.tenant = secret
      span.dimensions.feature = secret
      span.dimensions.prompt = secret
      span.dimensions.promptVersion = secret
    case .exceptionText:
      span.kind = .task
      span.outcome = .failed(.providerError, message: "Traceback: ValueError(\(quoted))")
    case .providerErrorBody: span.outcome = .failed(.invalidRequest, message: #"{"error":{"message":\#(quoted)}}"#)
    case .modelName:
      span.dimensions.model = secret
      span.name = "chat \(secret)"
      span.fallbackFrom = secret
    case .responseModel: span.responseModel = secret
    case .queryKey: span.outcome = .failed(.network, message: "GET /v1beta/models?key=\(secret)&alt=sse failed")
    case .intakeSpan:
      span.kind = .retrieval
      span.dimensions.service = secret
      span.dimensions.env = secret
      span.retrieval = RetrievalFacts(documentCount: 1, topScore: 1)
    case .attribute:
      span.dimensions.version = secret
      span.dimensions.region = secret
      span.dimensions.route = secret
      span.dimensions.provider = secret
      span.cost = .exact(Nanodollars(1), priceVersion: secret)
    case .session: span.session = secret
    case .virtualKey: span.virtualKey = secret
    case .document:
      span.content = SpanContent(
        input: [], output: "", documents: [ContentDocument(id: secret, name: secret, text: "about \(secret)", score: 1)])
    case .answer: span.content = SpanContent(requestBody: question, responseText: "It is:\n\(secret)\nKeep it.")
    case .spanName: span.name = "GET \(secret)"
    }
    return span
  }
}

@Suite(.timeLimit(.minutes(2))) struct SecretPathsTests {
  /// What every sink holds after the spans went through a real pipeline.
  private func outputs(_ spans: [LLMSpan], capture: ContentCapture) async throws -> [(sink: String, text: String)] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sp-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let agent = try DatagramInbox(path: folder.appending(path: "dsd").path)
    let statsD = try DogStatsDClient(address: .unix(path: agent.path))
    let logFile = folder.appending(path: "log").path
    let descriptor = open(logFile, O_CREAT | O_WRONLY, 0o600)
    defer { close(descriptor) }
    let log = SpanLog(descriptor: descriptor)
    let store = try TelemetryStore(path: folder.appending(path: "telemetry.sqlite").path)
    let seen = Mutex("")
    let sinks = [
      IngestSink(
        name: "store", batch: { try store.append(spans: $0.spans) }, rollups: { try store.append(rollups: $0) }),
      IngestSink(name: "log", batch: { log.write($0.spans) }),
      IngestSink(name: "dogstatsd", batch: { statsD.add($0.measurements) }),
      IngestSink(
        name: "record",
        batch: { batch in
          var text = ""
          dump(batch.spans, to: &text, maxDepth: 12)
          dump(batch.measurements.measurements, to: &text, maxDepth: 12)
          for span in batch.spans { text += (try? RecordedTraffic.line(for: .span(span))) ?? "" }
          #expect(batch.spans.allSatisfy { $0.content?.requestBody.isEmpty != false })
          seen.withLock { [text] in $0 += text }
        }, rollups: { rollups in seen.withLock { for rollup in rollups { $0 += "\(rollup.series.keys)" } } }),
    ]
    let pipeline = IngestPipeline(
      enrichment: SpanEnrichment(
        messages: { RequestContent.messages(inRequestBody: $0) },
        redaction: SpanRedaction(policy: CapturePolicy(.off, byRoute: ["chat": capture]))),
      sinks: sinks, sleep: { _ in try await Task.sleep(for: .seconds(3600)) },
      sinkFailed: { name, error in Issue.record("\(name): \(error)") })
    for start in stride(from: 0, to: spans.count, by: 50) {
      pipeline.offer(Array(spans[start..<min(start + 50, spans.count)]))
    }
    pipeline.shutDown()
    await pipeline.run()
    log.finish()
    statsD.flush()
    let datagrams = await agent.received(statsD.statistics.datagramsSent)
    #expect(try store.spans(limit: 10_000).spans.count == spans.count && !datagrams.isEmpty)
    // The file itself and its log, whatever a query would say.
    var files = ""
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasPrefix("telemetry") {
      files += String(decoding: FileManager.default.contents(atPath: folder.path + "/" + file) ?? Data(), as: UTF8.self)
    }
    let logged = String(decoding: FileManager.default.contents(atPath: logFile) ?? Data(), as: UTF8.self)
    return [("store", files), ("log", logged), ("dogstatsd", datagrams), ("record", seen.withLock { $0 })]
  }

  @Test(arguments: ContentCapture.allCases)
  func noSecretReachesAnySink(capture: ContentCapture) async throws {
    let secrets = capture == .full ? Secret.credentials : Secret.credentials + Secret.personal
    let spans = secrets.flatMap { secret in Path.allCases.map { $0.span(secret.text) } }
    let outputs = try await outputs(spans, capture: capture)
    for secret in secrets {
      // JSON and dumps write a slash or a line's end in their own way; needles have neither.
      for (sink, text) in outputs where text.contains(secret.needle) { Issue.record("\(secret.needle) is in \(sink)") }
    }
    #expect(outputs.allSatisfy { !$0.text.isEmpty })
    // A tag has no brackets.
    for (sink, text) in outputs { #expect(text.contains(sink == "dogstatsd" ? "secret" : "[secret]"), "\(sink)") }
  }

  /// The table above is worth nothing if the secrets would not arrive without the stage.
  @Test func everyPathCarriesItsSecret() {
    for path in Path.allCases {
      let span = path.span("NEEDLE-7")
      var text = String(decoding: span.content?.requestBody ?? [], as: UTF8.self)
      dump(span, to: &text, maxDepth: 12)
      #expect(text.contains("NEEDLE-7"), "\(path)")
    }
  }

  @Test func fullCaptureKeepsWhatIsNoCredential() async throws {
    let outputs = try await outputs([Path.ok.span("maria.lopez@example.org sk-proj-Tr0ub4dor3abcdefgh12345")], capture: .full)
    #expect(outputs[0].text.contains("maria.lopez@example.org [secret]") && outputs[3].text.contains("maria.lopez@example.org"))
    #expect(!outputs[1].text.contains("maria.lopez") && !outputs[2].text.contains("maria.lopez"))
  }

  @Test func capturedByRoute() async throws {
    var other = Path.ok.span("hello")
    other.dimensions.route = "other"
    let outputs = try await outputs([Path.ok.span("greetings"), other], capture: .redacted)
    #expect(outputs[0].text.contains("Your greetings is noted.") && !outputs[0].text.contains("Your hello is noted."))
  }

  /// Scorers see the texts as they were; nothing but numbers comes back.
  @Test func scorersSeeRawTextsAndTheirScoresStay() {
    let seen = Mutex<[String]>([])
    let enrichment = SpanEnrichment(
      messages: { RequestContent.messages(inRequestBody: $0) },
      scorers: { _, content in
        seen.withLock { $0 = content.input.map(\.text) + [content.responseText] }
        var scores = RiskScores()
        scores[.sensitiveData] = 1
        return scores
      }, redaction: SpanRedaction())
    var memory = CleanValues()
    var span = Path.ok.span("a@b.de")
    enrichment.enrich(&span, memory: &memory)
    #expect(seen.withLock { $0 } == ["a@b.de", "Your a@b.de is noted."] && span.risk[.sensitiveData] == 1 && span.content == nil)
    // What an application scored itself is not scored again.
    span = Path.ok.span("x")
    span.risk[.refusal] = 0.5
    enrichment.enrich(&span, memory: &memory)
    #expect(span.risk[.refusal] == 0.5 && span.risk[.sensitiveData] == nil)
  }
}

/// A Unix datagram socket that a thread reads, as an Agent does: the system lets a few datagrams wait only.
private final class DatagramInbox: Sendable {
  let path: String
  private let state = Mutex((text: "", count: 0))

  init(path: String) throws {
    self.path = path
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    if !bound { throw CocoaError(.fileWriteUnknown) }
    Thread.detachNewThread { [weak self] in
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0, let self else { break }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        self.state.withLock {
          $0.text += text + "\n"
          $0.count += 1
        }
      }
      close(descriptor)
    }
  }

  /// Everything, when `count` datagrams have arrived.
  func received(_ count: Int) async -> String {
    while state.withLock({ $0.count }) < count { await Task.yield() }
    return state.withLock { $0.text }
  }
}
