// Bytes from outside never trap: prefixes and seeded random damage of valid input, through every parser.

import LLMTelemetry
import Providers
import TestSeries
import Testing

@Suite struct MutationTests {
  static let inputs = [
    Recorded.chatRequest, Recorded.geminiRequest, Recorded.chatAnswer, Recorded.geminiAnswer, Recorded.chatStream,
    Recorded.geminiStream, Recorded.geminiArray,
  ].map { Array($0.utf8) }

  static let targets = ["/v1/chat/completions", "/v1/models/m:streamGenerateContent"].compactMap { RequestTarget(uri: $0) }

  /// Feeds everything to everything; in every framing the client must get the bytes as they came.
  static func parse(_ bytes: [UInt8], cut: Int) {
    _ = PromptText.evidence(inRequestBody: bytes)
    for target in targets {
      let facts = bytes.withUnsafeBytes { try? RequestFacts(body: $0, target: target) }
      guard let facts else { continue }
      var edits = [RequestRewriting.includeUsage(facts)]
      if let edit = RequestRewriting.replaceModel(facts, by: "other") { edits.append(edit) }
      _ = bytes.withUnsafeBytes { RequestRewriting.apply(edits, to: $0) }
    }
    for bodyFormat in BodyFormat.allCases {
      for framing in [ResponseFraming.document, .eventStream, .jsonArray] {
        var meter = ResponseMeter(bodyFormat: bodyFormat, framing: framing, captureLimit: 10)
        var relayed: [UInt8] = []
        for chunk in [bytes[..<cut], bytes[cut...]] {
          chunk.withUnsafeBytes {
            meter.consume($0, at: Timestamp(unixSeconds: 1), stripsUsage: false) { relayed.append(contentsOf: $0) }
          }
        }
        _ = meter.finish(at: Timestamp(unixSeconds: 2), stripsUsage: false)
        if relayed != bytes { Issue.record("\(framing) relayed other bytes") }
        _ = meter.usage.totalInput
        _ = ErrorClassification.errorClass(status: 400, failure: meter.error)
      }
    }
  }

  @Test func prefixes() {
    for input in Self.inputs {
      for count in 0...input.count {
        let prefix = Array(input.prefix(count))
        prefix.withUnsafeBytes { bytes in
          let scanner = JSONScanner(bytes)
          if let root = scanner.root { _ = scanner.end(of: root) }
        }
        if count % 7 == 0 { Self.parse(prefix, cut: count / 2) }
      }
    }
  }

  @Test func randomDamage() {
    var random = SplitMix(state: 20_261_124)
    let structure = Array("{}[]\",:\\u-9e.\n\r d\u{0}".utf8) + [0xff, 0xc3, 0x80]
    for _ in 0..<2000 {
      var bytes = Self.inputs.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        let byte = structure.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[position] = byte
        case 1: bytes.insert(byte, at: position)
        case 2: bytes.remove(at: position)
        case 3: bytes.removeSubrange(position..<min(bytes.count, position + 20))
        default: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + 20)], at: position)
        }
      }
      Self.parse(bytes, cut: Int.random(in: 0...bytes.count, using: &random))
    }
  }
}
