// Which stems a text has and in how many of its sentences: what every scorer that compares sentences begins with.

/// Stems are numbered as they come, so that what is known of one stands in an array and not in a table.
package struct StemIndex: Sendable {
  let read: ReadText
  /// By stem: its number.
  let numbers: HashTable
  /// By word: the number of its stem; -1 for words without content.
  let numberOfWord: ContiguousArray<Int32>
  /// By number: how many sentences have the stem.
  let spread: ContiguousArray<Int32>
  let contentCount: Int

  init(_ read: ReadText) {
    self.read = read
    let count = read.words.count
    var numbers = HashTable(minimumCapacity: count / 2)
    var spread: ContiguousArray<Int32> = []
    spread.reserveCapacity(count / 2)
    // By number: the last sentence that has it.
    var last: ContiguousArray<Int32> = []
    last.reserveCapacity(count / 2)
    var contentCount = 0
    numberOfWord = ContiguousArray(unsafeUninitializedCapacity: count) { numberOfWord, initialized in
      numberOfWord.initialize(repeating: -1)
      for sentence in read.sentences.indices {
        for index in read.sentences[sentence].words where read.words[index].isContent {
          contentCount += 1
          let number = Int(numbers.setIfAbsent(read.words[index].stem, Int32(spread.count)) ?? Int32(spread.count))
          numberOfWord[index] = Int32(number)
          if number == spread.count {
            spread.append(1)
            last.append(Int32(sentence))
          } else if last[number] != Int32(sentence) {
            spread[number] += 1
            last[number] = Int32(sentence)
          }
        }
      }
      initialized = count
    }
    self.numbers = numbers
    self.spread = spread
    self.contentCount = contentCount
  }
}
