// Reads usage, finish reason, text and timing out of an answer while it is relayed.

import LLMTelemetry

/// Meters one answer. Feed it the bytes in order with their arrival times; read the facts when the answer ended, however it ended.
package struct ResponseMeter: Sendable {
  package internal(set) var finishReason: FinishReason?
  /// It asks its client for the call of a tool, whatever its finish reason says: Google has none for that.
  package internal(set) var callsTool = false
  /// The model the provider says answered.
  package internal(set) var responseModel: String?
  /// The tier the provider says served the call.
  package internal(set) var serviceTier: ServiceTier?
  /// The visible text so far, up to the capture limit.
  package private(set) var text = ""
  /// Bytes of visible text, not limited by capture: the base of an estimate when no usage came.
  package private(set) var textByteCount = 0
  private var hiddenByteCount = 0
  package private(set) var firstTokenAt: Timestamp?
  /// An error the provider reported in the body, as one line.
  package internal(set) var error: ProviderFailure?
  /// The safety filter refused the prompt: Google answers 200 without candidates.
  package internal(set) var blockReason: String?
  /// A frame was too large to be metered; facts are incomplete from there on.
  package private(set) var overflowed = false
  /// The answer is whole: `[DONE]`, a finish reason, the format's last event, or a document that was read to its end.
  package internal(set) var sawEnd = false
  /// A document, an event or an element was not a whole JSON object: the client's SDK fails on it.
  package private(set) var isMalformed = false

  /// `nil` for an error's document.
  let bodyFormat: BodyFormat?
  var counts = VendorCounts()
  /// The frame at hand brought a token that is not visible text: a thought, a piece of a tool call.
  var frameHasToken = false
  private let framing: ResponseFraming
  private let captureLimit: Int
  private var isCaptureFull: Bool
  private var events: EventStreamSplitter
  private var elements: JSONArraySplitter
  private var document: [UInt8] = []
  private var lastFrameAt: Timestamp?
  private var longestGapNanoseconds: Int64 = -1

  /// Bytes one frame (a document, an event, an element) may have to be metered; relaying has no such limit.
  package static let frameLimit = 16 << 20

  /// - Parameter captureLimit: bytes of visible text to keep for scoring; 0 keeps none.
  package init(bodyFormat: BodyFormat, framing: ResponseFraming, captureLimit: Int) {
    self.init(format: bodyFormat, framing: framing, captureLimit: captureLimit)
  }

  /// For an answer with an error status: one JSON document in the provider's error shape, whatever was asked for. All shapes
  /// are read, since compatible servers and Vertex AI's guests bring their own.
  package init(errorsOf _: WireProtocol) {
    self.init(format: nil, framing: .document, captureLimit: 0)
  }

  private init(format: BodyFormat?, framing: ResponseFraming, captureLimit: Int) {
    bodyFormat = format
    self.framing = framing
    self.captureLimit = captureLimit
    isCaptureFull = captureLimit <= 0
    events = EventStreamSplitter(limit: Self.frameLimit)
    elements = JSONArraySplitter(limit: Self.frameLimit)
  }

  /// The tokens reported so far, in disjoint buckets.
  package var usage: TokenUsage {
    switch bodyFormat {
    case .openAIChat, .openAIResponses, .openAIEmbeddings: counts.openAI
    case .anthropicMessages: counts.anthropic
    case .googleGenerate: counts.google(isWhole: sawEnd)
    case .googleEmbed, .vertexPredict: counts.google(isWhole: false)
    case .anthropicTokenCount, .googleTokenCount, nil: TokenUsage()
    }
  }

  /// The longest pause between two frames of a stream.
  package var longestGap: Duration? { longestGapNanoseconds < 0 ? nil : .nanoseconds(longestGapNanoseconds) }

  /// Feeds bytes. For an event stream `relay` receives each complete event that the client should see; other framings
  /// call it once with the whole chunk.
  ///
  /// - Parameter stripsUsage: withhold OpenAI's usage-only chunk, which the gateway asked for and the client did not.
  package mutating func consume(
    _ chunk: UnsafeRawBufferPointer, at time: Timestamp, stripsUsage: Bool, relay: (UnsafeRawBufferPointer) -> Void
  ) {
    guard !overflowed else { return relay(chunk) }
    switch framing {
    case .document:
      relay(chunk)
      if document.count + chunk.count > Self.frameLimit {
        overflowed = true
        document = []
      } else {
        document.append(contentsOf: chunk)
      }
    case .jsonArray:
      relay(chunk)
      var splitter = elements
      elements = JSONArraySplitter(limit: 0)
      let fits = splitter.consume(chunk) { _ = frame($0, at: time) }
      elements = splitter
      overflowed = !fits
    case .eventStream:
      if !stripsUsage { relay(chunk) }
      var splitter = events
      events = EventStreamSplitter(limit: 0)
      let fits = splitter.consume(chunk) { event in
        var isUsageOnly = false
        EventStreamSplitter.withData(of: event) { isUsageOnly = frame($0, at: time) }
        if stripsUsage, !isUsageOnly { relay(event) }
      }
      events = splitter
      if !fits {
        overflowed = true
        if stripsUsage { events.remainder.withUnsafeBytes(relay) }
      }
    }
  }

  /// Why a success status is no success: the answer cannot be read, or its stream ended, however politely, before the
  /// provider said that it was whole. Ask when the answer ended.
  package var defect: String? {
    if overflowed { return nil }
    if isMalformed { return "the provider's answer is not well-formed JSON" }
    if framing != .document, !sawEnd { return "the provider ended its stream before the answer was whole" }
    return nil
  }

  /// The answer ended. Returns the bytes of an unfinished last event that were withheld in strip mode, if there are any.
  /// SDKs read such an event, so it is metered too.
  package mutating func finish(at time: Timestamp, stripsUsage: Bool) -> [UInt8]? {
    guard !overflowed else { return nil }
    switch framing {
    case .document:
      let bytes = document
      document = []
      bytes.withUnsafeBytes { _ = frame($0, at: time) }
      sawEnd = !isMalformed
      return nil
    case .eventStream:
      let remainder = events.remainder
      guard !remainder.isEmpty else { return nil }
      var isUsageOnly = false
      remainder.withUnsafeBytes { event in
        EventStreamSplitter.withData(of: event) { isUsageOnly = frame($0, at: time) }
      }
      return stripsUsage && !isUsageOnly ? remainder : nil
    case .jsonArray: return nil
    }
  }

  /// Reads one JSON document. Returns true for OpenAI's usage-only chunk.
  private mutating func frame(_ bytes: UnsafeRawBufferPointer, at time: Timestamp) -> Bool {
    if framing != .document {
      if let lastFrameAt {
        longestGapNanoseconds = max(longestGapNanoseconds, time.unixNanoseconds &- lastFrameAt.unixNanoseconds)
      }
      lastFrameAt = time
    }
    var reader = JSONReader(bytes)
    guard reader.isObject || (bodyFormat == nil && reader.isArray) else {
      if framing == .eventStream, bytes.count >= 6, JSONScanner.equal(UnsafeRawBufferPointer(rebasing: bytes[..<6]), "[DONE]") {
        sawEnd = true
      } else if framing == .document || !bytes.isEmpty {
        isMalformed = true
      }
      return false
    }
    let before = textByteCount
    frameHasToken = false
    var isUsageOnly = false
    switch bodyFormat {
    case .openAIChat: isUsageOnly = readChat(&reader)
    case .openAIResponses: readResponses(&reader)
    case .openAIEmbeddings: readEmbeddings(&reader)
    case .anthropicMessages: readMessages(&reader)
    case .googleGenerate: readGenerated(&reader)
    case .googleEmbed, .vertexPredict: readGoogleVectors(&reader)
    case .anthropicTokenCount, .googleTokenCount: readTokenCount(&reader)
    case nil: readErrorDocument(&reader)
    }
    if reader.isMalformed || !reader.isAtEnd { isMalformed = true }
    if firstTokenAt == nil, framing != .document, textByteCount > before || frameHasToken { firstTokenAt = time }
    return isUsageOnly
  }

  /// Counts output that is no visible text: thoughts, arguments of tool calls. Its bytes are the base of an estimate too.
  mutating func appendHidden(_ byteCount: Int) {
    guard byteCount > 0 else { return }
    frameHasToken = true
    hiddenByteCount += byteCount
  }

  /// All bytes the model wrote, as far as they were sent.
  package var outputByteCount: Int { textByteCount + hiddenByteCount }

  /// Counts visible text, given as it stands between a JSON string's quotes, and keeps it while there is room.
  mutating func append(_ raw: UnsafeRawBufferPointer?) {
    guard let raw, !raw.isEmpty else { return }
    textByteCount += JSONText.unescapedByteCount(raw)
    if !isCaptureFull { capture(JSONText.unescape(raw)) }
  }

  private mutating func capture(_ addition: String) {
    let room = captureLimit - text.utf8.count
    if addition.utf8.count <= room {
      text += addition
      return
    }
    // Nothing is added after a cut: the text kept is a beginning of the text sent.
    isCaptureFull = true
    guard room > 0 else { return }
    var end = addition.utf8.index(addition.startIndex, offsetBy: room)
    // A character is kept whole or not at all.
    while end.samePosition(in: addition.unicodeScalars) == nil { end = addition.utf8.index(before: end) }
    text += addition[..<end]
  }

  /// An `error` member; `null` is none.
  mutating func readError(_ reader: inout JSONReader) {
    if reader.isObject || reader.isString { error = ProviderFailure(&reader) }
  }

  mutating func readResponseModel(_ reader: inout JSONReader) {
    if responseModel == nil { responseModel = reader.string() }
  }

  mutating func readTier(_ reader: inout JSONReader) {
    if let word = reader.rawString(), let tier = ServiceTier(vendorWord: word) { serviceTier = tier }
  }

  mutating func finished(_ reason: FinishReason) {
    finishReason = finishReason ?? reason
  }
}
