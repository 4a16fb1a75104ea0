// Turns another vendor's answer into OpenAI's while it is relayed.

/// Translates one successful answer. Feed it the provider's bytes in order and send what it returns; call `finish` when the
/// provider's answer ended.
///
/// A stream becomes a stream and a document a document. Nothing is returned that the provider did not vouch for: `[DONE]` and
/// a document are given only for a whole answer. When `isComplete` is false after `finish`, break the client's connection off
/// (a stream) or answer with an error of your own (a document).
package struct AnswerTranslator: Sendable {
  /// The whole answer was translated.
  package private(set) var isComplete = false
  /// The provider sent what cannot be read, or more than a frame may have. Nothing more is translated from there on.
  package private(set) var isMalformed = false
  /// The provider reported an error inside its answer; it was passed on in OpenAI's form.
  package private(set) var hasFailed = false

  private let framing: ResponseFraming
  private let head: ChatHead
  private var source: Source
  private var chunks: ChatChunks
  private var events: EventStreamSplitter
  private var elements: JSONArraySplitter
  private var document: [UInt8] = []

  private enum Source {
    case google(AnswerFromGoogle)
    case anthropic(AnswerFromAnthropic)
  }

  /// Bytes one frame (a document, an event, an element) may have.
  package static let frameLimit = 16 << 20

  /// - Parameters:
  ///   - format: `.anthropicMessages` or `.googleGenerate`.
  ///   - model: as the client asked for it.
  ///   - created: seconds since 1970.
  ///   - id: the answer's identifier, for example `chatcmpl-…`; also the root of call identifiers where Google gives none.
  ///   - includesUsage: the client asked for the usage chunk of a stream; documents always have it.
  package init(
    from format: BodyFormat, framing: ResponseFraming, model: String, created: Int64, id: String, includesUsage: Bool
  ) {
    self.framing = framing
    head = ChatHead(id: id, created: created, model: model)
    chunks = ChatChunks(head: head, includesUsage: includesUsage)
    source =
      format == .anthropicMessages ? .anthropic(AnswerFromAnthropic()) : .google(AnswerFromGoogle(answerID: id))
    events = EventStreamSplitter(limit: Self.frameLimit)
    elements = JSONArraySplitter(limit: Self.frameLimit)
  }

  private var isOver: Bool { isComplete || isMalformed || hasFailed }

  /// Feeds bytes of the provider; returns bytes for the client.
  package mutating func consume(_ chunk: UnsafeRawBufferPointer) -> [UInt8] {
    guard !isOver else { return [] }
    var output: [UInt8] = []
    switch framing {
    case .document:
      if document.count + chunk.count > Self.frameLimit {
        isMalformed = true
        document = []
      } else {
        document.append(contentsOf: chunk)
      }
    case .eventStream:
      // The splitters leave `self` while they call back, so that no copy of their bytes is made.
      var splitter = events
      events = EventStreamSplitter(limit: 0)
      let fits = splitter.consume(chunk) { event in
        EventStreamSplitter.withData(of: event) { frame($0, &output) }
      }
      events = splitter
      if !fits { overflow() }
    case .jsonArray:
      var splitter = elements
      elements = JSONArraySplitter(limit: 0)
      let fits = splitter.consume(chunk) { frame($0, &output) }
      elements = splitter
      if !fits { overflow() }
    }
    return output
  }

  /// The provider's answer ended. Returns what remains to be sent: a document, or the end of a stream.
  package mutating func finish() -> [UInt8] {
    guard !isOver else { return [] }
    var output: [UInt8] = []
    switch framing {
    case .document: return finishDocument()
    case .eventStream:
      // An event without its blank line at the end of the stream: SDKs read it.
      let remainder = events.remainder
      events = EventStreamSplitter(limit: 0)
      remainder.withUnsafeBytes { event in
        EventStreamSplitter.withData(of: event) { frame($0, &output) }
      }
    case .jsonArray: break
    }
    if !isOver, case .google(let google) = source, let ending = google.ending(isDocument: false) { write(ending, &output) }
    return output
  }

  private mutating func finishDocument() -> [UInt8] {
    let bytes = document
    document = []
    guard let tree = bytes.withUnsafeBytes(JSONTree.init(parsing:)), let events = documentEvents(tree) else {
      isMalformed = true
      return []
    }
    var answer = ChatDocument()
    for event in events {
      answer.read(event)
      note(event)
    }
    return answer.tree(head).serialised
  }

  private mutating func documentEvents(_ document: JSONTree) -> [AnswerEvent]? {
    switch source {
    case .anthropic(var anthropic): return anthropic.documentEvents(document)
    case .google(var google):
      guard let events = google.events(document) else { return nil }
      if case .failure? = events.first { return events }
      return google.ending(isDocument: true).map { events + $0 }
    }
  }

  /// Translates one JSON document of a stream.
  private mutating func frame(_ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
    guard !isOver, !bytes.isEmpty else { return }
    guard let tree = JSONTree(parsing: bytes) else {
      isMalformed = true
      return
    }
    let events: [AnswerEvent]?
    switch source {
    case .google(var google):
      events = google.events(tree)
      source = .google(google)
    case .anthropic(var anthropic):
      events = anthropic.events(tree)
      source = .anthropic(anthropic)
    }
    if let events { write(events, &output) } else { isMalformed = true }
  }

  private mutating func write(_ events: [AnswerEvent], _ output: inout [UInt8]) {
    for event in events {
      chunks.write(event, to: &output)
      note(event)
    }
  }

  private mutating func note(_ event: AnswerEvent) {
    switch event {
    case .end: isComplete = true
    case .failure: hasFailed = true
    default: break
    }
  }

  private mutating func overflow() {
    isMalformed = true
    events = EventStreamSplitter(limit: 0)
    elements = JSONArraySplitter(limit: 0)
  }

  /// An error answer of the provider in OpenAI's form; one that is already in it is left alone.
  package static func error(status: Int, body: UnsafeRawBufferPointer, from wireProtocol: WireProtocol) -> [UInt8] {
    if wireProtocol == .openAI { return Array(body) }
    let tree = JSONTree(parsing: body)
    // Google wraps the error of a call that would have streamed an array into an array.
    let error = (tree?.elements?.first ?? tree)?.present("error")
    if let error, error.members != nil { return ChatError(error: error, status: status).tree.serialised }
    // A proxy's page, or an OAuth error {"error":"…","error_description":"…"}: its beginning, for whoever reads the log.
    let text = String(decoding: body.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
    return ChatError(message: text, word: nil, status: status).tree.serialised
  }
}
