// Reads usage, finish reason, text and timing out of an answer while it is relayed.

import LLMTelemetry

/// Meters one answer. Feed it the bytes in order with their arrival times; read the facts when the answer ended, however it ended.
package struct ResponseMeter: Sendable {
  package private(set) var usage = TokenUsage()
  package private(set) var finishReason: FinishReason?
  /// The model the provider says answered.
  package private(set) var responseModel: String?
  /// The visible text so far, up to the capture limit.
  package private(set) var text = ""
  /// Bytes of visible text, not limited by capture: the base of an estimate when no usage came.
  package private(set) var textByteCount = 0
  package private(set) var firstTokenAt: Timestamp?
  package private(set) var longestGap: Duration?
  /// An error the provider reported in the body, as one line.
  package private(set) var error: ProviderFailure?
  /// The safety filter refused the prompt: Google answers 200 without candidates.
  package private(set) var blockReason: String?
  /// A frame was too large to be metered; facts are incomplete from there on.
  package private(set) var overflowed = false
  /// The last frame that says the answer is whole was seen: `[DONE]`, or a finish reason.
  package private(set) var sawEnd = false
  /// A document, an event or an element was not a whole JSON object: the client's SDK fails on it.
  package private(set) var isMalformed = false

  private let wireProtocol: WireProtocol
  private let framing: ResponseFraming
  private let captureLimit: Int
  private var events: EventStreamSplitter
  private var elements: JSONArraySplitter
  private var document: [UInt8] = []
  private var lastEventAt: Timestamp?

  /// Bytes one frame (a document, an event, an element) may have to be metered; relaying has no such limit.
  package static let frameLimit = 16 << 20

  /// - Parameter captureLimit: bytes of visible text to keep for scoring; 0 keeps none.
  package init(wireProtocol: WireProtocol, framing: ResponseFraming, captureLimit: Int) {
    self.wireProtocol = wireProtocol
    self.framing = framing
    self.captureLimit = captureLimit
    events = EventStreamSplitter(limit: Self.frameLimit)
    elements = JSONArraySplitter(limit: Self.frameLimit)
  }

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
      if document.count + chunk.count > Self.frameLimit { overflowed = true } else { document.append(contentsOf: chunk) }
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
      if let lastEventAt {
        let gap = time - lastEventAt
        longestGap = max(longestGap ?? .zero, gap)
      }
      lastEventAt = time
    }
    let scanner = JSONScanner(bytes)
    guard let root = scanner.root, scanner.isObject(root) else {
      if framing == .eventStream, bytes.starts(with: "[DONE]".utf8) {
        sawEnd = true
      } else if framing == .document || !bytes.isEmpty {
        isMalformed = true
      }
      return false
    }
    let before = textByteCount
    var hasToken = false
    let isUsageOnly: Bool
    switch wireProtocol {
    case .openAI: isUsageOnly = openAIFrame(scanner, root, &hasToken)
    case .gemini, .vertex:
      googleFrame(scanner, root, &hasToken)
      isUsageOnly = false
    }
    if textByteCount > before || hasToken, firstTokenAt == nil, framing != .document { firstTokenAt = time }
    return isUsageOnly
  }

  private mutating func openAIFrame(_ scanner: JSONScanner, _ root: Int, _ hasToken: inout Bool) -> Bool {
    var hasChoices = false
    var hasUsage = false
    let isWhole = scanner.forEachMember(of: root) { key, value in
      if JSONScanner.equal(key, "choices") {
        scanner.forEachElement(of: value) { choice in
          hasChoices = true
          scanner.forEachMember(of: choice) { key, value in
            if JSONScanner.equal(key, "delta") || JSONScanner.equal(key, "message") {
              append(scanner.string(scanner.member("content", of: value)))
              hasToken = hasToken || scanner.firstElement(of: scanner.member("tool_calls", of: value)) != nil
            } else if JSONScanner.equal(key, "finish_reason"), let reason = scanner.string(value) {
              finishReason = finishReason ?? Self.openAIFinishReason(reason)
              sawEnd = true
            }
            return true
          }
          return true
        }
      } else if JSONScanner.equal(key, "usage"), scanner.isObject(value) {
        hasUsage = true
        usage = Self.openAIUsage(scanner, value)
      } else if JSONScanner.equal(key, "model"), responseModel == nil {
        responseModel = scanner.string(value)
      } else if JSONScanner.equal(key, "error"), scanner.isObject(value) {
        error = ProviderFailure(openAI: scanner, value)
      }
      return true
    }
    isMalformed = isMalformed || !isWhole
    return hasUsage && !hasChoices
  }

  private mutating func googleFrame(_ scanner: JSONScanner, _ root: Int, _ hasToken: inout Bool) {
    let isWhole = scanner.forEachMember(of: root) { key, value in
      if JSONScanner.equal(key, "candidates") {
        scanner.forEachElement(of: value) { candidate in
          if let parts = scanner.member("parts", of: scanner.member("content", of: candidate)) {
            scanner.forEachElement(of: parts) { part in
              if scanner.boolean(scanner.member("thought", of: part)) != true {
                append(scanner.string(scanner.member("text", of: part)))
              }
              hasToken = hasToken || scanner.member("functionCall", of: part) != nil
              return true
            }
          }
          if let reason = scanner.string(scanner.member("finishReason", of: candidate)) {
            finishReason = finishReason ?? Self.googleFinishReason(reason)
            sawEnd = true
          }
          return true
        }
      } else if JSONScanner.equal(key, "usageMetadata") {
        usage = Self.googleUsage(scanner, value)
      } else if JSONScanner.equal(key, "modelVersion"), responseModel == nil {
        responseModel = scanner.string(value)
      } else if JSONScanner.equal(key, "promptFeedback") {
        blockReason = scanner.string(scanner.member("blockReason", of: value))
        sawEnd = sawEnd || blockReason != nil
      } else if JSONScanner.equal(key, "error"), scanner.isObject(value) {
        error = ProviderFailure(google: scanner, value)
      }
      return true
    }
    isMalformed = isMalformed || !isWhole
  }

  private mutating func append(_ addition: String?) {
    guard let addition, !addition.isEmpty else { return }
    textByteCount += addition.utf8.count
    let room = captureLimit - text.utf8.count
    guard room > 0 else { return }
    if addition.utf8.count <= room {
      text += addition
    } else {
      var end = addition.utf8.index(addition.startIndex, offsetBy: room)
      // A character is kept whole or not at all.
      while end.samePosition(in: addition.unicodeScalars) == nil { end = addition.utf8.index(before: end) }
      text += addition[..<end]
    }
  }
}
