// Captured content is stored beside its span, is forgotten sooner, and leaves no bytes behind.

import Foundation
import GRDB
import LLMTelemetry
import Testing

@testable import Storage

@Suite struct ContentTests {
  private let origin = Timestamp(unixSeconds: 1_764_000_000)

  private func span(second: Int, content: SpanContent?) -> LLMSpan {
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat", start: origin + .seconds(second), duration: .seconds(1))
    span.content = content
    return span
  }

  @Test func messagesDocumentsAndAnswersComeBackAndARawBodyDoesNot() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      var content = SpanContent(
        input: [ContentMessage(role: "system", text: "Be \"kind\".\n"), ContentMessage(role: "user", text: "größe 🙂")],
        output: "answer",
        documents: [ContentDocument(id: "d1", name: "Returns", text: "30 days", score: 0.75), ContentDocument(text: "")])
      let clean = span(second: 1, content: content)
      content.requestBody = Array("{\"raw\":true}".utf8)
      let raw = span(second: 2, content: content)
      let bare = span(second: 3, content: nil)
      try store.append(spans: [clean, raw, bare])
      let spans = try store.spans(limit: 10).spans
      #expect(spans[0].content == nil)
      #expect(spans[1].content == clean.content && spans[2] == clean)
      #expect(try store.trace(clean.traceID) == [clean])
      #expect(!Self.bytes(of: folder).contains("\"raw\""))
    }
  }

  @Test func contentIsForgottenBeforeItsSpanAndItsBytesAreGone() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let words = (0..<40).map { "forgettable-\($0)" }
      try store.append(
        spans: words.enumerated().map { second, word in
          let long = String(repeating: word + " ", count: 300)
          return span(second: second, content: SpanContent(input: [ContentMessage(role: "user", text: long)], output: word))
        })
      #expect(try store.deleteContent(olderThan: origin + .seconds(30), batch: 7) == 30)
      let spans = try store.spans(limit: 100).spans
      #expect(spans.count == 40 && spans.filter { $0.content != nil }.count == 10)
      let bytes = Self.bytes(of: folder)
      for (second, word) in words.enumerated() { #expect(bytes.contains(word + " ") == (second >= 30), "\(word)") }
      #expect(try store.deleteContent(olderThan: origin + .seconds(30)) == 0)
    }
  }

  @Test func contentNeverOutlivesItsSpan() throws {
    try withFolder { folder in
      let store = try TelemetryStore(path: folder + "/telemetry.sqlite")
      let content = SpanContent(input: [], output: "text")
      try store.append(spans: [span(second: 0, content: content), span(second: 10, content: content)])
      let deleted = try store.deleteOlder(than: origin + .seconds(5))
      #expect(deleted.spans == 1 && deleted.contents == 1)
      // The next span may get the number of one that went; it must not get its content.
      _ = try store.deleteOlder(than: origin + .seconds(50))
      try store.append(spans: [span(second: 60, content: nil)])
      #expect(try store.spans(limit: 10).spans.map(\.content) == [nil])
    }
  }

  /// A file of version 2 has content in the table of spans.
  @Test func contentOfAnOlderFileMoves() throws {
    try withFolder { folder in
      let queue = try DatabaseQueue(path: folder + "/old.sqlite")
      try TelemetrySchema.migrator.migrate(queue, upTo: "2")
      try queue.write { db in
        try db.execute(
          sql: """
            INSERT INTO spans (trace_high, trace_low, span, kind, name, start, duration, is_streaming, cost_exactness, attempts,
              accounts_for_exchange, request_body, response_text) VALUES (1, 2, 3, 'llm', 'chat', 5, 6, 0, 'unknown', 1, 1, ?, 'answer')
            """, arguments: [Data("a \"body\"".utf8)])
      }
      try TelemetrySchema.migrator.migrate(queue)
      let row = try #require(
        try queue.read { try Row.fetchOne($0, sql: "SELECT \(SpanRow.selection), request_body FROM spans") })
      #expect(row["request_body"] as Data? == nil)
      let expected = SpanContent(input: [ContentMessage(role: "user", text: "a \"body\"")], output: "answer")
      #expect(SpanRow.span(row)?.content == expected)
    }
  }

  /// Everything in the folder, the write-ahead log included.
  static func bytes(of folder: String) -> String {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.map { String(decoding: FileManager.default.contents(atPath: folder + "/" + $0) ?? Data(), as: UTF8.self) }
      .joined()
  }
}
