// Numbers that are somebody's: cards by issuer and checksum, social security numbers by their ranges, telephone numbers by form.

enum NumberScanner {
  /// Digits with the signs between them, as one would write a card or a telephone number.
  private struct Run {
    var end: Int
    var digits: [UInt8]
    /// The lengths of the groups of digits, and what stands between them.
    var groups: [Int]
    var separators: [UInt8]
    var hasPlus: Bool
    var hasParenthesis: Bool
  }

  static func finding(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> SensitiveFinding? {
    // Money, a decimal and the tail of another number are nobody's.
    if start > 0 {
      let before = bytes[start - 1]
      if before == UInt8(ascii: "$") || before == UInt8(ascii: "#") || before == UInt8(ascii: "=") || before == UInt8(ascii: "/")
      {
        return nil
      }
      if before == UInt8(ascii: ".") || before == UInt8(ascii: "-") || before == UInt8(ascii: ",") || before == UInt8(ascii: ":"),
        start > 1,
        SensitiveScanner.isWord(bytes[start - 2])
      {
        // `Phone:078…` and `Office\,07700…` are fine; `3.14` and `2020-01-02` are not.
        if SensitiveScanner.isDigit(bytes[start - 2]) || before == UInt8(ascii: ".") || before == UInt8(ascii: "-") { return nil }
      }
      if before == 0xA3 || before == 0xAC { return nil }
    }
    if SensitiveScanner.isDigit(bytes[start]) {
      if let range = AddressScanner.fourth(bytes, from: start) {
        return SensitiveFinding(kind: .ip, range: range, confidence: 0.95)
      }
      if let range = AddressScanner.sixth(bytes, from: start) {
        return SensitiveFinding(kind: .ip, range: range, confidence: 0.95)
      }
      if let range = ssn(bytes, from: start) { return SensitiveFinding(kind: .ssn, range: range, confidence: 1) }
    }
    guard hasDigits(bytes, from: start), let run = read(bytes, from: start) else { return nil }
    if !run.hasPlus, !run.hasParenthesis, isCard(run) {
      return SensitiveFinding(kind: .card, range: start..<run.end, confidence: 1)
    }
    guard let confidence = phone(run, bytes, start: start) else { return nil }
    return SensitiveFinding(kind: .phone, range: start..<extended(bytes, run.end), confidence: confidence)
  }

  /// Whether as many digits as the shortest number has come before anything that no number has: most numbers in a text are short.
  private static func hasDigits(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
    var index = start
    var digits = 0
    while index < bytes.count, digits < 7 {
      let byte = bytes[index]
      if SensitiveScanner.isDigit(byte) {
        digits += 1
      } else if byte != 32, !(UInt8(ascii: "(")...UInt8(ascii: ".")).contains(byte) {
        return false
      }
      index += 1
    }
    return digits >= 7
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Run? {
    var run = Run(end: start, digits: [], groups: [], separators: [], hasPlus: false, hasParenthesis: false)
    var index = start
    if bytes[index] == UInt8(ascii: "+") {
      run.hasPlus = true
      index += 1
    }
    if index < bytes.count, bytes[index] == UInt8(ascii: "(") {
      run.hasParenthesis = true
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") {
        run.hasPlus = true
        index += 1
      }
    }
    var group = 0
    var closed = !run.hasParenthesis
    while index < bytes.count, run.digits.count < 24 {
      let byte = bytes[index]
      if SensitiveScanner.isDigit(byte) {
        run.digits.append(byte - 48)
        group += 1
        index += 1
        run.end = index
        continue
      }
      guard group > 0 else { break }
      var next = index
      var separator = byte
      if byte == UInt8(ascii: ")"), !closed {
        closed = true
        next += 1
        if next < bytes.count, bytes[next] == 32 || bytes[next] == UInt8(ascii: "-") { next += 1 }
      } else if byte == 32 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") {
        next += 1
        // ` (0)` and ` (555) ` within a number.
        if next < bytes.count, bytes[next] == UInt8(ascii: "("), next + 1 < bytes.count, SensitiveScanner.isDigit(bytes[next + 1])
        {
          run.hasParenthesis = true
          closed = false
          separator = UInt8(ascii: "(")
          next += 1
        }
      } else if byte == UInt8(ascii: "("), run.hasPlus {
        run.hasParenthesis = true
        closed = false
        next += 1
      } else {
        break
      }
      guard next < bytes.count, SensitiveScanner.isDigit(bytes[next]) else { break }
      run.groups.append(group)
      run.separators.append(separator)
      group = 0
      index = next
    }
    guard closed || run.hasPlus, group > 0 else { return nil }
    run.groups.append(group)
    // A letter or a decimal behind it makes it part of something else.
    if run.end < bytes.count {
      let after = bytes[run.end]
      let isExtension = after | 32 == UInt8(ascii: "x")
      if SensitiveScanner.isWord(after), !isExtension { return nil }
      if after == UInt8(ascii: "%") || after == UInt8(ascii: "/") || after == UInt8(ascii: ":") || after == UInt8(ascii: "=") {
        return nil
      }
      if after == UInt8(ascii: ".") || after == UInt8(ascii: ",") || after == UInt8(ascii: "-"), run.end + 1 < bytes.count,
        SensitiveScanner.isDigit(bytes[run.end + 1])
      {
        return nil
      }
    }
    return run
  }

