// The shapes of sensitive values, each with the checksum or range that tells it from an ordinary number or word.

enum SensitivePattern: String {
  case email, card, iban, ssn, ip, secret

  struct Match {
    let kind: SensitivePattern
    /// Where the sensitive part begins; what stands before it, such as `Bearer `, stays.
    let from: Int
    let end: Int
  }

  /// A value begins where no word or number goes on; an escape such as `\n` in JSON is no part of a word.
  static func canBegin(_ bytes: [UInt8], at index: Int) -> Bool {
    guard isWord(bytes[index]) else { return false }
    guard index > 0, isWord(bytes[index - 1]) else { return true }
    return index > 1 && bytes[index - 2] == UInt8(ascii: "\\")
      && [UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t")].contains(bytes[index - 1])
  }

  static func match(_ bytes: [UInt8], at start: Int) -> Match? {
    if let match = secret(bytes, start) { return match }
    if let end = email(bytes, start) { return Match(kind: .email, from: start, end: end) }
    if isDigit(bytes[start]) {
      if let end = card(bytes, start) { return Match(kind: .card, from: start, end: end) }
      if let end = socialSecurityNumber(bytes, start) { return Match(kind: .ssn, from: start, end: end) }
      if let end = addressIPv4(bytes, start) { return Match(kind: .ip, from: start, end: end) }
    } else if let end = iban(bytes, start) {
      return Match(kind: .iban, from: start, end: end)
    }
    return nil
  }

  // MARK: - Credentials

  /// Of OpenAI and others, Google, Google OAuth, this product's virtual keys, GitHub, Slack, AWS.
  private static let keyPrefixes = ["sk-", "AIza", "ya29.", "ck-", "ghp_", "xoxb-", "AKIA"].map { Array($0.utf8) }
  private static let bearer = Array("bearer ".utf8)
  private static let shortestKey = 16

  private static func secret(_ bytes: [UInt8], _ start: Int) -> Match? {
    if bytes.count - start > bearer.count, zip(bytes[start...], bearer).allSatisfy({ ($0 | 0x20) == $1 }) {
      let from = start + bearer.count
      let end = run(bytes, from) { isWord($0) || "-._~+/=".utf8.contains($0) }
      if end - from >= shortestKey { return Match(kind: .secret, from: from, end: end) }
    }
    for prefix in keyPrefixes where bytes[start...].starts(with: prefix) {
      let end = run(bytes, start + prefix.count) { isWord($0) || "-_.".utf8.contains($0) }
      if end - start >= shortestKey { return Match(kind: .secret, from: start, end: end) }
    }
    return nil
  }

  // MARK: - E-mail

  private static func email(_ bytes: [UInt8], _ start: Int) -> Int? {
    let at = run(bytes, start, limit: 64) { isWord($0) || $0 >= 0x80 || "._%+-".utf8.contains($0) }
    guard at < bytes.count, bytes[at] == UInt8(ascii: "@") else { return nil }
    var end = run(bytes, at + 1, limit: 253) { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    while end > at, bytes[end - 1] == UInt8(ascii: ".") || bytes[end - 1] == UInt8(ascii: "-") { end -= 1 }
    guard let dot = bytes[at..<end].lastIndex(of: UInt8(ascii: ".")), dot > at + 1, end - dot > 2,
      bytes[(dot + 1)..<end].allSatisfy(isLetter)
    else { return nil }
    return end
  }

  // MARK: - Numbers

  private static func card(_ bytes: [UInt8], _ start: Int) -> Int? {
    groups(bytes, start, longest: 19, separators: " -", isDigit).last { digits, _ in
      digits.count >= 13 && isCard(digits.map { Int($0) - 48 })
    }?.end
  }

  /// Luhn, and a prefix that an issuer has: Luhn alone takes one ordinary number in ten.
  private static func isCard(_ digits: [Int]) -> Bool {
    func prefix(_ count: Int) -> Int { digits.prefix(count).reduce(0) { $0 * 10 + $1 } }
    let hasIssuer =
      switch digits.count {
      case 14: [36, 38, 39].contains(prefix(2)) || (300...305).contains(prefix(3))
      case 15: [34, 37].contains(prefix(2))
      default:
        digits[0] == 4 || (51...55).contains(prefix(2)) || (2221...2720).contains(prefix(4)) || (3528...3589).contains(prefix(4))
          || prefix(4) == 6011 || [62, 64, 65].contains(prefix(2))
      }
    guard hasIssuer else { return false }
    let sum = digits.reversed().enumerated().reduce(0) { sum, item in
      let (place, digit) = item
      return sum + (place % 2 == 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9)
    }
    return sum % 10 == 0
  }

  private static func iban(_ bytes: [UInt8], _ start: Int) -> Int? {
    guard start + 15 <= bytes.count, isUpper(bytes[start]), isUpper(bytes[start + 1]), isDigit(bytes[start + 2]),
      isDigit(bytes[start + 3])
    else { return nil }
    return groups(bytes, start, longest: 34, separators: " ", { isUpper($0) || isDigit($0) }).last { characters, _ in
      characters.count >= 15 && hasIBANChecksum(characters)
    }?.end
  }

  /// ISO 7064 mod 97-10.
  private static func hasIBANChecksum(_ characters: [UInt8]) -> Bool {
    let rearranged = characters.dropFirst(4) + characters.prefix(4)
    return rearranged.reduce(0) { rest, byte in
      isDigit(byte) ? (rest * 10 + Int(byte) - 48) % 97 : (rest * 100 + Int(byte) - 55) % 97
    } == 1
  }

  private static func socialSecurityNumber(_ bytes: [UInt8], _ start: Int) -> Int? {
    let end = start + 11
    guard end <= bytes.count, bytes[start + 3] == UInt8(ascii: "-"), bytes[start + 6] == UInt8(ascii: "-"),
      let area = number(bytes[start..<start + 3]), let group = number(bytes[start + 4..<start + 6]),
      let serial = number(bytes[start + 7..<end]),
      area != 0, area != 666, area < 900, group != 0, serial != 0,
      end == bytes.count || !(isWord(bytes[end]) || bytes[end] == UInt8(ascii: "-"))
    else { return nil }
    return end
  }

  private static func addressIPv4(_ bytes: [UInt8], _ start: Int) -> Int? {
    if start > 0, bytes[start - 1] == UInt8(ascii: ".") { return nil }
    var index = start
    for octet in 0..<4 {
      let end = run(bytes, index, limit: 4, isDigit)
      guard let value = number(bytes[index..<end]), value <= 255 else { return nil }
      index = end
      if octet < 3 {
        guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return nil }
        index += 1
      }
    }
    if index < bytes.count, isWord(bytes[index]) { return nil }
    if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), isDigit(bytes[index + 1]) { return nil }
    return index
  }

