// An answer in a provider's form, before pace and faults act on it.

struct WireAnswer: Sendable {
  enum Form: Sendable {
    case document(JSONValue)
    /// Each event is written and flushed on its own; `end` follows the last.
    case stream(events: [String], end: String, contentType: String)
  }

  var form: Form
  /// How many pieces the model made: a document takes as long as its stream would.
  var pieceCount = 1

  static func document(_ body: JSONValue, pieceCount: Int = 1) -> WireAnswer {
    WireAnswer(form: .document(body), pieceCount: pieceCount)
  }

  /// Server-sent events as OpenAI and Google write them: data without a name.
  static func dataEvents(
    _ events: [JSONValue], lineEnd: String = "\n", end: String = "", contentType: String = "text/event-stream"
  ) -> WireAnswer {
    WireAnswer(
      form: .stream(events: events.map { "data: \($0.text)\(lineEnd)\(lineEnd)" }, end: end, contentType: contentType))
  }

  /// Server-sent events as Anthropic and OpenAI's responses write them: named like the `type` of their data.
  static func namedEvents(_ events: [JSONValue]) -> WireAnswer {
    WireAnswer(
      form: .stream(
        events: events.map { "event: \($0["type"]?.string ?? "message")\ndata: \($0.text)\n\n" }, end: "",
        contentType: "text/event-stream; charset=utf-8"))
  }

  /// Google's stream without `alt=sse`: one JSON array, an element at a time. Nothing may follow its end: Google's own REST
  /// client, which reads a character at a time, takes a line end there for another answer that is no array.
  static func arrayElements(_ elements: [JSONValue]) -> WireAnswer {
    WireAnswer(
      form: .stream(
        events: elements.enumerated().map { ($0 == 0 ? "[" : ",\r\n") + $1.text }, end: "\n]",
        contentType: "application/json; charset=UTF-8"))
  }
}
