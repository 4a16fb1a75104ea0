// Which language a text is in: by its script, and among languages that share one by their letters' trigrams.

package struct LanguageGuess: Sendable, Equatable {
  /// ISO 639-1.
  package var language: String
  /// How far it is ahead of the next, 0 to 1.
  package var confidence: Double

  /// Letters that are looked at.
  private static let limit = 160

  /// Nil when there are too few letters, or none of a script that is known.
  package static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> LanguageGuess? {
    var counts = ScriptCounts()
    var letters: [UInt32] = [32]
    letters.reserveCapacity(limit + 8)
    var index = 0
    var isCode = 0
    while index < bytes.count, counts.letters < limit {
      let byte = bytes[index]
      var scalar = UInt32(byte)
      if byte < 0x80 {
        index += 1
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "=") { isCode += 1 }
        if byte >= 65, byte <= 90 { scalar += 32 } else if !(byte >= 97 && byte <= 122) { scalar = 32 }
      } else {
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
        scalar = length == 1 ? 0xFFFD : UInt32(byte) & (0x7F >> UInt32(length))
        for offset in 1..<max(2, length) where length > 1 {
          guard index + offset < bytes.count else { break }
          scalar = scalar << 6 | UInt32(bytes[index + offset] & 0x3F)
        }
        index += length
        scalar = lowercased(scalar)
        if (0x2000...0x206F).contains(scalar) || (0xA0...0xBF).contains(scalar) || (0x3000...0x303F).contains(scalar) {
          scalar = 32
        }
      }
      if scalar == 32, letters.last == 32 { continue }
      letters.append(scalar)
      counts.add(scalar)
    }
    guard counts.letters >= 4, isCode * 12 < counts.letters else { return nil }
    if let only = counts.onlyLanguage { return LanguageGuess(language: only, confidence: 1) }
    guard let candidates = counts.candidates else { return nil }
    return LanguageProfiles.shared.best(letters, among: candidates)
  }

  package static func of(_ text: String) -> LanguageGuess? { Array(text.utf8).withUnsafeBufferPointer { of($0) } }

  private static func lowercased(_ scalar: UInt32) -> UInt32 {
    switch scalar {
    case 0xC0...0xDE where scalar != 0xD7: scalar + 32
    case 0x100...0x17F where scalar != 0x130 && scalar != 0x131: isOddUpper(scalar) ? scalar : scalar | 1
    case 0x130: 0x69
    case 0x391...0x3A9: scalar + 32
    case 0x410...0x42F: scalar + 32
    case 0x400...0x40F: scalar + 80
    case 0x1EA0...0x1EF9: scalar | 1
    default: scalar
    }
  }

  /// Where capital letters have odd numbers.
  private static func isOddUpper(_ scalar: UInt32) -> Bool {
    (0x139...0x148).contains(scalar) || (0x179...0x17E).contains(scalar)
  }
}

/// How many letters of each script a text has.
private struct ScriptCounts {
  var letters = 0
  private var latin = 0, cyrillic = 0, arabic = 0, devanagari = 0, han = 0, kana = 0, hangul = 0
  private var single: [String: Int] = [:]

  mutating func add(_ scalar: UInt32) {
    guard scalar > 0x40 else { return }
    letters += 1
    switch scalar {
    case 0x61...0x7A, 0xDF...0x24F, 0x1E00...0x1EFF: latin += 1
    case 0x400...0x52F: cyrillic += 1
    case 0x600...0x6FF, 0x750...0x77F, 0xFB50...0xFDFF, 0xFE70...0xFEFF: arabic += 1
    case 0x900...0x97F: devanagari += 1
    case 0x3040...0x30FF: kana += 1
    case 0x4E00...0x9FFF, 0x3400...0x4DBF: han += 1
    case 0xAC00...0xD7AF, 0x1100...0x11FF: hangul += 1
    default:
      if let language = Self.languages.first(where: { $0.0.contains(scalar) })?.1 { single[language, default: 0] += 1 }
    }
  }

  private static let languages: [(ClosedRange<UInt32>, String)] = [
    (0x370...0x3FF, "el"), (0x590...0x5FF, "he"), (0xE00...0xE7F, "th"), (0x980...0x9FF, "bn"), (0xA00...0xA7F, "pa"),
    (0xA80...0xAFF, "gu"), (0xB80...0xBFF, "ta"), (0xC00...0xC7F, "te"), (0xC80...0xCFF, "kn"), (0xD00...0xD7F, "ml"),
    (0x10A0...0x10FF, "ka"), (0x530...0x58F, "hy"), (0x1200...0x137F, "am"), (0x1780...0x17FF, "km"), (0xE80...0xEFF, "lo"),
    (0x1000...0x109F, "my"), (0xD80...0xDFF, "si"),
  ]