  /// An issuer's prefix with one of its lengths, in one piece or in the usual groups, and Luhn's checksum.
  private static func isCard(_ run: Run) -> Bool {
    let digits = run.digits
    guard (12...19).contains(digits.count), hasIssuer(digits) else { return false }
    if run.groups.count > 1 {
      guard Set(run.separators).count == 1, run.separators[0] != UInt8(ascii: ".") else { return false }
      let fours = run.groups.dropLast().allSatisfy { $0 == 4 } && run.groups.last.map { $0 <= 4 } ?? false
      guard fours || run.groups == [4, 6, 5] || run.groups == [4, 6, 4] else { return false }
    }
    // The same digit throughout is a placeholder.
    guard Set(digits).count > 1 else { return false }
    var sum = 0
    for (place, digit) in digits.reversed().enumerated() {
      let doubled = place % 2 == 1 ? Int(digit) * 2 : Int(digit)
      sum += doubled > 9 ? doubled - 9 : doubled
    }
    return sum % 10 == 0
  }

  private static func hasIssuer(_ digits: [UInt8]) -> Bool {
    func number(_ count: Int) -> Int { digits.prefix(count).reduce(0) { $0 * 10 + Int($1) } }
    let count = digits.count
    let (two, three, four, six) = (number(2), number(3), number(4), number(6))
    if digits[0] == 4 { return count == 13 || count == 16 || count == 19 }
    if (51...55).contains(two) || (2221...2720).contains(four) { return count == 16 }
    if two == 34 || two == 37 { return count == 15 }
    if (300...305).contains(three) || two == 36 || two == 38 || two == 39 { return count == 14 || count == 16 }
    if four == 6011 || two == 65 || (644...649).contains(three) || (622_126...622_925).contains(six) {
      return count == 16 || count == 19
    }
    // JCB has 3528 to 3589; generators of test data take all of 35.
    if two == 35 { return count == 16 }
    if four == 2131 || four == 1800 { return count == 15 }
    if two == 50 || (56...58).contains(two) || two == 63 || two == 67 || two == 60 || two == 62 { return count >= 12 }
    return false
  }

  /// `AAA-GG-SSSS` in the ranges that were ever given: no area 000, 666 or 900 and above, no group 00, no serial 0000.
  private static func ssn(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    guard start + 11 <= bytes.count, bytes[start + 3] == UInt8(ascii: "-") || bytes[start + 3] == 32,
      bytes[start + 6] == bytes[start + 3]
    else { return nil }
    var value = 0
    for place in 0..<11 where place != 3 && place != 6 {
      guard SensitiveScanner.isDigit(bytes[start + place]) else { return nil }
      value = value * 10 + Int(bytes[start + place]) - 48
    }
    if start + 11 < bytes.count {
      let after = bytes[start + 11]
      if SensitiveScanner.isWord(after) { return nil }
      if after == UInt8(ascii: "-"), start + 12 < bytes.count, SensitiveScanner.isDigit(bytes[start + 12]) { return nil }
    }
    // With spaces it is a telephone number as often; the dashes are what is written.
    guard bytes[start + 3] == UInt8(ascii: "-") else { return nil }
    let area = value / 1_000_000
    let group = value / 10_000 % 100
    guard area != 0, area != 666, area < 900, group != 0, value % 10_000 != 0 else { return nil }
    // The numbers of advertisements and manuals.
    guard value != 123_456_789, value != 78_051_120, value != 219_099_999, value / 10 != 98_765_432 else { return nil }
    return start..<(start + 11)
  }

