// One pass over a text for structured sensitive data: each byte that can begin something leads to its own strict reader.

/// Names and street addresses are out of its reach: they need a language model.
package enum SensitiveScanner {
  /// In ascending order, none over another.
  package static func findings(in bytes: [UInt8]) -> [SensitiveFinding] {
    bytes.withUnsafeBufferPointer { findings(in: $0) }
  }

  package static func findings(in bytes: UnsafeBufferPointer<UInt8>) -> [SensitiveFinding] {
    var found: [SensitiveFinding] = []
    var index = 0
    var isInWord = false
    while index < bytes.count {
      // In the middle of a word nothing begins, and between words only a sign does.
      let byte = bytes[index]
      if byte == 32 || (isInWord && isLetter(byte)) {
        isInWord = byte != 32
        index &+= 1
        continue
      }
      isInWord = isWord(byte)
      if let finding = finding(bytes, index, previousEnd: found.last?.range.upperBound ?? 0) {
        found.append(finding)
        index = finding.range.upperBound
        isInWord = index > 0 && isWord(bytes[index - 1])
        continue
      }
      index += 1
    }
    return found
  }

  private static func finding(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, previousEnd: Int) -> SensitiveFinding? {
    let byte = bytes[index]
    // In the middle of a word nothing begins but an e-mail's sign.
    if byte | 32 >= 97, byte | 32 <= 122, index > 0, isWord(bytes[index - 1]) { return nil }
    if byte == UInt8(ascii: "@") { return email(bytes, at: index, previousEnd: previousEnd) }
    let startsWord = index == 0 || !isWord(bytes[index - 1])
    if isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "(") {
      guard startsWord || byte == UInt8(ascii: "(") else { return nil }
      return NumberScanner.finding(bytes, at: index)
    }
    guard startsWord else { return nil }
    if byte == UInt8(ascii: ":"), let ip = AddressScanner.sixth(bytes, from: index) {
      return SensitiveFinding(kind: .ip, range: ip, confidence: 0.9)
    }
    guard isLetter(byte) || byte == UInt8(ascii: "-") else { return nil }
    if let range = iban(bytes, from: index) { return SensitiveFinding(kind: .iban, range: range, confidence: 1) }
    if isHexadecimal(byte), let ip = AddressScanner.sixth(bytes, from: index) {
      return SensitiveFinding(kind: .ip, range: ip, confidence: 0.95)
    }
    if let range = SecretScanner.secret(bytes, from: index) {
      return SensitiveFinding(kind: .secret, range: range, confidence: 1)
    }
    return nil
  }

  /// From the sign outwards: the local part to the left, the domain with a name at its end to the right.
  private static func email(_ bytes: UnsafeBufferPointer<UInt8>, at sign: Int, previousEnd: Int) -> SensitiveFinding? {
    var start = sign
    while start > previousEnd, sign - start < 64, isLocal(bytes[start - 1]) { start -= 1 }
    while start < sign, !isWord(bytes[start]) { start += 1 }
    guard start < sign, bytes[sign - 1] != UInt8(ascii: ".") else { return nil }
    var end = sign + 1
    var lastDot = -1
    while end < bytes.count, end - sign < 255,
      isWord(bytes[end]) || bytes[end] == UInt8(ascii: "-") || bytes[end] == UInt8(ascii: ".")
    {
      if bytes[end] == UInt8(ascii: ".") {
        if end + 1 >= bytes.count || !isWord(bytes[end + 1]) { break }
        lastDot = end
      }
      end += 1
    }
    guard lastDot > sign + 1, end - lastDot > 2, bytes[(lastDot + 1)..<end].allSatisfy({ isLetter($0) }) else { return nil }
    return SensitiveFinding(kind: .email, range: start..<end, confidence: 1)
  }

  /// Country, check digits and the length of the country's accounts, in groups or not; the remainder of 97 must be one.
  private static func iban(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    guard start + 14 < bytes.count, isLetter(bytes[start]), isLetter(bytes[start + 1]), isDigit(bytes[start + 2]),
      isDigit(bytes[start + 3]),
      let length = ibanLengths[UInt16(upper(bytes[start])) << 8 | UInt16(upper(bytes[start + 1]))]
    else { return nil }
    var signs: [UInt8] = []
    signs.reserveCapacity(length)
    var index = start
    while index < bytes.count, signs.count < length {
      let byte = bytes[index]
      if isDigit(byte) || isLetter(byte) {
        signs.append(upper(byte))
      } else if byte == 32 || byte == UInt8(ascii: "-"), signs.count % 4 == 0 {
      } else {
        return nil
      }
      index += 1
    }
    guard signs.count == length, index == bytes.count || !isWord(bytes[index]) else { return nil }
    var remainder = 0
    for place in 0..<length {
      let sign = signs[(place + 4) % length]
      remainder = isDigit(sign) ? (remainder * 10 + Int(sign) - 48) % 97 : (remainder * 100 + Int(sign) - 55) % 97
    }
    return remainder == 1 ? start..<index : nil
  }

  private static let ibanLengths: [UInt16: Int] = {
    let lengths = """
      AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23
      GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30
      NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
      """
    var result: [UInt16: Int] = [:]
    for entry in lengths.split(whereSeparator: \.isWhitespace) {
      let signs = Array(entry.utf8)
      result[UInt16(signs[0]) << 8 | UInt16(signs[1])] = Int(entry.dropFirst(2))
    }
    return result
  }()

  @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
  @inline(__always) static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 97 < 26 }
  @inline(__always) static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
  }
  @inline(__always) static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 32 >= 97 && byte | 32 <= 102) }
  @inline(__always) static func upper(_ byte: UInt8) -> UInt8 { byte >= 97 && byte <= 122 ? byte - 32 : byte }
  private static func isLocal(_ byte: UInt8) -> Bool {
    isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      || byte == UInt8(ascii: "%")
      || byte == UInt8(ascii: "'")
  }
}

