// Numbers with a checksum or a range that tells them from ordinary ones: payment cards, IBANs, US social security numbers.

enum Numbers {
  static func card(_ text: TextBytes, _ start: Int) -> Int? {
    groups(text, start, shortest: 12, longest: 19, separators: (0x20, UInt8(ascii: "-")), ByteClass.isDigit) { digits in
      isCard(digits)
    }
  }

  /// Luhn, and a prefix that an issuer has: Luhn alone takes one ordinary number in ten.
  private static func isCard(_ digits: UnsafeBufferPointer<UInt8>) -> Bool {
    func prefix(_ count: Int) -> Int { digits.prefix(count).reduce(0) { $0 * 10 + Int($1) - 48 } }
    let hasIssuer =
      switch digits.count {
      // Maestro alone has so few.
      case 12: [5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763].contains(prefix(4))
      case 14: [36, 38, 39].contains(prefix(2)) || (300...305).contains(prefix(3))
      case 15: [34, 37].contains(prefix(2)) || prefix(4) == 2131 || prefix(4) == 1800
      default:
        digits[0] == UInt8(ascii: "4") || (51...55).contains(prefix(2)) || (2221...2720).contains(prefix(4))
          || (3528...3589).contains(prefix(4)) || prefix(4) == 6011 || [50, 56, 57, 58, 62, 63, 64, 65, 67].contains(prefix(2))
      }
    guard hasIssuer else { return false }
    var sum = 0
    for place in 0..<digits.count {
      let digit = Int(digits[digits.count - 1 - place]) - 48
      sum += place % 2 == 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9
    }
    return sum % 10 == 0
  }

  static func iban(_ text: TextBytes, _ start: Int) -> Int? {
    guard start + 15 <= text.count, ByteClass.isUpper(text[start + 1]), ByteClass.isDigit(text[start + 2]),
      ByteClass.isDigit(text[start + 3])
    else { return nil }
    return groups(
      text, start, shortest: 15, longest: 34, separators: (0x20, UInt8(ascii: "-")),
      { ByteClass.isUpper($0) || ByteClass.isDigit($0) },
      hasIBANChecksum)
  }

  /// ISO 7064 mod 97-10.
  private static func hasIBANChecksum(_ characters: UnsafeBufferPointer<UInt8>) -> Bool {
    var rest = 0
    for offset in 0..<characters.count {
      let byte = characters[(offset + 4) % characters.count]
      rest = ByteClass.isDigit(byte) ? (rest * 10 + Int(byte) - 48) % 97 : (rest * 100 + Int(byte) - 55) % 97
    }
    return rest == 1
  }

  static func socialSecurityNumber(_ text: TextBytes, _ start: Int) -> Int? {
    let end = start + 11
    guard end <= text.count else { return nil }
    let separator = text[start + 3]
    guard separator == UInt8(ascii: "-") || separator == 0x20, text[start + 6] == separator,
      let area = text.number(start..<start + 3), let group = text.number(start + 4..<start + 6),
      let serial = text.number(start + 7..<end),
      area != 0, area != 666, area < 900, group != 0, serial != 0,
      !ByteClass.isWord(text.at(end)), text.at(end) != UInt8(ascii: "-")
    else { return nil }
    return end
  }

  /// The longest piece from `start`, written in groups or not, whose characters pass `isValue`. Nothing is allocated: most
  /// numbers are looked at in vain.
  @inline(__always)
  private static func groups(
    _ text: TextBytes, _ start: Int, shortest: Int, longest: Int, separators: (UInt8, UInt8), _ belongs: (UInt8) -> Bool,
    _ isValue: (UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Int? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest) { characters -> Int? in
      var count = 0
      var index = start
      var found: Int?
      func check() {
        guard count >= shortest else { return }
        if isValue(UnsafeBufferPointer(rebasing: characters[..<count])) { found = index }
      }
      while index < text.count {
        let byte = text[index]
        if belongs(byte) {
          if count == longest { return found }
          characters[count] = byte
          count += 1
          index += 1
        } else if ByteClass.isWord(byte) {
          return found
        } else {
          check()
          guard byte == separators.0 || byte == separators.1, index + 1 < text.count, belongs(text[index + 1]) else {
            return found
          }
          index += 1
        }
      }
      check()
      return found
    }
  }
}
