// A text that was cut at a limit loses its last word: half a secret has no shape by which it could be recognised.

package enum CutText {
  /// Bytes of a word that are looked for at most; longer "words" are data, which is dropped to there.
  private static let longestWord = 4096

  /// What stands before the last white space; nothing of a text without one.
  package static func withoutLastWord(_ text: String) -> String {
    let bytes = text.utf8
    var end = bytes.endIndex
    var count = 0
    while end > bytes.startIndex, count < longestWord {
      let before = bytes.index(before: end)
      if bytes[before] <= 0x20 { return String(text[..<before]) }
      end = before
      count += 1
    }
    // Not in the middle of a character.
    while end > bytes.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = bytes.index(before: end) }
    return String(text[..<end])
  }

  /// The same for a text that may have been cut: one of about `limit` bytes.
  package static func whole(_ text: String, limit: Int) -> String {
    // A cut falls between two characters, so up to three bytes before the limit.
    text.utf8.count > limit - 4 ? withoutLastWord(text) : text
  }
}
