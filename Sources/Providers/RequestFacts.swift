// What the gateway must know of a request body before it can be routed.

import LLMTelemetry

/// Facts of one request body, found in one pass over it.
package struct RequestFacts: Equatable, Sendable {
  /// Of formats that name the model in the body; Google's and Vertex AI's is in the path.
  package internal(set) var model: String?
  package internal(set) var streams = false
  /// chat.completions: the caller asked for the usage chunk. Always true where usage comes unasked.
  package internal(set) var includesUsage = false
  /// OpenAI `metadata`, Google `labels`: string members only. Anthropic's `metadata` holds a user's id, which is no label.
  package internal(set) var labels: [String: String] = [:]
  package internal(set) var hasSystemInstruction = false
  /// The most tokens one answer may have, if the caller set a limit.
  package internal(set) var maximumOutputTokens: Int?
  /// How many answers the caller wants: OpenAI `n`, Google `candidateCount`.
  package internal(set) var answerCount = 1
  /// The tier the caller asked for; `nil` when the provider chooses.
  package internal(set) var serviceTier: ServiceTier?
  /// Where an edit can go in; `nil` when the body has no such value.
  package internal(set) var body: Container
  package internal(set) var messages: Container?
  package internal(set) var streamOptions: Container?
  /// The Gemini API's `countTokens`: the request that is counted, where it is given as a whole.
  package internal(set) var countedRequest: Container?
  /// `stream_options` or a system instruction that is there and says nothing (null, empty, another type): an edit must take
  /// its place, since of two members with one name most parsers believe the last.
  package internal(set) var emptyStreamOptions: Range<Int>?
  package internal(set) var emptySystemInstruction: Range<Int>?
  package internal(set) var includeUsageValue: Range<Int>?
  package internal(set) var modelValue: Range<Int>?

  /// An object or array in the body: members can be put in right after its first byte.
  package struct Container: Equatable, Sendable {
    package var start: Int
    package var isEmpty: Bool
  }

  /// Reads a request body. Throws when it is not one JSON object, and when it says one thing twice: parsers differ on which
  /// of two members counts, so that the gateway could admit one request and the provider serve another.
  package init(body bytes: UnsafeRawBufferPointer, target: RequestTarget) throws(RequestBodyError) {
    try self.init(body: bytes, format: target.bodyFormat, method: target.method, modelIsInPath: target.model != nil)
  }

  /// The same, of what is needed of a target.
  package init(
    body bytes: UnsafeRawBufferPointer, format: BodyFormat, method: RequestTarget.Method, modelIsInPath: Bool
  ) throws(RequestBodyError) {
    var reader = JSONReader(bytes)
    guard reader.isObject else { throw .notAnObject }
    body = Container(start: reader.position, isEmpty: reader.isEmptyContainer)
    var once = SeenOnce()
    switch format {
    case .openAIChat, .openAIResponses, .openAIEmbeddings: readOpenAI(&reader, &once, format)
    case .anthropicMessages, .anthropicTokenCount: readAnthropic(&reader, &once, modelIsInBody: !modelIsInPath)
    case .googleGenerate, .googleTokenCount, .googleEmbed, .vertexPredict: readGoogle(&reader, &once)
    }
    guard !reader.isMalformed, reader.isAtEnd else { throw .malformed }
    if let name = once.duplicate { throw .duplicate("\(name)") }
    if let name = once.mistyped { throw .notABoolean("\(name)") }
    if method == .streamGenerateContent || method == .streamRawPredict { streams = true }
    if format != .openAIChat { includesUsage = true }
  }

  private mutating func readOpenAI(_ reader: inout JSONReader, _ once: inout SeenOnce, _ format: BodyFormat) {
    var olderLimit: Int?
    let limitName: StaticString = format == .openAIResponses ? "max_output_tokens" : "max_completion_tokens"
    reader.forEachMember { key, reader in
      if key == "model" {
        once.saw(.model, "model")
        readModel(&reader)
      } else if key == "messages", format == .openAIChat {
        once.saw(.content, "messages")
        readMessages(&reader)
      } else if key == "stream" {
        once.saw(.stream, "stream")
        streams = once.flag(&reader, "stream")
      } else if key == "stream_options" {
        once.saw(.streamOptions, "stream_options")
        readStreamOptions(&reader, &once)
      } else if key == limitName {
        once.saw(.limit, limitName)
        maximumOutputTokens = reader.count()
      } else if key == "max_tokens" {
        once.saw(.olderLimit, "max_tokens")
        olderLimit = reader.count()
      } else if key == "n" {
        once.saw(.answers, "n")
        answerCount = max(1, reader.count() ?? 1)
      } else if key == "metadata" {
        once.saw(.labels, "metadata")
        readLabels(&reader)
      } else if key == "instructions", format == .openAIResponses {
        once.saw(.system, "instructions")
        readSystem(&reader)
      } else if key == "service_tier" {
        once.saw(.tier, "service_tier")
        serviceTier = reader.rawString().flatMap(ServiceTier.init(vendorWord:))
      }
    }
    // Servers differ in which of the two they obey: the larger one is the bound.
    if format == .openAIChat { maximumOutputTokens = olderLimit.map { max($0, maximumOutputTokens ?? 0) } ?? maximumOutputTokens }
  }

  // On Vertex AI the path says which model answers; a model in the body there means nothing. Only the counter has no path.
  private mutating func readAnthropic(_ reader: inout JSONReader, _ once: inout SeenOnce, modelIsInBody: Bool) {
    reader.forEachMember { key, reader in
      if key == "model" {
        once.saw(.model, "model")
        if modelIsInBody { readModel(&reader) }
      } else if key == "messages" {
        once.saw(.content, "messages")
      } else if key == "stream" {
        once.saw(.stream, "stream")
        streams = once.flag(&reader, "stream")
      } else if key == "max_tokens" {
        once.saw(.limit, "max_tokens")
        maximumOutputTokens = reader.count()
      } else if key == "system" {
        once.saw(.system, "system")
        readSystem(&reader)
      } else if key == "service_tier" {
        once.saw(.tier, "service_tier")
        serviceTier = reader.rawString().flatMap(ServiceTier.init(vendorWord:))
      }
    }
  }

  private mutating func readGoogle(_ reader: inout JSONReader, _ once: inout SeenOnce) {
    reader.forEachMember { key, reader in
      if key == "generationConfig" || key == "generation_config" {
        once.saw(.configuration, "generationConfig")
        reader.forEachMember { key, reader in
          if key == "maxOutputTokens" || key == "max_output_tokens" {
            once.saw(.limit, "maxOutputTokens")
            maximumOutputTokens = reader.count()
          } else if key == "candidateCount" || key == "candidate_count" {
            once.saw(.answers, "candidateCount")
            answerCount = max(1, reader.count() ?? 1)
          }
        }
      } else if key == "systemInstruction" || key == "system_instruction" {
        once.saw(.system, "systemInstruction")
        if reader.isNull { emptySystemInstruction = reader.range() } else { hasSystemInstruction = true }
      } else if key == "contents" {
        once.saw(.content, "contents")
      } else if key == "generateContentRequest" || key == "generate_content_request" {
        guard reader.isObject else { return }
        countedRequest = Container(start: reader.position, isEmpty: reader.isEmptyContainer)
        reader.forEachMember { key, reader in
          guard key == "systemInstruction" || key == "system_instruction" else { return }
          if reader.isNull { emptySystemInstruction = reader.range() } else { hasSystemInstruction = true }
        }
      } else if key == "labels" {
        once.saw(.labels, "labels")
        readLabels(&reader)
      } else if key == "serviceTier" || key == "service_tier" {
        once.saw(.tier, "serviceTier")
        serviceTier = reader.rawString().flatMap(ServiceTier.init(vendorWord:))
      }
    }
  }

  private mutating func readModel(_ reader: inout JSONReader) {
    let start = reader.position
    model = reader.string()
    modelValue = reader.isMalformed ? nil : start..<reader.position
  }

  private mutating func readMessages(_ reader: inout JSONReader) {
    guard reader.isArray else { return }
    messages = Container(start: reader.position, isEmpty: reader.isEmptyContainer)
    var isFirst = true
    reader.forEachElement { message in
      guard isFirst else { return }
      isFirst = false
      message.forEachMember { key, reader in
        guard key == "role", let role = reader.rawString() else { return }
        hasSystemInstruction = JSONScanner.equal(role, "system") || JSONScanner.equal(role, "developer")
      }
    }
  }

  private mutating func readStreamOptions(_ reader: inout JSONReader, _ once: inout SeenOnce) {
    guard reader.isObject else {
      emptyStreamOptions = reader.range()
      return
    }
    streamOptions = Container(start: reader.position, isEmpty: reader.isEmptyContainer)
    reader.forEachMember { key, reader in
      guard key == "include_usage" else { return }
      once.saw(.includeUsage, "include_usage")
      let start = reader.position
      includesUsage = reader.boolean() ?? false
      includeUsageValue = reader.isMalformed ? nil : start..<reader.position
    }
  }

  private mutating func readSystem(_ reader: inout JSONReader) {
    if reader.isNull || reader.isEmptyContainer { emptySystemInstruction = reader.range() } else { hasSystemInstruction = true }
  }

  private mutating func readLabels(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      // 64 is Vertex's limit on labels; OpenAI's on metadata is 16.
      if labels.count < 64, let text = reader.string() { labels[key.text] = text }
    }
  }
}

