// Lines that go straight to Datadog keep within its limits, and say the same as those on standard output.

import Delivery
import Foundation
import LLMTelemetry
import Testing

@testable import Datadog

@Suite(.timeLimit(.minutes(1))) struct LogIntakeTests {
  private static let now = LLMObservabilityRun.start

  private func send(
    settings: (inout LogIntakeSettings) -> Void = { _ in }, _ add: (LogIntake) -> Void
  ) async throws -> (requests: [DeliveryRequest], entries: [[String: Any]], drops: [String: Int]) {
    var configured = LogIntakeSettings(site: "datadoghq.eu", apiKey: { "key" })
    (configured.hostname, configured.env, configured.version) = ("host-1", "dev", "0.4")
    settings(&configured)
    let receiver = DatadogReceiver()
    let intake = LogIntake(settings: configured, send: { receiver.send($0) }, now: { Self.now })
    add(intake)
    intake.lane.shutDown()
    await intake.lane.run()
    return (receiver.requests, try receiver.requests.flatMap { try events($0.body) }, intake.takeDrops())
  }

  @Test func anExchangeHasTheLineOfStandardOutputAndWhatTheIntakeWants() async throws {
    var span = LLMObservabilityRun.span()
    (span.dimensions.service, span.dimensions.env, span.dimensions.version) = ("shop", "prod,eu", "1.2")
    span.outcome = .failed(.blocked, message: "a \"policy\"")
    span.risk[.promptLeak] = 0.5
    let (requests, entries, _) = try await send { $0.add([span, LLMObservabilityRun.span(.workflow)]) }
    let request = try #require(requests.first)
    #expect(request.url == "https://http-intake.logs.datadoghq.eu/api/v2/logs")
    #expect(request.headers.contains { $0 == ("DD-API-KEY", "key") })
    let entry = try #require(entries.first)
    #expect(entries.count == 1 && entry.text("ddsource") == "llm-incident-commander" && entry.text("hostname") == "host-1")
    #expect(entry.text("ddtags") == "env:prod_eu,version:1.2" && entry.text("service") == "shop")
    #expect(entry["status"] as? String == "error" && entry["message"] as? String == "chat gpt-4o-mini: blocked")
    #expect(entry["dd.trace_id"] as? String == span.traceID.description)
    #expect(entry["dd.span_id"] as? String == String(span.spanID.bits))
    #expect(entry["dd.service"] as? String == "shop" && entry["dd.env"] as? String == "prod,eu")
    #expect(entry["llm.prompt_leak"] as? Double == 0.5 && entry["error.message"] as? String == "a \"policy\"")
  }

  @Test func whatASpanDoesNotSayComesFromTheSettings() async throws {
    let (_, entries, _) = try await send { $0.add([LLMObservabilityRun.span()]) }
    #expect(entries.first?.text("service") == "llm-incident-commander" && entries.first?.text("ddtags") == "env:dev,version:0.4")
  }

  @Test func linesOfTheProgramKeepTheirWords() async throws {
    let text = "sink \"store\" failed:\n\u{1}disk full 🙂"
    let (_, entries, _) = try await send { intake in
      intake.add(
        line: text, status: .warn, at: Self.now - .seconds(1),
        attributes: [("logger.name", "ingest"), ("service", "forged"), ("status", "info"), ("logger.name", "twice")])
    }
    let expected: [String: Any] = [
      "ddsource": "llm-incident-commander", "ddtags": "env:dev,version:0.4", "hostname": "host-1",
      "service": "llm-incident-commander", "status": "warn", "timestamp": "2026-11-23T20:04:46.000Z", "message": text,
      "logger.name": "ingest",
    ]
    #expect(entries.first.map { $0 as NSDictionary } == expected as NSDictionary)
  }

  @Test(arguments: [String(repeating: "x", count: 3_000_000), String(repeating: "\u{1}🙂", count: 600_000)])
  func aLineThatIsTooLongIsCutWhereItShows(_ text: String) async throws {
    let (requests, entries, drops) = try await send { $0.add(line: text, status: .error, at: Self.now) }
    let message = try #require(entries.first?.text("message"))
    #expect(message.hasSuffix("...TRUNCATED...") && text.hasPrefix(message.dropLast(15)) && message.utf8.count > 90_000)
    #expect(requests.allSatisfy { $0.body.count <= 1_000_002 } && drops.isEmpty)
  }

  @Test func ofALineThatItsNamesMakeTooLongTheWayToItsTraceIsKept() async throws {
    var span = LLMObservabilityRun.span(.llm, String(repeating: "é", count: 600_000))
    (span.dimensions.tenant, span.dimensions.env) = (
      String(repeating: "\u{1}", count: 300_000), String(repeating: "e", count: 900_000)
    )
    let (requests, entries, _) = try await send { $0.add([span]) }
    let entry = try #require(entries.first)
    #expect(requests.allSatisfy { $0.body.count < 10_000 } && entry["dd.trace_id"] as? String == span.traceID.description)
    #expect(entry.text("message") == String(repeating: "é", count: 500) + "...TRUNCATED..." && entry.text("status") == "info")
  }

  @Test func requestsKeepTheIntakesLimits() async throws {
    let (requests, entries, _) = try await send { intake in
      for number in 0..<2500 { intake.add(line: String(number), status: .info, at: Self.now) }
      for _ in 0..<6 { intake.add(line: String(repeating: "x", count: 990_000), status: .info, at: Self.now) }
    }
    #expect(entries.count == 2506 && entries.prefix(2500).map { $0.text("message") } == (0..<2500).map(String.init))
    for request in requests {
      #expect(request.body.count <= 5_000_000)
      #expect(try events(request.body).count <= 1000)
    }
  }

  @Test func whatIsTooOldIsDroppedAndCounted() async throws {
    var old = LLMObservabilityRun.span()
    (old.start, old.duration) = (Self.now - .seconds(18 * 3600 + 1), .milliseconds(999))
    let (requests, _, drops) = try await send { intake in
      intake.add([old])
      intake.add(line: "old", status: .info, at: Self.now - .seconds(19 * 3600))
    }
    #expect(requests.isEmpty && drops == ["too_old": 2])
  }
}
