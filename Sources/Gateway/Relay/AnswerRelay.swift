// A successful answer on its way to the client: passed on, stripped or translated, and metered.

import LLMTelemetry
import NIOCore
import Providers

final class AnswerRelay {
  let head: ResponseHead
  /// Nothing went to the client yet, since another target may still have to answer.
  private(set) var isHeld: Bool
  private(set) var hasBytes = false
  private var meter: ResponseMeter
  private var translator: AnswerTranslator?
  private let stripsUsage: Bool
  private let framing: ResponseFraming

  init(
    call: PreparedCall, head: ResponseHead, captureLimit: Int, isHeld: Bool, translatedModel: String, includesUsage: Bool,
    identity: SpanIdentity
  ) {
    self.head = head
    // A server that does not know streams answers with a document, whatever it was asked for.
    let isDocument = call.framing == .eventStream && head.headers.first("content-type")?.hasPrefix("application/json") == true
    framing = isDocument ? .document : call.framing
    stripsUsage = call.stripsUsage
    self.isHeld = isHeld || (call.translates && framing == .document)
    meter = ResponseMeter(bodyFormat: call.format, framing: framing, captureLimit: captureLimit)
    if call.translates {
      translator = AnswerTranslator(
        from: call.format, framing: framing, model: translatedModel, created: identity.start.unixSeconds,
        id: "chatcmpl-\(identity.spanID)", includesUsage: includesUsage)
    }
  }

  /// Whether a translated document is good shows only at its end, and its head waits for that.
  var waitsForEnd: Bool { translator != nil && framing == .document }
  /// The provider has said that its answer is whole.
  var isWhole: Bool { meter.sawEnd }
  var isEventStream: Bool { framing == .eventStream }
  /// The client gets the provider's bytes, and nothing else: its end need not wait for what is read in them.
  var passesUnchanged: Bool { translator == nil && !stripsUsage }
  var text: String { meter.text }
  /// A whole answer that ended by itself, and that is no call of a tool, which is to be made once: what may be given again.
  func mayBeRepeated(_ kind: SpanKind) -> Bool {
    head.status == 200 && meter.sawEnd && !meter.callsTool
      && (meter.finishReason == .stop || (meter.finishReason == nil && kind == .embedding))
  }
  /// An estimate while the answer runs: providers tell the true count at the end only.
  var outputTokensSoFar: Int { UsageEstimate.tokens(meter.outputByteCount) }

  func writeHead(to client: ClientHandler, facts: AdmittedFacts, asked: String, spanID: SpanID) {
    isHeld = false
    client.beginResponse(head, changesBody: stripsUsage || translator != nil, contentType: translator.map { _ in contentType }) {
      out in
      out.writeStaticString("x-commander-span-id: ")
      out.writeHexadecimal(spanID.bits)
      out.writeStaticString("\r\n")
      if let version = facts.resolvedPromptVersion { out.writeField("x-commander-prompt-version", version) }
      if let label = facts.resolvedPromptLabel { out.writeField("x-commander-prompt-label", label) }
      if let status = facts.cacheStatus { out.writeField("x-commander-cache", status) }
      if let model = facts.dimensions.model, model != asked { out.writeField("x-commander-model", model) }
    }
  }

  private var contentType: String { framing == .document ? "application/json" : "text/event-stream; charset=utf-8" }

  func relay(_ bytes: ByteBuffer, at time: Timestamp, to client: ClientHandler?) {
    hasBytes = true
    bytes.withUnsafeReadableBytes { raw in
      if translator != nil {
        meter.consume(raw, at: time, stripsUsage: false) { _ in }
        if let translated = translator?.consume(raw), !translated.isEmpty { client?.writeBody(ByteBuffer(bytes: translated)) }
      } else if stripsUsage {
        meter.consume(raw, at: time, stripsUsage: true) { client?.writeBody(ByteBuffer(bytes: $0)) }
      } else {
        // The one call is the whole chunk: pass the buffer on instead of copying it.
        meter.consume(raw, at: time, stripsUsage: false) { _ in client?.writeBody(bytes) }
      }
    }
  }

  /// The provider's answer ended. Returns false when what the client has is not whole and must not look so.
  func finish(at time: Timestamp, to client: ClientHandler?) -> Bool {
    let unfinished = meter.finish(at: time, stripsUsage: stripsUsage)
    if let rest = translator?.finish() {
      if !rest.isEmpty { client?.writeBody(ByteBuffer(bytes: rest)) }
      // A stream's error event is its end: the SDK raises on it.
      return translator.map { $0.isComplete || $0.hasFailed } ?? true
    }
    if let unfinished { client?.writeBody(ByteBuffer(bytes: unfinished)) }
    return true
  }

  /// The whole of a translated document, when the provider's answer ended; `nil` when it cannot be given.
  func finishDocument(at time: Timestamp) -> ByteBuffer? {
    _ = meter.finish(at: time, stripsUsage: false)
    guard let document = translator?.finish(), translator?.isComplete == true else { return nil }
    return ByteBuffer(bytes: document)
  }

  /// How the exchange ended, when its last byte came.
  var outcome: Outcome { Self.outcome(&meter, status: head.status, translator) }

  // The meter is handed on by reference: what asks it as a member of this object has it copied first, with all it holds.
  private static func outcome(_ meter: inout ResponseMeter, status: Int, _ translator: AnswerTranslator?) -> Outcome {
    if let error = meter.error {
      let errorClass = ErrorClassification.errorClass(status: status, failure: error) ?? .providerError
      return .failed(errorClass, message: error.message)
    }
    if let reason = meter.blockReason { return .failed(.blocked, message: "the prompt was blocked: \(reason)") }
    if let defect = meter.defect { return .failed(.providerError, message: defect) }
    if let translator, !translator.isComplete {
      return .failed(.providerError, message: "the provider's answer could not be translated")
    }
    if meter.finishReason == .contentFilter { return .failed(.blocked, message: "the answer was blocked by a safety filter") }
    return .ok
  }

  /// Puts what was metered on the span.
  func describe(_ span: inout LLMSpan, requestBytes: Int, answered: Bool) {
    Self.describe(&meter, &span, requestBytes: requestBytes, answered: answered)
  }

  private static func describe(_ meter: inout ResponseMeter, _ span: inout LLMSpan, requestBytes: Int, answered: Bool) {
    span.timeToFirstToken = meter.firstTokenAt.map { $0 - span.start }
    span.longestGap = meter.longestGap
    span.responseModel = meter.responseModel
    span.finishReason = meter.finishReason
    if let tier = meter.serviceTier { span.serviceTier = tier }
    span.usage = UsageEstimate.complete(
      meter.usage, kind: span.kind, answered: answered, isWhole: meter.sawEnd, requestBytes: requestBytes,
      answerBytes: meter.outputByteCount)
  }
}
