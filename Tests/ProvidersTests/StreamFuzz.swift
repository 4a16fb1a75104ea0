// Drives everything that reads bytes from outside with arbitrary bytes and checks what must hold of any: the entry of the
// coverage-guided fuzzer (`scripts/fuzz`) and of the seeded test beside it.

import LLMTelemetry
import Providers

/// One input is a selector byte, a cut byte and a payload. The same input always does the same.
package enum StreamFuzz {
  private static let framings: [ResponseFraming] = [.document, .eventStream, .jsonArray]
  private static let targets = [
    "/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages", "/v1/messages/count_tokens",
    "/v1/models/m:streamGenerateContent", "/v1/models/m:countTokens", "/v1/models/m:batchEmbedContents",
    "/v1/projects/p/locations/l/publishers/google/models/m:predict",
    "/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict",
  ].compactMap { RequestTarget(uri: $0) }

  /// The selector that feeds a payload to the meter of a format and framing.
  package static func selector(_ format: BodyFormat, _ framing: ResponseFraming) -> UInt8 {
    let index = BodyFormat.allCases.firstIndex(of: format) ?? 0
    return UInt8(index * framings.count + (framings.firstIndex(of: framing) ?? 0))
  }

  /// Runs one input. Returns what was broken, or `nil`.
  package static func run(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count >= 2 else { return nil }
    let selector = Int(bytes[0])
    let payload = UnsafeRawBufferPointer(rebasing: bytes[2...])
    let cut = payload.isEmpty ? 0 : Int(bytes[1]) * 7 % (payload.count + 1)
    let format = BodyFormat.allCases[selector / framings.count % BodyFormat.allCases.count]
    let framing = framings[selector % framings.count]
    return meters(payload, cut: cut, format, framing) ?? (framing == .document ? errors(payload) : nil) ?? request(
      payload, targets[selector % targets.count])
      ?? target(payload)
  }

  private static func meter(
    _ pieces: [UnsafeRawBufferPointer], _ format: BodyFormat, _ framing: ResponseFraming, strips: Bool, capture: Int
  ) -> (meter: ResponseMeter, relayed: [UInt8]) {
    var meter = ResponseMeter(bodyFormat: format, framing: framing, captureLimit: capture)
    var relayed: [UInt8] = []
    for (index, piece) in pieces.enumerated() {
      meter.consume(piece, at: Timestamp(unixSeconds: Int64(index)), stripsUsage: strips) { relayed.append(contentsOf: $0) }
    }
    if let rest = meter.finish(at: Timestamp(unixSeconds: 9), stripsUsage: strips) { relayed += rest }
    return (meter, relayed)
  }

  private static func meters(
    _ payload: UnsafeRawBufferPointer, cut: Int, _ format: BodyFormat, _ framing: ResponseFraming
  ) -> String? {
    let pieces = [UnsafeRawBufferPointer(rebasing: payload[..<cut]), UnsafeRawBufferPointer(rebasing: payload[cut...])]
    let (whole, relayed) = meter([payload], format, framing, strips: false, capture: 1000)
    let (parts, stripped) = meter(pieces, format, framing, strips: true, capture: 10)
    guard relayed.elementsEqual(payload) else { return "other bytes were relayed" }
    if framing != .eventStream || format != .openAIChat {
      guard stripped.elementsEqual(payload) else { return "something was withheld that is no usage chunk" }
    } else if stripped.count > payload.count {
      return "more was relayed than came"
    }
    guard
      whole.usage == parts.usage, whole.finishReason == parts.finishReason, whole.responseModel == parts.responseModel,
      whole.error == parts.error, whole.defect == parts.defect, whole.sawEnd == parts.sawEnd,
      whole.serviceTier == parts.serviceTier, whole.textByteCount == parts.textByteCount
    else { return "the facts depend on where the bytes are cut" }
    guard whole.text.utf8.starts(with: parts.text.utf8) else { return "what is captured is no beginning of the text" }
    let usage = whole.usage
    let buckets = [
      usage.input, usage.cacheRead, usage.cacheWrite, usage.cacheWriteHour, usage.inputAudio, usage.inputImage, usage.output,
      usage.reasoning, usage.outputAudio, usage.outputImage,
    ]
    guard buckets.allSatisfy({ $0 ?? 0 >= 0 }) else { return "a negative number of tokens" }
    _ = usage.totalInput
    _ = usage.totalOutput
    return nil
  }

  private static func errors(_ payload: UnsafeRawBufferPointer) -> String? {
    var meter = ResponseMeter(errorsOf: .openAI)
    meter.consume(payload, at: Timestamp(unixSeconds: 1), stripsUsage: false) { _ in }
    _ = meter.finish(at: Timestamp(unixSeconds: 1), stripsUsage: false)
    for status in [200, 400, 429] { _ = ErrorClassification.errorClass(status: status, failure: meter.error) }
    return meter.error.map(\.message.count) ?? 0 <= 300 ? nil : "a message without a limit"
  }

  private static func request(_ payload: UnsafeRawBufferPointer, _ target: RequestTarget) -> String? {
    _ = PromptText.evidence(inRequestBody: Array(payload))
    guard let facts = try? RequestFacts(body: payload, target: target) else { return nil }
    var edits: [BodyEdit] = []
    let isChat = target.bodyFormat == .openAIChat
    if isChat { edits.append(RequestRewriting.includeUsage(facts)) }
    if let edit = RequestRewriting.replaceModel(facts, by: "other\n") { edits.append(edit) }
    let system =
      facts.hasSystemInstruction ? nil : RequestRewriting.systemInstruction(facts, text: "S", bodyFormat: target.bodyFormat)
    if let system { edits.append(system) }
    let edited = RequestRewriting.apply(edits, to: payload)
    guard let again = edited.withUnsafeBytes({ try? RequestFacts(body: $0, target: target) }) else {
      return "an edited body cannot be read"
    }
    guard again.includesUsage || !isChat else { return "usage was not asked for" }
    guard again.model == (facts.modelValue == nil ? nil : "other\n") else { return "the model was not replaced" }
    guard system == nil || again.hasSystemInstruction else { return "the system instruction is not there" }
    guard again.streams == facts.streams, again.maximumOutputTokens == facts.maximumOutputTokens, again.labels == facts.labels
    else { return "an edit changed something else" }
    return nil
  }

  private static func target(_ payload: UnsafeRawBufferPointer) -> String? {
    let text = String(decoding: payload.prefix(80), as: UTF8.self)
    for uri in [text, "/v1/models/\(text):generateContent"] {
      guard let target = RequestTarget(uri: uri) else { continue }
      guard target.uri.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { return "a request line could be broken" }
      guard let again = RequestTarget(uri: target.uri), again.uri == target.uri, again.model == target.model else {
        return "a path that was written is read as another"
      }
      var moved = target
      moved.model = "x" + (target.model ?? "")
      if target.model != nil, RequestTarget(uri: moved.uri)?.model != moved.model { return "a name changed the path around it" }
    }
    return nil
  }
}
