// Replaces what must not leave the process by a word for what it was: the one search every sink's text goes through.

/// E-mail addresses, payment cards, IBANs, US social security numbers, telephone numbers, IP addresses and credentials. Names and
/// postal addresses are not recognised: that takes a language model. Pure, and idempotent.
package enum Redactor {
  /// - Parameter onlyCredentials: leave everything but credentials.
  package static func redact(_ text: String, onlyCredentials: Bool = false) -> String {
    var text = text
    let redacted = text.withUTF8 { redact($0, onlyCredentials: onlyCredentials) }
    return redacted ?? text
  }

  /// `nil` when nothing was to be replaced.
  private static func redact(_ bytes: UnsafeBufferPointer<UInt8>, onlyCredentials: Bool) -> String? {
    guard let text = TextBytes(bytes) else { return nil }
    var result: [UInt8]?
    var copied = 0
    forEachMatch(in: text, onlyCredentials: onlyCredentials) { match in
      var output = result ?? []
      result = nil
      if output.isEmpty { output.reserveCapacity(bytes.count + 16) }
      output.append(contentsOf: bytes[copied..<match.from])
      output.append(UInt8(ascii: "["))
      output.append(contentsOf: match.kind.rawValue.utf8)
      output.append(UInt8(ascii: "]"))
      copied = match.end
      result = output
    }
    guard var output = result else { return nil }
    output.append(contentsOf: bytes[copied...])
    return String(decoding: output, as: UTF8.self)
  }

  /// What is in a text, in its order: for those who count kinds and not values.
  package static func kinds(in text: String) -> [SensitivePattern] {
    var text = text
    return text.withUTF8 { bytes in
      guard let text = TextBytes(bytes) else { return [] }
      var kinds: [SensitivePattern] = []
      forEachMatch(in: text, onlyCredentials: false) { kinds.append($0.kind) }
      return kinds
    }
  }

  @inline(__always)
  private static func forEachMatch(in text: TextBytes, onlyCredentials: Bool, _ body: (SensitivePattern.Match) -> Void) {
    ByteClass.withTable { table in
      var index = 0
      let count = text.count
      while index < count {
        let byte = text[index]
        let byteClass = table[Int(byte)]
        guard byteClass & ByteClass.begins != 0 else {
          index += 1
          continue
        }
        if let match = SensitivePattern.match(text, at: index, onlyCredentials: onlyCredentials) {
          body(match)
          index = match.end
          continue
        }
        index += 1
        // Inside a word nothing begins but after the letters of an escape, which `isValueStart` knows.
        if byteClass & (ByteClass.letter | ByteClass.digit) != 0, !text.hasEscape {
          while index < count, table[Int(text[index])] & (ByteClass.letter | ByteClass.digit) != 0 { index += 1 }
        }
      }
    }
  }
}