  var onlyLanguage: String? {
    let half = letters / 2
    if kana * 5 > letters { return "ja" }
    if hangul > half { return "ko" }
    // A Chinese sentence has fewer letters than its translation, so a third is enough.
    if han * 3 > letters, kana == 0 { return "zh" }
    if han + kana > half { return kana > 0 ? "ja" : "zh" }
    return single.max { $0.value < $1.value }.flatMap { $0.value > half ? $0.key : nil }
  }

  var candidates: Range<Int>? {
    let most = max(latin, cyrillic, arabic, devanagari)
    guard most * 2 > letters, letters >= 8 else { return nil }
    if most == latin { return LanguageProfiles.latin }
    if most == cyrillic { return LanguageProfiles.cyrillic }
    return most == arabic ? LanguageProfiles.arabic : LanguageProfiles.devanagari
  }
}

/// How frequent the letters' n-grams are in each language.
struct LanguageProfiles: Sendable {
  static let all = [
    "en", "de", "fr", "es", "it", "pt", "nl", "ro", "tr", "vi", "pl", "cs", "sv", "da", "no", "fi", "hu", "id", "hr", "sk", "ca",
    "ru",
    "uk", "bg", "mk", "ar", "fa", "ur", "hi", "mr", "ne",
  ]
  /// The places of the languages of a script.
  static let latin = 0..<21
  static let cyrillic = 21..<25
  static let arabic = 25..<28
  static let devanagari = 28..<31
  private static let lanes = 32

  /// Row by n-gram; a row has a byte for each language.
  private let rows: HashTable
  private let levels: ContiguousArray<UInt8>

  static let shared = LanguageProfiles(ModelText.bytes(LanguageProfileNumbers.text))

  /// For each script: the number of languages, the number of n-grams, and for each its 32-bit hash and a level by language.
  init(_ bytes: [UInt8]) {
    var cursor = ByteCursor(bytes)
    var rows = HashTable(minimumCapacity: 4096)
    var levels: ContiguousArray<UInt8> = []
    var first = 0
    while !cursor.isAtEnd, !cursor.isExhausted, first < Self.all.count {
      let languages = cursor.int()
      let count = cursor.int()
      guard languages > 0, first + languages <= Self.all.count, count < 100_000 else { break }
      for _ in 0..<count {
        let hash = UInt32(truncatingIfNeeded: cursor.int())
        let row: Int
        if let known = rows[hash] {
          row = Int(known)
        } else {
          row = levels.count / Self.lanes
          rows.set(hash, Int32(row))
          levels.append(contentsOf: repeatElement(0, count: Self.lanes))
        }
        for language in 0..<languages { levels[row * Self.lanes + first + language] = cursor.byte() }
      }
      first += languages
    }
    self.rows = rows
    self.levels = levels
  }

  private static let prime: UInt32 = 0x0100_0193
  private static func seed(_ length: UInt32) -> UInt32 { TextHash.start ^ length }

  @inline(__always)
  private func add(_ row: Int32, _ base: UnsafeRawPointer, _ sums: inout SIMD32<UInt16>, _ grams: inout UInt16) {
    sums &+= SIMD32<UInt16>(truncatingIfNeeded: base.loadUnaligned(fromByteOffset: Int(row) * Self.lanes, as: SIMD32<UInt8>.self))
    grams += 1
  }

  func best(_ letters: [UInt32], among candidates: Range<Int>) -> LanguageGuess? {
    var sums = SIMD32<UInt16>(repeating: 0)
    var grams: UInt16 = 0
    levels.withUnsafeBufferPointer { levels in
      guard let base = UnsafeRawPointer(levels.baseAddress) else { return }
      var before: (UInt32, UInt32) = (32, 32)
      for letter in letters {
        let one = (Self.seed(1) ^ letter) &* Self.prime
        let two = ((Self.seed(2) ^ before.1) &* Self.prime ^ letter) &* Self.prime
        let three = (((Self.seed(3) ^ before.0) &* Self.prime ^ before.1) &* Self.prime ^ letter) &* Self.prime
        if letter != 32, let row = rows[one] { add(row, base, &sums, &grams) }
        if let row = rows[two] { add(row, base, &sums, &grams) }
        if let row = rows[three] { add(row, base, &sums, &grams) }
        before = (before.1, letter)
      }
    }
    guard grams >= 6 else { return nil }
    var first = (place: -1, sum: 0)
    var second = 0
    for place in candidates {
      let sum = Int(sums[place])
      if sum > first.sum {
        second = first.sum
        first = (place, sum)
      } else {
        second = max(second, sum)
      }
    }
    guard first.place >= 0 else { return nil }
    return LanguageGuess(language: Self.all[first.place], confidence: min(1, Double(first.sum - second) / Double(first.sum) * 6))
  }
}
