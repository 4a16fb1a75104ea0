// Reads a streamed answer event by event and measures it: what both kinds of provider share.
import LLMTelemetry
import NIOCore
import Providers

/// The facts of a streamed answer while it comes: usage, end and errors by the meter that the gateway uses too.
struct StreamedAnswer {
  private var meter: ResponseMeter
  private var splitter = EventStreamSplitter(limit: ResponseMeter.frameLimit)
  private let began = ContinuousClock.now
  private var firstTokenAt: ContinuousClock.Instant?
  private var fits = true

  init(format: BodyFormat) { meter = ResponseMeter(bodyFormat: format, framing: .eventStream, captureLimit: 0) }

  /// The data of the events that `buffer` completes.
  mutating func events(in buffer: ByteBuffer) -> [[UInt8]] {
    var events: [[UInt8]] = []
    buffer.withUnsafeReadableBytes { bytes in
      meter.consume(bytes, at: .now(), stripsUsage: false, relay: { _ in })
      fits =
        splitter.consume(bytes) { event in EventStreamSplitter.withData(of: event) { events.append(Array($0)) } } && fits
    }
    if firstTokenAt == nil, meter.firstTokenAt != nil { firstTokenAt = .now }
    return events
  }

  /// What is left of the stream, completed; fills in the reply's facts or says why there is none.
  mutating func finish(into reply: inout GenerationReply, caller: ServiceCaller, answer: ServiceCaller.Answer) throws {
    _ = meter.finish(at: .now(), stripsUsage: false)
    reply.usage = meter.usage
    reply.finishReason = meter.finishReason
    reply.responseModel = meter.responseModel
    reply.gateway = answer.gateway
    reply.timeToFirstToken = firstTokenAt.map { $0 - began }
    reply.longestGap = meter.longestGap
    if let failure = meter.error {
      throw ModelCallError(
        errorClass: ErrorClassification.errorClass(status: answer.status, failure: failure) ?? .providerError,
        spanMessage: "\(caller.name) broke its answer off: \(failure.message)", httpStatus: answer.status, gateway: answer.gateway
      )
    }
    if let reason = meter.blockReason {
      throw ModelCallError(
        errorClass: .blocked, spanMessage: "\(caller.name) refused the prompt: \(reason)", httpStatus: answer.status,
        gateway: answer.gateway)
    }
    guard fits else { throw caller.unreadable("an event that is too large", answer) }
    if let defect = meter.defect { throw caller.unreadable("half an answer: \(defect)", answer) }
    if reply.finishReason == .contentFilter, reply.text.isEmpty {
      throw ModelCallError(
        errorClass: .blocked, spanMessage: "\(caller.name) withheld the answer", httpStatus: answer.status,
        gateway: answer.gateway)
    }
  }
}
