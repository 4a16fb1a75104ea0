// Addresses of people and machines: e-mail, IPv4, IPv6.

enum Addresses {
  static func email(_ text: TextBytes, _ start: Int) -> Int? {
    var local = start
    let limit = min(text.count, start + 64)
    while local < limit, isLocal(text[local]), text.atSignLength(local) == 0 { local += 1 }
    let sign = text.atSignLength(local)
    guard sign > 0 else { return nil }
    let domain = local + sign
    var end = text.run(domain, limit: 253) {
      ByteClass.isWord($0) || $0 >= 0x80 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
    }
    while end > domain, text[end - 1] == UInt8(ascii: ".") || text[end - 1] == UInt8(ascii: "-") { end -= 1 }
    var dot = end
    while dot > domain, text[dot - 1] != UInt8(ascii: ".") { dot -= 1 }
    guard dot - 1 > domain, end - dot >= 2, (dot..<end).allSatisfy({ ByteClass.isLetter(text[$0]) || text[$0] >= 0x80 }) else {
      return nil
    }
    return end
  }

  private static func isLocal(_ byte: UInt8) -> Bool {
    if ByteClass.isWord(byte) || byte >= 0x80 { return true }
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "'"):
      return true
    default: return false
    }
  }

  /// Not the loopback, the unspecified address and netmasks: they are nobody's.
  static func addressIPv4(_ text: TextBytes, _ start: Int) -> Int? {
    if text.at(start - 1) == UInt8(ascii: ".") { return nil }
    var index = start
    var first = 0
    for octet in 0..<4 {
      let end = text.run(index, limit: 4, ByteClass.isDigit)
      guard let value = text.number(index..<end), value <= 255 else { return nil }
      if octet == 0 { first = value }
      index = end
      if octet < 3 {
        guard text.at(index) == UInt8(ascii: ".") else { return nil }
        index += 1
      }
    }
    if ByteClass.isWord(text.at(index)) { return nil }
    if text.at(index) == UInt8(ascii: "."), ByteClass.isDigit(text.at(index + 1)) { return nil }
    return first == 127 || first == 0 || first == 255 ? nil : index
  }

  /// Eight groups, or fewer around one `::`. Code has `::` between names, so the short form needs a digit and the look of an address.
  static func addressIPv6(_ text: TextBytes, _ start: Int) -> Int? {
    if text.at(start - 1) == UInt8(ascii: ":") { return nil }
    var index = start
    var groups = 0
    var isShortened = false
    var hasDigit = false
    var firstLength = 0
    while groups < 8 {
      let end = text.run(index, limit: 5, ByteClass.isHexadecimal)
      guard end - index <= 4 else { return nil }
      if end == index {
        guard isShortened, groups > 0 else { return nil }
        break
      }
      hasDigit = hasDigit || (index..<end).contains { ByteClass.isDigit(text[$0]) }
      groups += 1
      if groups == 1 { firstLength = end - index }
      index = end
      guard text.at(index) == UInt8(ascii: ":") else { break }
      if text.at(index + 1) == UInt8(ascii: ":") {
        guard !isShortened else { return nil }
        isShortened = true
        index += 2
      } else if ByteClass.isHexadecimal(text.at(index + 1)) {
        index += 1
      } else {
        break
      }
    }
    guard !ByteClass.isWord(text.at(index)) else { return nil }
    if groups == 8, !isShortened { return index }
    return isShortened && groups < 8 && hasDigit && (groups >= 3 || firstLength == 4) ? index : nil
  }
}
