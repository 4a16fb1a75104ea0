// The documents that the HTTP interface answers with.
import Foundation
import Hummingbird
import LLMTelemetry

/// What `/ask` answers, and the last event of `/ask/stream`.
struct AnswerReply: Encodable, Sendable {
  struct Source: Encodable, Sendable {
    var number: Int
    var id: String
    var document: String
    var title: String
    var text: String
    var similarity: Double
    var score: Double
    var cited: Bool
    /// 0 to 1: how much it looks like orders to the model.
    var injection: Double?
    /// Only of a passage that gives orders to the model, which was shown it all the same.
    var injected: Bool?
  }
  /// A passage that the model was not shown.
  struct Withheld: Encodable, Sendable {
    var id: String
    var document: String
    var title: String
    var similarity: Double
    var injection: Double
  }
  struct CitationReply: Encodable, Sendable {
    var number: Int
    var source: String
    var start: Int
    var end: Int
  }
  struct AttributionReply: Encodable, Sendable {
    var uri: String?
    var title: String?
  }
  struct GroundingReply: Encodable, Sendable {
    struct Sentence: Encodable, Sendable {
      var text: String
      var score: Double
    }
    var score: Double?
    var verdict: String
    var doubtful: [Sentence]
  }
  struct Usage: Encodable, Sendable {
    var input: Int?
    var cache_read: Int?
    var output: Int?
    var reasoning: Int?
  }
  struct CostReply: Encodable, Sendable {
    /// Decimal dollars; left out when nothing of it is known.
    var usd: String?
    var exactness: String
  }

  var answer: String
  var declined: String?
  var sources: [Source]
  var withheld: [Withheld]
  var citations: [CitationReply]
  var attributions: [AttributionReply]
  var grounding: GroundingReply
  var tools: [ToolReply]
  var model: String
  var prompt: String
  var prompt_version: String?
  var prompt_label: String?
  var session: String?
  var standalone_question: String
  var trace_id: String
  var usage: Usage
  var cost: CostReply
  var latency_ms: Double
  /// The figures in the words of the page; only where it asks for them.
  var facts: [Fact]?

  struct Fact: Encodable, Sendable {
    var name: String
    var value: String
  }

  init(_ answer: Answer, session: String?, latency: Duration) {
    let cited = Set(answer.citations.map(\.passageID))
    self.answer = answer.text
    declined = answer.decline?.rawValue
    sources = Self.sources(answer.sources, cited: cited)
    withheld = answer.withheld.map {
      .init(
        id: $0.passage.id, document: $0.passage.documentID, title: $0.passage.title, similarity: Self.rounded($0.similarity),
        injection: Self.rounded($0.injection ?? 0))
    }
    citations = answer.citations.map {
      .init(number: $0.number, source: $0.passageID, start: $0.range.lowerBound, end: $0.range.upperBound)
    }
    attributions = answer.attributions.map { .init(uri: $0.uri, title: $0.title) }
    grounding = .init(
      score: answer.grounding.score.map(Self.rounded), verdict: answer.grounding.verdict,
      doubtful: answer.grounding.doubtful.map { .init(text: $0.text, score: Self.rounded($0.score)) })
    tools = answer.tools.map(ToolReply.init)
    model = answer.model
    prompt = answer.prompt
    prompt_version = answer.promptVersion
    prompt_label = answer.promptLabel
    self.session = session
    standalone_question = answer.standaloneQuestion
    trace_id = answer.traceID.description
    usage = .init(
      input: answer.usage.input, cache_read: answer.usage.cacheRead, output: answer.usage.output,
      reasoning: answer.usage.reasoning)
    let isUnknown = answer.cost.exactness == "unknown" && answer.cost.amount == Nanodollars(0)
    cost = .init(usd: isUnknown ? nil : answer.cost.amount.decimalDollars, exactness: answer.cost.exactness)
    latency_ms = (latency.inSeconds * 10_000).rounded() / 10
  }

  static func sources(_ passages: [ScoredPassage], cited: Set<String> = []) -> [Source] {
    passages.enumerated().map { index, entry in
      Source(
        number: index + 1, id: entry.passage.id, document: entry.passage.documentID, title: entry.passage.title,
        text: entry.passage.text, similarity: rounded(entry.similarity), score: rounded(entry.score),
        cited: cited.contains(entry.passage.id), injection: entry.injection.map(rounded), injected: entry.isInjected ? true : nil)
    }
  }

  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

struct ToolReply: Encodable, Sendable {
  var name: String
  var arguments: JSON
  var output: JSON

  init(_ use: ToolUse) {
    name = use.name
    arguments = use.arguments
    output = use.output
  }
}

struct DocumentReply: Encodable, Sendable {
  var id: String
  var title: String
  var media_type: String
  var origin: String
  var tags: [String: [String]]
  var passages: Int
  var fingerprint: String
  var updated_at: String
  /// Only of a single document.
  var content: [PassageReply]?

  struct PassageReply: Encodable, Sendable {
    var id: String
    var title: String
    var text: String
  }

  init(_ record: DocumentRecord, content: [Passage]? = nil) {
    id = record.id
    title = record.title
    media_type = record.mediaType
    origin = record.origin.rawValue
    tags = record.tags
    passages = record.passageCount
    fingerprint = record.fingerprint
    updated_at = record.updatedAt.rfc3339Seconds
    self.content = content?.map { .init(id: $0.id, title: $0.title, text: $0.text) }
  }
}

struct DocumentListReply: Encodable, Sendable {
  var documents: [DocumentReply]
  /// What to give as `after` for the next page.
  var next: String?
}

struct ErrorReply: Encodable, Sendable {
  struct Body: Encodable, Sendable {
    var `class`: String
    var message: String
    var trace_id: String?
    var fields: [FieldProblem]?
  }
  var error: Body

  init(class errorClass: String, message: String, traceID: String? = nil, fields: [FieldProblem] = []) {
    error = Body(class: errorClass, message: message, trace_id: traceID, fields: fields.isEmpty ? nil : fields)
  }
}

extension Encodable {
  var replyBytes: ByteBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
  }
}

extension Response {
  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: .init(byteBuffer: value.replyBytes))
  }

  static func refusal(_ refusal: Refusal) -> Response {
    var response = json(
      ErrorReply(class: refusal.errorClass, message: refusal.message, fields: refusal.fields), status: refusal.status)
    if let retryAfter = refusal.retryAfter { response.headers[.retryAfter] = retryAfter }
    return response
  }
}
