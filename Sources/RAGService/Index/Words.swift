// The words of a text as searching compares them: small letters, without common words, without the commonest endings.

enum Words {
  static func terms(of text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.filter { $0.count > 1 && !stopWords.contains(String($0)) }.map {
      word in
      for suffix in ["ing", "ed", "es", "s"] where word.count > suffix.count + 3 && word.hasSuffix(suffix) {
        return String(word.dropLast(suffix.count))
      }
      return String(word)
    }
  }

  static let stopWords: Set<String> = [
    "about", "an", "and", "are", "as", "at", "be", "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have",
    "how", "if", "in", "into", "is", "it", "its", "long", "many", "may", "me", "much", "my", "of", "on", "or", "our", "please",
    "should", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "us", "was", "we", "were",
    "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
  ]
}