/// Addresses of the Internet protocol.
enum AddressScanner {
  /// Four numbers up to 255; not the versions of software, which have a letter or another dot beside them, nor the local machine's own.
  static func fourth(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    var index = start
    var parts = 0
    while parts < 4 {
      var value = 0
      let first = index
      while index < bytes.count, SensitiveScanner.isDigit(bytes[index]), index - first < 4 {
        value = value * 10 + Int(bytes[index]) - 48
        index += 1
      }
      guard index > first, index - first <= 3, value <= 255 else { return nil }
      parts += 1
      guard parts < 4 else { break }
      guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return nil }
      index += 1
    }
    if index < bytes.count, SensitiveScanner.isWord(bytes[index]) { return nil }
    if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), SensitiveScanner.isDigit(bytes[index + 1]) { return nil }
    if start > 0, bytes[start - 1] == UInt8(ascii: ".") || bytes[start - 1] == UInt8(ascii: "-") { return nil }
    return start..<index
  }

  static func sixth(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    var index = start
    var groups = 0
    var gaps = 0
    var digits = 0
    var colons = 0
    while index < bytes.count {
      if SensitiveScanner.isHexadecimal(bytes[index]) {
        digits += 1
        if digits == 1 { groups += 1 }
        if digits > 4 { return nil }
      } else if bytes[index] == UInt8(ascii: ":") {
        colons += 1
        if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ":") {
          gaps += 1
          colons += 1
          index += 1
        }
        digits = 0
      } else {
        break
      }
      index += 1
    }
    if index < bytes.count, SensitiveScanner.isWord(bytes[index]) { return nil }
    // A full address, or a shortened one long enough to be none of the `::` of programs.
    guard (groups == 8 && gaps == 0 && colons == 7) || (gaps == 1 && groups >= 3 && groups < 8) else { return nil }
    return start..<index
  }
}

/// Keys of services, by the forms that gitleaks and detect-secrets list too.
enum SecretScanner {
  private struct Form: Sendable {
    var prefix: [UInt8]
    var length: ClosedRange<Int>
    var signs: @Sendable (UInt8) -> Bool
  }

