// Every line is JSON that says what the span said; a reader that is slow or gone costs lines, never time.

@testable import Datadog
import Foundation
import LLMTelemetry
import Testing

@Suite(.timeLimit(.minutes(1))) struct SpanLogTests {
  private let start = Timestamp(unixNanoseconds: 1_764_000_000_007_000_000)

  private func span(_ name: String = "chat gpt-4o-mini") -> LLMSpan {
    LLMSpan(traceID: .random(), spanID: .random(), kind: .llm, name: name, start: start, duration: .milliseconds(1500))
  }

  /// Writes to a file and reads it back, line by line.
  private func lines(_ batches: [[LLMSpan]]) throws -> [[String: Any]] {
    let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)").path
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    defer {
      close(descriptor)
      try? FileManager.default.removeItem(atPath: path)
    }
    let log = SpanLog(descriptor: descriptor)
    for batch in batches { log.write(batch) }
    #expect(log.finish() && log.takeDropped() == 0)
    let data = try Data(contentsOf: URL(filePath: path))
    #expect(data.isEmpty || data.last == UInt8(ascii: "\n"))
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
      try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any], "\(String(decoding: line, as: UTF8.self))")
    }
  }

  /// Texts of every length around the eight bytes that are looked at together, with what must be escaped at every place.
  @Test func everyTextIsReadBackAsItWas() throws {
    var names: [String] = []
    for length in 1...20 {
      let text = String("abcdefghijklmnopqrst".prefix(length))
      names.append(text)
      for place in 0..<length {
        for special in ["\"", "\\", "\n", "\u{1}", "é"] { names.append(text.prefix(place) + special + text.dropFirst(place + 1)) }
      }
    }
    #expect(try lines([names.map { span($0) }]).map { $0["message"] as? String } == names)
  }

  @Test func completeSpanSaysEverything() throws {
    var span = span()
    span.dimensions.service = "shop"
    span.dimensions.env = "prod"
    span.dimensions.version = "1.2"
    span.dimensions.provider = "openai"
    span.dimensions.model = "gpt-4o-mini"
    span.dimensions.route = "chat"
    span.dimensions.tenant = "acme"
    span.dimensions.feature = "answers"
    span.dimensions.prompt = "support"
    span.dimensions.promptVersion = "v3"
    span.dimensions.region = "europe-west4"
    span.virtualKey = "team-a"
    span.responseModel = "gpt-4o-mini-2024-07-18"
    span.httpStatus = 200
    span.finishReason = .stop
    span.usage = TokenUsage(input: 100, cacheRead: 20, cacheWrite: 3, cacheWriteHour: 4, output: 30, reasoning: 0)
    (span.usage.inputAudio, span.usage.inputImage, span.usage.outputAudio, span.usage.outputImage) = (5, 6, 7, 8)
    span.usage.isEstimated = true
    span.serviceTier = .flex
    span.cost = .estimated(Nanodollars(156_000), priceVersion: "test")
    span.attempts = 2
    span.fallbackFrom = "gpt-4o"
    span.isStreaming = true
    span.timeToFirstToken = .milliseconds(120)
    span.risk.ungrounded = 0.25
    span.risk[.languageMismatch] = 0
    span.session = "s-1"

    let line = try #require(try lines([[span]]).first)
    let expected: [String: Any] = [
      "timestamp": "2025-11-24T16:00:01.507Z", "status": "warn", "message": "chat gpt-4o-mini",
      "dd.trace_id": span.traceID.description, "dd.span_id": String(span.spanID.bits), "duration": 1_500_000_000,
      "http.status_code": 200, "service": "shop", "env": "prod", "version": "1.2", "dd.service": "shop", "dd.env": "prod",
      "dd.version": "1.2", "gen_ai.provider.name": "openai", "llm.session": "s-1",
      "gen_ai.request.model": "gpt-4o-mini", "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
      "gen_ai.usage.input_tokens": 138, "gen_ai.usage.output_tokens": 45, "llm.kind": "llm", "llm.route": "chat",
      "llm.tenant": "acme", "llm.feature": "answers", "llm.prompt": "support", "llm.prompt_version": "v3",
      "llm.region": "europe-west4", "llm.virtual_key": "team-a", "llm.service_tier": "flex", "llm.finish_reason": "stop",
      "llm.attempts": 2, "llm.fallback_from": "gpt-4o", "llm.time_to_first_token": 120_000_000, "llm.streaming": true,
      "llm.tokens.input": 100, "llm.tokens.cache_read": 20, "llm.tokens.cache_write": 3, "llm.tokens.cache_write_1h": 4,
      "llm.tokens.input_audio": 5, "llm.tokens.input_image": 6, "llm.tokens.output": 30, "llm.tokens.reasoning": 0,
      "llm.tokens.output_audio": 7, "llm.tokens.output_image": 8, "llm.tokens.estimated": true, "llm.cost": "0.000156",
      "llm.cost_exactness": "estimated", "llm.ungrounded": 0.25,
      "llm.language_mismatch": 0,
    ]
    #expect(line as NSDictionary == expected as NSDictionary)
  }

  @Test func whatIsUnknownIsAbsent() throws {
    let line = try #require(try lines([[span()]]).first)
    #expect(
      Set(line.keys) == [
        "timestamp", "status", "message", "dd.trace_id", "dd.span_id", "duration", "llm.kind", "llm.attempts", "llm.streaming",
        "llm.cost_exactness",
      ])
    #expect(line["llm.cost_exactness"] as? String == "unknown")
  }

  /// Datadog's SDKs write an id of 64 bits in decimals, and its correlation looks for that.
  @Test func aTraceOf64BitsIsFoundByItsDecimalID() throws {
    var span = span()
    span.traceID = try #require(TraceID(high: 0, low: 12_698_000_000_000_000_001))
    #expect(try lines([[span]]).first?["dd.trace_id"] as? String == "12698000000000000001")
  }

  @Test func failuresAreErrorsAndCancellationsAreNot() throws {
    var failed = span()
    failed.outcome = .failed(.timeout, message: "no answer in 30 s")
    var cancelled = span()
    cancelled.outcome = .failed(.cancelled, message: "")
    let lines = try lines([[failed, cancelled, span()]])
    #expect(lines.map { $0["status"] as? String } == ["error", "warn", "info"])
    #expect(lines[0]["error.kind"] as? String == "timeout" && lines[0]["error.message"] as? String == "no answer in 30 s")
    #expect(lines[0]["message"] as? String == "chat gpt-4o-mini: timeout")
  }

  @Test func onlyExchangesHaveLines() throws {
    var spans = SpanKind.allCases.map { kind in
      var span = span(kind.rawValue)
      span.kind = kind
      return span
    }
    var second = span("second record")
    second.accountsForExchange = false
    spans.append(second)
    #expect(Set(try lines([spans]).compactMap { $0["message"] as? String }) == ["llm", "embedding", "task"])
  }

  @Test func anyTextSurvives() throws {
    // Every control character, quotation marks and backslashes at every place of a word of eight, and all planes of Unicode.
    var texts = (0..<0x80).map { String(Character(Unicode.Scalar(UInt8($0)))) }
    for place in 0..<17 {
      for special in ["\"", "\\", "\u{1}", "\u{1f}", "é", "🙂", "\u{2028}", "\u{7f}"] {
        texts.append(String(repeating: "a", count: place) + special + String(repeating: "b", count: 16 - place))
      }
    }
    texts += ["", "größe-日本🙂\u{10FFFF}", String(repeating: "\u{0}\"", count: 40_000)]
    let spans = texts.map { text in
      var span = span(text)
      span.dimensions.tenant = text
      return span
    }
    let lines = try lines([spans])
    #expect(lines.map { $0["message"] as? String } == texts)
    #expect(lines.map { $0["llm.tenant"] as? String } == texts)
  }

  @Test(arguments: [0, 1, -1, 10, 1_500_000_000, 1_000_000_000, -500_000_000, 123_456_789, Int64.max, Int64.min])
  func numbersAreThoseOfTheRecord(_ count: Int64) throws {
    var span = span()
    span.cost = .exact(Nanodollars(count), priceVersion: "")
    span.usage.input = Int(count)
    let line = try #require(try lines([[span]]).first)
    #expect(line["llm.cost"] as? String == Nanodollars(count).decimalDollars)
    #expect(line["llm.tokens.input"] as? Int == Int(count))
  }

  @Test func readerThatDoesNotReadCostsLinesAndIsToldWholeOnes() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends where end >= 0 { close(end) } }
    let log = SpanLog(descriptor: ends[1], bufferLimit: 1 << 20)
    let batch = (0..<100).map { _ in span(String(repeating: "x", count: 500)) }
    for _ in 0..<100 { log.write(batch) }
    #expect(!log.finish(patience: .milliseconds(20)))
    let dropped = log.takeDropped()
    #expect(dropped > 5000)
    #expect(log.takeDropped() == 0)
    // The descriptor of the caller still waits, as whoever shares it expects.
    #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)

    // A reader that comes late gets every line that was kept, whole.
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var isFinished = false
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    while true {
      let count = read(ends[0], &piece, piece.count)
      if count > 0 {
        text += piece[..<count]
      } else if isFinished {
        break
      } else {
        isFinished = log.finish(patience: .milliseconds(1))
      }
    }
    let lines = text.split(separator: UInt8(ascii: "\n"))
    for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line)) }
    #expect(lines.count + dropped == 10_000)
  }

  @Test func readerThatIsGoneCostsLinesOnly() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let log = SpanLog(descriptor: ends[1])
    close(ends[0])
    log.write([span(), span()])
    log.write([span()])
    close(ends[1])
    #expect(log.takeDropped() == 3)
  }

  @Test func socketIsWrittenWithoutWaiting() throws {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { close(end) } }
    let log = SpanLog(descriptor: ends[1], bufferLimit: 1 << 20)
    for _ in 0..<100 { log.write((0..<100).map { _ in span(String(repeating: "x", count: 500)) }) }
    #expect(log.takeDropped() > 5000)
  }
}