  private static func phone(_ run: Run, _ bytes: UnsafeBufferPointer<UInt8>, start: Int) -> Double? {
    let count = run.digits.count
    let isCalled = PhoneContext.isCalled(bytes, before: start) || PhoneContext.isCalled(bytes, behind: run.end)
    if run.hasPlus { return (8...15).contains(count) ? 0.95 : nil }
    guard (7...14).contains(count), Set(run.digits).count > 1 else { return nil }
    let groups = run.groups
    // The form of a social security number that is none.
    if groups == [3, 2, 4] { return nil }
    if groups.count == 1 {
      // Digits in one piece are a telephone number only where a word says so.
      return isCalled && count >= 7 && count <= 12 ? 0.8 : nil
    }
    if looksLikeDate(groups, run) { return nil }
    if groups == [3, 3, 4] || groups == [1, 3, 3, 4] || (groups == [3, 4] && isCalled) {
      return isNorthAmerican(run) || isCalled ? 0.95 : 0.8
    }
    if run.hasParenthesis { return groups.allSatisfy { $0 <= 5 } && count >= 8 ? 0.85 : nil }
    // Pairs and threes as in Europe; without a word nearby only with a leading zero or many groups.
    guard groups.allSatisfy({ $0 >= 2 && $0 <= (isCalled ? 8 : 6) }) || groups.first == 1 else { return nil }
    if run.separators.contains(UInt8(ascii: ".")), !isCalled {
      return groups.count >= 4 && groups.allSatisfy { $0 == 2 } ? 0.7 : nil
    }
    if isCalled { return 0.9 }
    if groups.count >= 3, run.digits[0] == 0, count >= 9 { return 0.8 }
    if groups.count >= 4, groups.allSatisfy({ $0 == 2 }), run.separators.allSatisfy({ $0 == UInt8(ascii: "-") }) { return 0.7 }
    return nil
  }

  private static func isNorthAmerican(_ run: Run) -> Bool {
    let digits = run.digits.suffix(10)
    guard let first = digits.first else { return false }
    return first >= 2
  }

  private static func looksLikeDate(_ groups: [Int], _ run: Run) -> Bool {
    let parts = Set(groups)
    if groups == [4, 2, 2] || groups == [2, 2, 4] { return true }
    if groups == [4, 2, 2, 2] { return (19...21).contains(run.digits[0] * 10 + run.digits[1]) }
    // Two years, or a range of them.
    if groups == [4, 4], run.digits[0] == 1 || run.digits[0] == 2, run.digits[4] == 1 || run.digits[4] == 2 {
      return run.separators[0] == UInt8(ascii: "-")
    }
    return parts == [1]
  }

  /// `x123` and ` x123` belong to the number.
  private static func extended(_ bytes: UnsafeBufferPointer<UInt8>, _ end: Int) -> Int {
    var index = end
    if index + 2 < bytes.count, bytes[index] == 32, bytes[index + 1] | 32 == UInt8(ascii: "x"),
      SensitiveScanner.isDigit(bytes[index + 2])
    {
      index += 1
    }
    guard index < bytes.count, bytes[index] | 32 == UInt8(ascii: "x") else { return end }
    index += 1
    let first = index
    while index < bytes.count, SensitiveScanner.isDigit(bytes[index]), index - first < 6 { index += 1 }
    return index > first ? index : end
  }
}

/// Whether the words before a number call it a telephone number.
enum PhoneContext {
  private static let words: Set<UInt32> = Set(
    """
    phone telephone tel mobile cell cellphone fax call called calling dial text sms whatsapp number contact reach desk office ring me
    answering messages handy telefon telefono teléfono móvil portable téléphone line hotline extension registered us him her
    """.split(whereSeparator: \.isWhitespace).map { TextHash.of(String($0)) })

  /// What else has numbers; the word before a number decides, so one of these ends the search.
  private static let others: Set<UInt32> = Set(
    "license licence licencia passport account order invoice zip apt suite box".split(separator: " ").map {
      TextHash.of(String($0))
    })

  private static let behind: Set<UInt32> = Set(
    "office mobile fax home work cell desk phone tel".split(separator: " ").map { TextHash.of(String($0)) })

  /// `416 60 039 office`: one word right behind it.
  static func isCalled(_ bytes: UnsafeBufferPointer<UInt8>, behind end: Int) -> Bool {
    var index = end
    while index < bytes.count, index < end + 3, !SensitiveScanner.isLetter(bytes[index]) {
      if bytes[index] == 10 { return false }
      index += 1
    }
    var hash = TextHash.start
    while index < bytes.count, SensitiveScanner.isLetter(bytes[index]) {
      hash = TextHash.add(hash, bytes[index] | 32)
      index += 1
    }
    return behind.contains(hash)
  }

  static func isCalled(_ bytes: UnsafeBufferPointer<UInt8>, before start: Int) -> Bool {
    let first = max(0, start - 40)
    var hash = TextHash.start
    // Words are read forwards in the forty bytes before; a line's end does not matter, a card's header does.
    var index = first
    var isInWord = false
    var found = false
    while index < start {
      let byte = bytes[index]
      if SensitiveScanner.isLetter(byte) || byte >= 0x80 {
        if !isInWord { hash = TextHash.start }
        isInWord = true
        hash = TextHash.add(hash, byte >= 65 && byte <= 90 ? byte + 32 : byte)
      } else {
        if isInWord, words.contains(hash) { found = true }
        if byte == UInt8(ascii: ";") || (isInWord && others.contains(hash)) { return false }
        isInWord = false
      }
      index += 1
    }
    return found || (isInWord && words.contains(hash))
  }
}