  static func secret(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    if bytes[start] == UInt8(ascii: "-") { return privateKey(bytes, from: start) }
    guard start + 1 < bytes.count else { return nil }
    let pair = Int(bytes[start]) << 8 | Int(bytes[start + 1])
    guard beginnings[pair >> 6] & (1 << UInt64(pair & 63)) != 0, let forms = byFirst[bytes[start]] else { return nil }
    for form in forms where hasPrefix(bytes, start, form.prefix) {
      var end = start + form.prefix.count
      while end < bytes.count, form.signs(bytes[end]) { end += 1 }
      let length = end - start - form.prefix.count
      if form.length.contains(length), end == bytes.count || !SensitiveScanner.isWord(bytes[end]) { return start..<end }
    }
    return nil
  }

  private static func hasPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ prefix: [UInt8]) -> Bool {
    guard start + prefix.count <= bytes.count else { return false }
    for offset in prefix.indices where bytes[start + offset] != prefix[offset] { return false }
    return true
  }

  private static let keyMark = Array("-----BEGIN ".utf8)

  private static func privateKey(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    guard hasPrefix(bytes, start, keyMark) else { return nil }
    let line = bytes[start..<min(bytes.count, start + 60)]
    guard String(decoding: line, as: UTF8.self).contains("PRIVATE KEY") else { return nil }
    // To the end mark, or all that was copied of it.
    var end = start + keyMark.count
    while end < bytes.count {
      if hasPrefix(bytes, end, Array("-----END ".utf8)) {
        while end < bytes.count, bytes[end] != 10 { end += 1 }
        return start..<end
      }
      end += 1
    }
    return start..<bytes.count
  }

  /// A bit for each pair of bytes that a form begins with: most words are told by it.
  private static let beginnings: ContiguousArray<UInt64> = {
    var bits = ContiguousArray<UInt64>(repeating: 0, count: 1024)
    for form in byFirst.values.joined() {
      let pair = Int(form.prefix[0]) << 8 | Int(form.prefix[1])
      bits[pair >> 6] |= 1 << UInt64(pair & 63)
    }
    return bits
  }()

  private static let byFirst: [UInt8: [Form]] = {
    let word: @Sendable (UInt8) -> Bool = { SensitiveScanner.isDigit($0) || SensitiveScanner.isLetter($0) }
    let token: @Sendable (UInt8) -> Bool = { word($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    let upper: @Sendable (UInt8) -> Bool = { SensitiveScanner.isDigit($0) || ($0 >= 65 && $0 <= 90) }
    let dotted: @Sendable (UInt8) -> Bool = { token($0) || $0 == UInt8(ascii: ".") }
    let forms: [(String, ClosedRange<Int>, @Sendable (UInt8) -> Bool)] = [
      ("AKIA", 16...16, upper), ("ASIA", 16...16, upper), ("AIza", 35...35, token), ("ghp_", 36...36, word),
      ("gho_", 36...36, word),
      ("ghs_", 36...36, word), ("ghu_", 36...36, word), ("github_pat_", 22...100, token), ("glpat-", 20...40, token),
      ("sk-ant-", 20...120, token), ("sk-proj-", 20...180, token), ("sk-", 32...64, word), ("sk_live_", 16...100, word),
      ("rk_live_", 16...100, word), ("sk_test_", 16...100, word), ("xoxb-", 20...100, token), ("xoxp-", 20...100, token),
      ("xoxa-", 20...100, token), ("xapp-", 20...150, token), ("SG.", 60...80, dotted), ("hf_", 30...50, word),
      ("npm_", 36...36, word),
      ("dop_v1_", 64...64, word), ("eyJ", 40...4000, dotted), ("ya29.", 20...400, dotted), ("AGE-SECRET-KEY-1", 58...58, upper),
      ("pypi-AgE", 50...300, token), ("shpat_", 32...32, word), ("whsec_", 24...80, word), ("gsk_", 40...80, word),
      ("lin_api_", 40...40, word), ("dckr_pat_", 20...40, token), ("hvs.", 24...200, token), ("dapi", 32...34, word),
    ]
    var result: [UInt8: [Form]] = [:]
    for (prefix, length, signs) in forms {
      let bytes = Array(prefix.utf8)
      result[bytes[0], default: []].append(Form(prefix: bytes, length: length, signs: signs))
    }
    return result
  }()
}