  // MARK: - Scanning

  /// Everything from `start` that could be one value written in groups: its characters up to each place where a group ends.
  private static func groups(
    _ bytes: [UInt8], _ start: Int, longest: Int, separators: String, _ belongs: (UInt8) -> Bool
  ) -> [(characters: [UInt8], end: Int)] {
    var result: [(characters: [UInt8], end: Int)] = []
    var characters: [UInt8] = []
    var index = start
    while index < bytes.count, characters.count <= longest {
      if belongs(bytes[index]) {
        characters.append(bytes[index])
        index += 1
      } else if isWord(bytes[index]) {
        return result
      } else {
        result.append((characters, index))
        guard separators.utf8.contains(bytes[index]), index + 1 < bytes.count, belongs(bytes[index + 1]) else { return result }
        index += 1
      }
    }
    if characters.count <= longest { result.append((characters, index)) }
    return result
  }

  private static func run(_ bytes: [UInt8], _ start: Int, limit: Int = 4096, _ belongs: (UInt8) -> Bool) -> Int {
    var index = start
    while index < bytes.count, index - start < limit, belongs(bytes[index]) { index += 1 }
    return index
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 9, digits.allSatisfy(isDigit) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
  private static func isUpper(_ byte: UInt8) -> Bool { byte >= 65 && byte <= 90 }
  private static func isLetter(_ byte: UInt8) -> Bool { isUpper(byte) || (byte >= 97 && byte <= 122) }
  private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
}
