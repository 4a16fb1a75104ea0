// Bytes from outside never trap: prefixes and seeded random damage of valid input, through every parser.

import LLMTelemetry
import Providers
import TestSeries
import Testing

@Suite struct MutationTests {
  /// Valid inputs, each with the selector of what should read it.
  static let inputs: [[UInt8]] =
    [
      (.openAIChat, .document, Recorded.chatAnswer), (.googleGenerate, .document, Recorded.geminiAnswer),
      (.openAIChat, .eventStream, Recorded.chatStream), (.googleGenerate, .eventStream, Recorded.geminiStream),
      (.googleGenerate, .jsonArray, Recorded.geminiArray), (.openAIChat, .document, Recorded.chatRequest),
      (.googleGenerate, .document, Recorded.geminiRequest), (.openAIEmbeddings, .document, Recorded.embeddings),
      (.vertexPredict, .document, Recorded.predictions), (.anthropicMessages, .document, Recorded.messagesRequest),
      (.openAIResponses, .document, Recorded.responsesRequest), (.googleGenerate, .document, Recorded.googleError),
    ].map { (format: BodyFormat, framing: ResponseFraming, text: String) in
      [StreamFuzz.selector(format, framing), 0] + Array(text.utf8)
    } + FormatTests.answers.map { [StreamFuzz.selector($0.format, .eventStream), 0] + Array($0.stream.utf8) }

  static func run(_ input: [UInt8]) {
    guard let broken = input.withUnsafeBytes(StreamFuzz.run) else { return }
    Issue.record("\(broken): selector \(input[0]), cut \(input[1]), \(String(decoding: input.dropFirst(2), as: UTF8.self))")
  }

  @Test func prefixes() {
    for input in Self.inputs {
      for count in 0...input.count {
        let prefix = Array(input.prefix(count))
        prefix.withUnsafeBytes { bytes in
          let scanner = JSONScanner(bytes)
          if let root = scanner.root { _ = scanner.end(of: root) }
        }
        if count % 7 == 0 { Self.run(prefix) }
      }
    }
  }

  @Test func randomDamage() {
    var random = SplitMix(state: 20_261_124)
    let structure = Array("{}[]\",:\\u-9e.\n\r d\u{0}%/?&=".utf8) + [0xff, 0xc3, 0x80]
    for _ in 0..<20_000 {
      var bytes = Self.inputs.randomElement(using: &random) ?? [0, 0]
      // Mostly the reader it is meant for, at times another.
      if Int.random(in: 0..<8, using: &random) == 0 { bytes[0] = UInt8.random(in: 0...255, using: &random) }
      bytes[1] = UInt8.random(in: 0...255, using: &random)
      for _ in 0..<Int.random(in: 1...6, using: &random) where bytes.count > 2 {
        let position = Int.random(in: 2..<bytes.count, using: &random)
        let byte = structure.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[position] = byte
        case 1: bytes.insert(byte, at: position)
        case 2: bytes.remove(at: position)
        case 3: bytes.removeSubrange(position..<min(bytes.count, position + 20))
        case 4: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + 20)], at: position)
        default: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
      }
      Self.run(bytes)
    }
  }
}