/// Notices members that come twice, and flags that are none.
private struct SeenOnce {
  struct Members: OptionSet {
    var rawValue: UInt16
    static let model = Members(rawValue: 1)
    static let content = Members(rawValue: 2)
    static let stream = Members(rawValue: 4)
    static let streamOptions = Members(rawValue: 8)
    static let includeUsage = Members(rawValue: 16)
    static let limit = Members(rawValue: 32)
    static let olderLimit = Members(rawValue: 64)
    static let answers = Members(rawValue: 128)
    static let labels = Members(rawValue: 256)
    static let system = Members(rawValue: 512)
    static let tier = Members(rawValue: 1024)
    static let configuration = Members(rawValue: 2048)
  }

  private var seen: Members = []
  private(set) var duplicate: StaticString?
  private(set) var mistyped: StaticString?

  @inline(__always)
  mutating func saw(_ member: Members, _ name: StaticString) {
    if seen.contains(member) { duplicate = name }
    seen.formUnion(member)
  }

  /// A flag's value. Some servers take `"true"` for true: what the gateway would take for no stream would be one.
  mutating func flag(_ reader: inout JSONReader, _ name: StaticString) -> Bool {
    if !reader.isBoolean && !reader.isNull { mistyped = name }
    return reader.boolean() ?? false
  }
}

/// Why a request body cannot be used.
package enum RequestBodyError: Error, Equatable {
  case notAnObject, malformed
  case duplicate(String)
  case notABoolean(String)

  package var message: String {
    switch self {
    case .notAnObject: "The request body is not a JSON object."
    case .malformed: "The request body is not well-formed JSON: it ends early, goes on after its end, or a separator is missing."
    case .duplicate(let name): "The request body has `\(name)` twice; send it once."
    case .notABoolean(let name): "`\(name)` in the request body must be true or false."
    }
  }
}
