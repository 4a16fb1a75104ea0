// The passages that a context is made of, and the numbers that answers cite them by.

/// A passage begins after an empty line, or with `Passage 2:`, `Document 3` and the like at the start of a line.
struct EvidencePassages: Sendable {
  /// By sentence of the context.
  let ofSentence: ContiguousArray<Int32>
  let count: Int
  /// By a number's stem: the passage with that number, its own or else its place.
  private let byNumber: HashTable

  init(_ bytes: [UInt8], read: ReadText) {
    var ofSentence: ContiguousArray<Int32> = []
    ofSentence.reserveCapacity(read.sentences.count)
    var numbers = HashTable(minimumCapacity: 8)
    var count: Int32 = 0
    var end = 0
    for sentence in read.sentences {
      let first = read.words[sentence.words.lowerBound]
      var own: UInt32?
      if first.classes.contains(.source), sentence.words.count > 1 {
        let second = read.words[sentence.words.lowerBound + 1]
        if second.classes.contains(.number), second.start - first.end <= 2 { own = second.stem }
      } else if bytes[sentence.start] == UInt8(ascii: "["), first.classes.contains(.number),
        Int(first.start) == sentence.start + 1
      {
        own = first.stem
      }
      let lines = bytes[end..<sentence.start].reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
      if count == 0 || lines > 1 || (lines == 1 && own != nil) {
        numbers.set(own ?? TextHash.of(number: UInt64(count) + 1), count)
        count += 1
      }
      ofSentence.append(count - 1)
      end = sentence.end
    }
    self.ofSentence = ofSentence
    self.count = Int(count)
    byNumber = numbers
  }

  subscript(number: UInt32) -> Int? { byNumber[number].map { Int($0) } }
}
