// Answers a question with the sentences of the documents that match it best: a grounded answer by construction.

enum ExtractiveReader {
  /// At most two sentences, the best first, each with the number of its document: `Orders leave within a day [2].`
  static func answer(to question: String, from documents: [PromptDocument]) -> [String] {
    let wanted = Set(words(of: question))
    var candidates: [(sentence: String, label: String, words: Set<String>)] = []
    var documentCounts: [String: Int] = [:]
    for document in documents {
      for word in Set(words(of: document.text)) { documentCounts[word, default: 0] += 1 }
      for sentence in sentences(of: document.text) {
        candidates.append((sentence, document.label, Set(words(of: sentence))))
      }
    }
    // A word that every document has tells little about which sentence answers.
    func score(_ candidate: (sentence: String, label: String, words: Set<String>)) -> Double {
      let common = candidate.words.intersection(wanted)
      let weight = common.reduce(0.0) { $0 + 1 / Double(documentCounts[$1, default: 1]) }
      return weight / (1 + 0.02 * Double(candidate.words.count))
    }
    let ranked = candidates.map { (candidate: $0, score: score($0)) }.filter { $0.score > 0 }
      .enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
    guard let best = ranked.first else { return ["The documents do not say."] }
    return ranked.prefix(2).filter { $0.score >= best.score * 0.6 }.map { cited($0.candidate.sentence, $0.candidate.label) }
  }

  private static func cited(_ sentence: String, _ label: String) -> String {
    var sentence = sentence
    let end = sentence.last.flatMap { ".!?".contains($0) ? $0 : nil }
    if end != nil { sentence.removeLast() }
    return "\(sentence) [\(label)]\(end ?? ".")"
  }

  static func sentences(of text: String) -> [String] {
    var sentences: [String] = []
    for line in text.split(separator: "\n") where line.first != "#" {
      var current = ""
      var previous: Character = " "
      for character in line {
        if character == " ", ".!?".contains(previous) {
          sentences.append(current)
          current = ""
        } else {
          current.append(character)
        }
        previous = character
      }
      sentences.append(current)
    }
    // Headings and list marks are not sentences.
    return sentences.map { String($0.trimmedOfSpace) }.filter { $0.split(separator: " ").count >= 4 }
  }

  static func words(of text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(stem).filter { $0.count > 1 && !stopWords.contains($0) }
  }

  private static func stem(_ word: Substring) -> String {
    for suffix in ["ing", "ed", "es", "s"] where word.count > suffix.count + 3 && word.hasSuffix(suffix) {
      return String(word.dropLast(suffix.count))
    }
    return String(word)
  }

  private static let stopWords: Set<String> = [
    "the", "a", "an", "is", "are", "was", "be", "to", "of", "in", "on", "for", "and", "or", "do", "does", "how", "what", "when",
    "which",
    "who", "why", "can", "my", "me", "we", "you", "your", "our", "it", "its", "if", "with", "at", "by", "from", "long", "much",
    "many",
    "that", "this", "there", "have", "has", "will",
  ]
}
