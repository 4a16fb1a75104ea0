// The kinds of sensitive values, and which reader looks at which first byte.

/// What a value was. The raw value is the word that takes its place, in brackets.
package enum SensitivePattern: String, CaseIterable, Sendable {
  case email, card, iban, ssn, phone, ip, secret

  struct Match {
    let kind: SensitivePattern
    /// Where the sensitive part begins; what stands before it, such as `Bearer `, stays.
    let from: Int
    let end: Int
  }

  /// The value that begins at `index`, where `TextBytes.mayBegin` holds.
  static func match(_ text: TextBytes, at index: Int, onlyCredentials: Bool) -> Match? {
    let first = text[index]
    guard ByteClass.isWord(first) else {
      switch first {
      case UInt8(ascii: "-"): return Credentials.privateKey(text, index)
      case UInt8(ascii: "="), UInt8(ascii: ":"): return NamedSecrets.match(text, index)
      case UInt8(ascii: "+"), UInt8(ascii: "("):
        guard !onlyCredentials, let end = PhoneNumbers.match(text, index) else { return nil }
        return Match(kind: .phone, from: index, end: end)
      default:
        // A name may begin with a letter that is not of ASCII.
        guard !onlyCredentials, text.hasAtSign, text.isValueStart(index), let end = Addresses.email(text, index) else {
          return nil
        }
        return Match(kind: .email, from: index, end: end)
      }
    }
    guard text.isValueStart(index) else { return nil }
    if ByteClass.beginsCredential(first), let match = Credentials.match(text, index) { return match }
    if onlyCredentials { return nil }
    if text.hasAtSign, let end = Addresses.email(text, index) { return Match(kind: .email, from: index, end: end) }
    if ByteClass.isDigit(first) { return number(text, index) }
    if ByteClass.isUpper(first), let end = Numbers.iban(text, index) { return Match(kind: .iban, from: index, end: end) }
    if ByteClass.isHexadecimal(first), text.hasColon, let end = Addresses.addressIPv6(text, index) {
      return Match(kind: .ip, from: index, end: end)
    }
    return nil
  }

  private static func number(_ text: TextBytes, _ start: Int) -> Match? {
    if let end = Numbers.card(text, start) { return Match(kind: .card, from: start, end: end) }
    if let end = Numbers.socialSecurityNumber(text, start) { return Match(kind: .ssn, from: start, end: end) }
    if let end = Addresses.addressIPv4(text, start) { return Match(kind: .ip, from: start, end: end) }
    if let end = PhoneNumbers.match(text, start) { return Match(kind: .phone, from: start, end: end) }
    if text.hasColon, let end = Addresses.addressIPv6(text, start) { return Match(kind: .ip, from: start, end: end) }
    return nil
  }
}
