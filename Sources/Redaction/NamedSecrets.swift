// Secrets that only their name gives away: `password=…`, `"api_key": "…"`, `?key=…`, `https://user:password@host`.

enum NamedSecrets {
  /// What stands behind the `=` or `:` at `sign`.
  static func match(_ text: TextBytes, _ sign: Int) -> SensitivePattern.Match? {
    if text[sign] == UInt8(ascii: ":") {
      if text.hasPrefix("//", at: sign + 1) { return userInformation(text, sign + 3) }
      // JSON may write a slash with an escape, and JSON in JSON with two.
      if text.hasPrefix(#"\/\/"#, at: sign + 1) { return userInformation(text, sign + 5) }
      if text.hasPrefix(#"\\/\\/"#, at: sign + 1) { return userInformation(text, sign + 7) }
    }
    guard let name = nameBefore(text, sign), let shortest = shortestValue(text, name, sign) else { return nil }
    return value(text, after: sign, shortest: shortest)
  }

  /// The identifier before `sign`, quotes and spaces between them passed over.
  private static func nameBefore(_ text: TextBytes, _ sign: Int) -> Range<Int>? {
    var end = sign
    while end > 0, sign - end < 4, isBetween(text[end - 1]) { end -= 1 }
    var start = end
    while start > 0, end - start < 40, isNameByte(text[start - 1]) { start -= 1 }
    return end - start >= 3 ? start..<end : nil
  }

  private static func isBetween(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\")
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    ByteClass.isWord(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  /// Endings of names, without `_` and `-`, and how many bytes their values have at least.
  private static let endings: [(text: StaticString, shortest: Int)] = [
    ("password", 4), ("passwd", 4), ("passphrase", 6), ("pwd", 4), ("secret", 8), ("secretkey", 8), ("token", 12), ("apikey", 8),
    ("accesskey", 8), ("accesskeyid", 8), ("privatekey", 8), ("authkey", 8), ("signingkey", 8), ("credential", 8),
    ("credentials", 8), ("authorization", 12), ("appkey", 8), ("sessionkey", 8), ("cookie", 12), ("subscriptionkey", 8),
  ]

  private static func shortestValue(_ text: TextBytes, _ name: Range<Int>, _ sign: Int) -> Int? {
    for ending in endings where endsWith(text, name, ending.text) { return ending.shortest }
    // Too common as words, but not in the query of a URL.
    let before = text.at(name.lowerBound - 1)
    guard text[sign] == UInt8(ascii: "="), before == UInt8(ascii: "?") || before == UInt8(ascii: "&") else { return nil }
    return endsWith(text, name, "key") || endsWith(text, name, "sig") || endsWith(text, name, "signature")
      || endsWith(text, name, "code")
      ? 8 : nil
  }

  /// Compared from the end, letters of any case, `_` and `-` passed over.
  @inline(__always)
  private static func endsWith(_ text: TextBytes, _ name: Range<Int>, _ ending: StaticString) -> Bool {
    var left = ending.utf8CodeUnitCount
    guard name.count >= left else { return false }
    var index = name.upperBound
    while left > 0, index > name.lowerBound {
      index -= 1
      let byte = text[index]
      if byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") { continue }
      guard ByteClass.lowercased(byte) == ending.utf8Start[left - 1] else { return false }
      left -= 1
    }
    return left == 0
  }

  private static func value(_ text: TextBytes, after sign: Int, shortest: Int) -> SensitivePattern.Match? {
    var from = sign + 1
    // `:=`, `==` and `=>` give no value, or give it later.
    if text.at(from) == UInt8(ascii: "=") || text.at(from) == UInt8(ascii: ">") { from += 1 }
    from = text.run(from, limit: 8) { isBetween($0) || $0 == UInt8(ascii: "`") }
    // The scheme of an Authorization header is no secret, what follows it is.
    if text.hasPrefixOfAnyCase("bearer ", at: from) {
      from += 7
    } else if text.hasPrefixOfAnyCase("basic ", at: from) {
      from += 6
    }
    let end = text.run(from, isValueByte)
    guard end - from >= shortest, isSecret(text, from, end) else { return nil }
    return .init(kind: .secret, from: from, end: end)
  }

  private static func isValueByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "&"), UInt8(ascii: ","),
      UInt8(ascii: ";"), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: "\\"):
      false
    default: true
    }
  }

  /// Code says `password = getPassword(user)` and `token: string`, documents `token=$TOKEN`: a secret has digits and letters, or
  /// is longer than names are; and no call, variable, placeholder or what was redacted before.
  private static func isSecret(_ text: TextBytes, _ start: Int, _ end: Int) -> Bool {
    switch text[start] {
    case UInt8(ascii: "$"), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("), UInt8(ascii: "*"), UInt8(ascii: "%"):
      return false
    default: break
    }
    var hasDigit = false
    var hasLetter = false
    var isName = true
    for index in start..<end {
      let byte = text[index]
      if byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { return false }
      if ByteClass.isDigit(byte) { hasDigit = true }
      if ByteClass.isLetter(byte) { hasLetter = true }
      if !(ByteClass.isLetter(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")) {
        isName = false
      }
    }
    return hasLetter && (hasDigit || (!isName && end - start >= 8))
  }

  /// `user:password@` of a URL: what stands before the host.
  private static func userInformation(_ text: TextBytes, _ start: Int) -> SensitivePattern.Match? {
    let end = text.run(start, limit: 256) { byte in
      isValueByte(byte) && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "@") && byte != UInt8(ascii: "?")
    }
    guard end > start, text.at(end) == UInt8(ascii: "@"),
      (start..<end).contains(where: { text[$0] == UInt8(ascii: ":") })
    else { return nil }
    return .init(kind: .secret, from: start, end: end)
  }
}
