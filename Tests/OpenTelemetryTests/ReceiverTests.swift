// The HTTP side of the receiver: what is taken, what is refused and how, in both encodings.

import Compression
import Foundation
import LLMTelemetry
import Providers
import Testing

@testable import OpenTelemetry

/// A request in JSON with the given spans, each the inside of an object.
func requestJSON(_ spans: [String], resource: String = #"{"key":"service.name","value":{"stringValue":"shop"}}"#) -> [UInt8] {
  Array(
    #"{"resourceSpans":[{"resource":{"attributes":[\#(resource)]},"scopeSpans":[{"scope":{"name":"x"},"spans":[\#(spans.map { "{\($0)}" }.joined(separator: ","))]}]}]}"#
      .utf8)
}

/// The inside of a span: ids from numbers, and attributes as JSON (`"a": 1`).
func spanJSON(
  _ id: Int, parent: Int? = nil, trace: Int = 1, name: String = "chat gpt-4o", kind: Int = 3,
  _ attributes: [(String, String)] = [],
  more: String = ""
) -> String {
  func hexadecimal(_ number: Int, _ width: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: width - digits.count) + digits
  }
  let list = attributes.map { #"{"key":"\#($0.0)","value":{\#($0.1)}}"# }.joined(separator: ",")
  let parentID = parent.map { #""parentSpanId":"\#(hexadecimal($0, 16))","# } ?? ""
  return
    #""traceId":"\#(hexadecimal(trace, 32))","spanId":"\#(hexadecimal(id, 16))",\#(parentID)"name":"\#(name)","kind":\#(kind),"#
    + #""startTimeUnixNano":"1795464876000000000","endTimeUnixNano":1795464876500000000,"attributes":[\#(list)]\#(more)"#
}

func receiveJSON(_ receiver: OTLPTraceReceiver, _ body: [UInt8]) -> OTLPReceived {
  receiver.handle(method: "POST", path: "/v1/traces", headers: [("Content-Type", "application/json; charset=utf-8")], body: body)
}

struct ReceiverTests {
  private let receiver = OTLPTraceReceiver()
  private let chat = [("gen_ai.operation.name", #""stringValue":"chat""#), ("gen_ai.provider.name", #""stringValue":"openai""#)]

  @Test func bothEncodingsAreAnsweredInTheirOwn() {
    let json = receiveJSON(receiver, requestJSON([spanJSON(1, chat)]))
    #expect(json.status == 200)
    #expect(json.headers.first { $0.name == "content-type" }?.value == "application/json")
    #expect(json.body == Array("{}".utf8))
    #expect(json.spans.count == 1)
    let protobuf = receiver.handle(method: "POST", path: "/v1/traces", headers: protobufHeaders(), body: [])
    #expect(protobuf.status == 200)
    #expect(protobuf.body.isEmpty)
    #expect(protobuf.headers.first { $0.name == "content-type" }?.value == "application/x-protobuf")
  }

  @Test func compressedBodiesAreTaken() throws {
    let body = requestJSON([spanJSON(1, chat)])
    for (coding, format) in [("gzip", CompressionFormat.gzip), ("deflate", .zlib)] {
      let answer = receiver.handle(
        method: "POST", path: "/v1/traces", headers: [("content-type", "application/json"), ("Content-Encoding", coding)],
        body: try #require(format.compress(body)))
      #expect(answer.spans.count == 1)
    }
  }

  @Test func whatCannotBeReadIsRefusedWithAReason() throws {
    func status(_ type: String, _ coding: String?, _ body: [UInt8], method: String = "POST", path: String = "/v1/traces")
      -> OTLPReceived
    {
      receiver.handle(
        method: method, path: path, headers: [("content-type", type)] + (coding.map { [("content-encoding", $0)] } ?? []),
        body: body)
    }
    let garbage = status("application/x-protobuf", nil, [0xff, 0xff, 0xff])
    #expect(garbage.status == 400)
    // google.rpc.Status: code 3 in field 1, the text in field 2.
    #expect(Array(garbage.body.prefix(3)) == [0x08, 3, 0x12])
    #expect(String(decoding: garbage.body.dropFirst(4), as: UTF8.self) == "the body is not an ExportTraceServiceRequest")
    let json = status("application/json", nil, Array("{".utf8))
    #expect(json.status == 400)
    #expect(JSONTree(parsing: String(decoding: json.body, as: UTF8.self))?["message"]?.text == "the body is not JSON")
    #expect(status("application/json", nil, Array(#"{"resourceSpans":7}"#.utf8)).status == 400)
    #expect(status("application/x-protobuf", "gzip", [1, 2, 3]).status == 400)
    #expect(status("text/plain", nil, []).status == 415)
    #expect(status("application/x-protobuf", "br", []).status == 415)
    #expect(status("application/x-protobuf", nil, [], method: "GET").status == 405)
    #expect(status("application/x-protobuf", nil, [], path: "/v1/logs").status == 422)
    #expect(status("application/x-protobuf", nil, [], path: "/").status == 404)
    #expect(status("application/x-protobuf", nil, [UInt8](repeating: 0, count: (8 << 20) + 1)).status == 413)
  }

  /// Neither a wrong address nor an invitation to come again: the sender is told what is taken.
  @Test(arguments: ["/v1/metrics", "/v1/logs", "/v1development/profiles"])
  func otherSignalsAreToldWhatIsTaken(path: String) throws {
    let answer = receiver.handle(method: "POST", path: path, headers: [("content-type", "application/json")], body: [])
    #expect(answer.status == 422 && answer.spans.isEmpty)
    let status = try #require(JSONTree(parsing: String(decoding: answer.body, as: UTF8.self)))
    #expect(status["code"]?.integer == 12)
    #expect(
      status["message"]?.text?.contains("/v1/traces") == true && status["message"]?.text?.contains("OTEL_LOGS_EXPORTER") == true)
  }

  @Test func whatHadNoRoomIsRejectedAndTheSenderOfAllOfItIsAskedAgain() throws {
    var some = receiveJSON(receiver, requestJSON([spanJSON(0, chat), spanJSON(1, chat), spanJSON(2, chat), spanJSON(3, chat)]))
    some.leaveOut(2)
    #expect(some.status == 200 && some.rejected == 3)
    let partial = try #require(JSONTree(parsing: String(decoding: some.body, as: UTF8.self))?["partialSuccess"])
    #expect(partial["rejectedSpans"]?.text == "3" && partial["errorMessage"]?.text?.contains("2 spans had no room") == true)
    var none = receiveJSON(receiver, requestJSON([spanJSON(4, chat), spanJSON(5, chat)]))
    none.leaveOut(2)
    #expect(none.status == 503 && none.headers.contains { $0 == ("retry-after", "1") })
    #expect(JSONTree(parsing: String(decoding: none.body, as: UTF8.self))?["code"]?.integer == 14)
    var all = receiveJSON(receiver, requestJSON([spanJSON(6, chat)]))
    all.leaveOut(0)
    #expect(all.status == 200 && all.body == Array("{}".utf8))
  }

  @Test func aBombIsRefused() throws {
    let bomb = try #require(CompressionFormat.gzip.compress([UInt8](repeating: 0x0a, count: 64 << 20), level: 9))
    let answer = receiver.handle(
      method: "POST", path: "/v1/traces", headers: protobufHeaders(("content-encoding", "gzip")), body: bomb)
    #expect(answer.status == 413)
  }

  @Test func spansWithoutIdentityAreRejectedAndTheOthersKept() throws {
    let zero = spanJSON(0, chat)
    let short = spanJSON(2, chat).replacingOccurrences(of: "0000000000000002", with: "02")
    let answer = receiveJSON(receiver, requestJSON([zero, spanJSON(1, chat), short]))
    #expect(answer.status == 200)
    #expect(answer.spans.map(\.spanID.bits) == [1])
    #expect(answer.rejected == 2)
    let partial = try #require(JSONTree(parsing: String(decoding: answer.body, as: UTF8.self))?["partialSuccess"])
    #expect(partial["rejectedSpans"]?.text == "2")
    #expect(partial["errorMessage"]?.text == "2 spans have no valid trace id, span id or times")
  }

  @Test func aRequestHasALimitOfSpans() {
    var settings = OTLPTraceReceiver.Settings()
    settings.spans = 3
    let answer = receiveJSON(OTLPTraceReceiver(settings: settings), requestJSON((1...5).map { spanJSON($0, chat) }))
    #expect(answer.spans.count == 3)
    #expect(answer.rejected == 2)
  }

  @Test func millionsOfEmptySpansTakeNoMemory() {
    // ResourceSpans, ScopeSpans, and two million spans of no bytes.
    var spans: [UInt8] = []
    for _ in 0..<(2 << 20) { spans += [0x12, 0] }
    var writer = ProtobufWriter()
    let group = writer.begin(1)
    spans.withUnsafeBytes { writer.data(2, $0) }
    writer.end(group)
    let answer = receiver.handle(method: "POST", path: "/v1/traces", headers: protobufHeaders(), body: writer.bytes)
    #expect(answer.status == 200)
    #expect(answer.rejected == 2 << 20)
    #expect(answer.spans.isEmpty)
  }

  @Test func unknownFieldsAreSkipped() {
    let answer = receiveJSON(
      receiver, requestJSON([spanJSON(1, chat, more: #","flags":256,"links":[{"x":[]}],"droppedAttributesCount":1"#)]))
    #expect(answer.spans.count == 1)
  }
}
