// What a judge said, read out of whatever it wrote.

import LLMTelemetry

package struct JudgeVerdict: Hashable, Sendable {
  /// 0 to 1, as the scorer's own score.
  package var score: Double
  /// One line; empty when it gave none.
  package var reason: String

  package static let reasonLimit = 300

  package init(score: Double, reason: String) {
    self.score = score
    self.reason = reason
  }

  /// Reads the object that was asked for, also from within a fence or a sentence. `nil` when there is none, when its score is missing or
  /// no number from 0 to 1, and when two objects say different things: a guess would be a verdict that nobody gave.
  package init?(answer: String) {
    var found: JudgeVerdict?
    for object in Self.objects(in: Array(answer.utf8)) {
      guard let score = Self.score(object["score"]) else {
        if object["score"] != nil { return nil }
        continue
      }
      if let found, found.score != score { return nil }
      found = JudgeVerdict(score: score, reason: Self.line(object["reason"]?.string ?? ""))
    }
    guard let found else { return nil }
    self = found
  }

  private static func score(_ value: JSONText?) -> Double? {
    guard let number = value?.double ?? value?.string.flatMap(Double.init), (0...1).contains(number) else { return nil }
    return number
  }

  /// Without controls and line ends, and not long.
  private static func line(_ text: String) -> String {
    let words = text.split { $0.isWhitespace || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } }
    return String(words.joined(separator: " ").prefix(reasonLimit))
  }

  /// Answers are short; a long one is no verdict and costs no more than this to read.
  private static let byteLimit = 16 << 10

  /// The JSON objects in a text, from the outside in its order.
  private static func objects(in text: [UInt8]) -> [JSONText] {
    let text = text.prefix(byteLimit)
    var objects: [JSONText] = []
    var place = text.startIndex
    while let start = text[place...].firstIndex(of: UInt8(ascii: "{")) {
      if let end = end(ofObjectAt: start, in: text), let object = try? JSONText.read(text[start..<end]) {
        objects.append(object)
        place = end
      } else {
        place = start + 1
      }
    }
    return objects
  }

  /// Behind the brace that closes the one at `start`; braces within strings do not count.
  private static func end(ofObjectAt start: Int, in text: ArraySlice<UInt8>) -> Int? {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for index in start..<text.endIndex {
      let byte = text[index]
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
    }
    return nil
  }
}
