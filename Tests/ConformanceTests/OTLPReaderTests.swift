// What our sink sends, read by the classes of the Python SDK.
import Delivery
import Foundation
import LLMTelemetry
import OpenTelemetry
import Synchronization
import Testing

@Suite struct OTLPReaderTests {
  struct DecodedRequest: Decodable {
    struct Value: Decodable {
      var stringValue: String?
      var intValue: String?
      var doubleValue: Double?
      var boolValue: Bool?
      var arrayValue: List?
      struct List: Decodable { var values: [Element] }
      struct Element: Decodable { var stringValue: String }
    }
    struct Attribute: Decodable {
      var key: String
      var value: Value
    }
    struct Event: Decodable {
      var name: String
      var attributes: [Attribute]
    }
    struct Status: Decodable {
      var message: String?
      var code: String?
    }
    struct Span: Decodable {
      var traceId: String
      var spanId: String
      var parentSpanId: String?
      var name: String
      var kind: String
      var startTimeUnixNano: String
      var endTimeUnixNano: String
      var attributes: [Attribute]
      var events: [Event]?
      var status: Status?
    }
    struct Scope: Decodable { var spans: [Span] }
    struct Resource: Decodable { var attributes: [Attribute] }
    struct Group: Decodable {
      var resource: Resource
      var scopeSpans: [Scope]
      var schemaUrl: String
    }
    struct Request: Decodable { var resourceSpans: [Group] }
    var canonical: Bool
    var request: Request
  }

  @Test func ourBytesAreTheOnesTheSDKWouldWrite() async throws {
    var span = LLMSpan(
      traceID: try #require(TraceID(hexadecimal: "5b8efff798038103d269b633813fc60c")), spanID: try #require(SpanID(bits: 0x1122)),
      parentSpanID: SpanID(bits: 0x33), kind: .llm, name: "chat gpt-4o",
      start: Timestamp(unixNanoseconds: 1_795_464_876_000_000_001),
      duration: .milliseconds(500), outcome: .failed(.rateLimited, message: "slow down"))
    span.dimensions.service = "shop"
    span.dimensions.provider = "gcp.vertex_ai"
    span.dimensions.tenant = String(repeating: "é", count: 200)
    span.finishReason = .stop
    span.isStreaming = true
    span.timeToFirstToken = .milliseconds(20)
    span.usage = TokenUsage(input: 300, cacheRead: 40, output: 0)
    span.risk[.ungrounded] = 0.5
    span.content = SpanContent(input: [.init(role: "user", text: "Hi \"you\"")], output: "Ho")
    let span2 = LLMSpan(
      traceID: span.traceID, spanID: try #require(SpanID(bits: 7)), kind: .task, name: "step", start: span.start, duration: .zero)

    let bodies = Mutex<[[UInt8]]>([])
    var settings = OTLPTraceSink.Settings(url: "http://127.0.0.1:4318")
    settings.compresses = false
    let sink = OTLPTraceSink(settings: settings) { request in
      bodies.withLock { $0.append(request.body) }
      return DeliveryResponse(status: 200)
    }
    sink.add([span, span2])
    sink.lane.shutDown()
    await sink.lane.run()

    let file = FileManager.default.temporaryDirectory.appending(path: "otlp-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let lines = bodies.withLock { $0 }.map { Data($0).base64EncodedString() + "\n" }.joined()
    try Data(lines.utf8).write(to: file)
    let decoded = try await PythonVerifier(environment: .openTelemetry)
      .run("otlp_decode.py", [file.path], decoding: DecodedRequest.self)

    #expect(decoded.allSatisfy { $0.canonical })
    let groups = decoded.flatMap(\.request.resourceSpans)
    #expect(groups.allSatisfy { $0.schemaUrl == "https://opentelemetry.io/schemas/1.37.0" })
    #expect(groups.first?.resource.attributes.first?.value.stringValue == "shop")
    let spans = groups.flatMap { $0.scopeSpans.flatMap(\.spans) }
    try #require(spans.map(\.name) == ["chat gpt-4o", "step"])
    let sent = spans[0]
    #expect(sent.traceId == "W47/95gDgQPSabYzgT/GDA==")
    #expect(sent.kind == "SPAN_KIND_CLIENT")
    #expect(sent.startTimeUnixNano == "1795464876000000001")
    #expect(sent.endTimeUnixNano == "1795464876500000001")
    #expect(sent.status?.code == "STATUS_CODE_ERROR")
    #expect(sent.status?.message == "slow down")
    func value(_ key: String) -> DecodedRequest.Value? { sent.attributes.first { $0.key == key }?.value }
    #expect(value("gen_ai.operation.name")?.stringValue == "chat")
    #expect(value("gen_ai.provider.name")?.stringValue == "gcp.vertex_ai")
    #expect(value("gen_ai.usage.input_tokens")?.intValue == "340")
    #expect(value("gen_ai.usage.output_tokens")?.intValue == "0")
    #expect(value("gen_ai.response.finish_reasons")?.arrayValue?.values.map(\.stringValue) == ["stop"])
    #expect(value("gen_ai.response.time_to_first_chunk")?.doubleValue == 0.02)
    #expect(value("gen_ai.request.stream")?.boolValue == true)
    #expect(value("error.type")?.stringValue == "rate_limited")
    #expect(value("commander.tenant")?.stringValue == span.dimensions.tenant)
    #expect(value("gen_ai.input.messages")?.stringValue == #"[{"role":"user","parts":[{"type":"text","content":"Hi \"you\""}]}]"#)
    #expect(sent.events?.map(\.name) == ["gen_ai.evaluation.result"])
    #expect(sent.events?.first?.attributes.map(\.key) == ["gen_ai.evaluation.name", "gen_ai.evaluation.score.value"])
  }
}
