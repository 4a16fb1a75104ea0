// Credentials that are recognised by themselves: by their prefix, by the word before them, by their structure.

enum Credentials {
  /// A prefix that an issuer gives its keys, and how many bytes a key has at least.
  private struct Prefix {
    let text: StaticString
    let shortest: Int
    init(_ text: StaticString, _ shortest: Int = 16) {
      self.text = text
      self.shortest = shortest
    }
  }

  /// OpenAI, Anthropic and those like them; Stripe; Langfuse; Google; this product's virtual keys; GitHub; GitLab; Slack; AWS;
  /// Hugging Face; Replicate; Groq; npm; DigitalOcean; SendGrid; signing secrets of webhooks.
  private static let prefixes: [Prefix] = [
    Prefix("sk-"), Prefix("sk_live_"), Prefix("sk_test_"), Prefix("rk_live_"), Prefix("rk_test_"), Prefix("pk-lf-"),
    Prefix("AIza", 30), Prefix("ya29."), Prefix("GOCSPX-"), Prefix("1//0", 30), Prefix("ck-"),
    Prefix("ghp_"), Prefix("gho_"), Prefix("ghu_"), Prefix("ghs_"), Prefix("ghr_"), Prefix("github_pat_", 24), Prefix("glpat-"),
    Prefix("xoxb-"), Prefix("xoxp-"), Prefix("xoxa-"), Prefix("xoxr-"), Prefix("xoxs-"), Prefix("xoxe-"), Prefix("xapp-"),
    Prefix("AKIA"), Prefix("ASIA"), Prefix("hf_", 20), Prefix("r8_", 20), Prefix("gsk_", 20), Prefix("xai-", 20),
    Prefix("npm_", 30), Prefix("dop_v1_", 24), Prefix("SG.", 30), Prefix("whsec_", 20), Prefix("pplx-", 20), Prefix("nvapi-", 20),
  ]

  /// Those of each first byte: nearly every word is looked at, and few share more than that with a key.
  private static let prefixesByFirstByte: [[Prefix]] = (0...255).map { (byte: UInt8) in
    prefixes.filter { $0.text.utf8Start.pointee == byte }
  }

  static func match(_ text: TextBytes, _ start: Int) -> SensitivePattern.Match? {
    if let end = token(text, start) { return .init(kind: .secret, from: start, end: end) }
    switch text[start] {
    case UInt8(ascii: "e"):
      if let end = webToken(text, start) { return .init(kind: .secret, from: start, end: end) }
    case UInt8(ascii: "b"), UInt8(ascii: "B"): return afterScheme(text, start)
    default: break
    }
    return nil
  }

  private static func token(_ text: TextBytes, _ start: Int) -> Int? {
    for prefix in prefixesByFirstByte[Int(text[start])] where text.hasPrefix(prefix.text, at: start) {
      let body = start + prefix.text.utf8CodeUnitCount
      // Looked at first, and not far: a text of nothing but prefixes must not be read again from each of them.
      guard looksRandom(text, body, text.run(body, limit: 64, isKeyByte)) else { return nil }
      let end = withoutPunctuation(text, start, text.run(body, isKeyByte))
      return end - start >= prefix.shortest ? end : nil
    }
    return nil
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    ByteClass.isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "/")
  }

  /// A full stop after a key ends a sentence.
  private static func withoutPunctuation(_ text: TextBytes, _ start: Int, _ end: Int) -> Int {
    var end = end
    while end > start, text[end - 1] == UInt8(ascii: ".") || text[end - 1] == UInt8(ascii: "/") { end -= 1 }
    return end
  }

  /// `sk-learn-based-pipelines` is words; a key has a digit, or more letters in one piece than words have.
  private static func looksRandom(_ text: TextBytes, _ start: Int, _ end: Int) -> Bool {
    var piece = 0
    for index in start..<end {
      let byte = text[index]
      if ByteClass.isDigit(byte) { return true }
      piece = ByteClass.isLetter(byte) ? piece + 1 : 0
      if piece >= 16 { return true }
    }
    return false
  }

  /// Three parts of base64url, the first of which begins as `{"` does; a token that was cut has two.
  private static func webToken(_ text: TextBytes, _ start: Int) -> Int? {
    guard text.hasPrefix("eyJ", at: start) else { return nil }
    func part(_ from: Int) -> Int {
      text.run(from) { ByteClass.isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
    let header = text.run(start, limit: 1024) { ByteClass.isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    guard header - start >= 10, text.at(header) == UInt8(ascii: ".") else { return nil }
    let payload = part(header + 1)
    guard payload - header > 10 else { return nil }
    return text.at(payload) == UInt8(ascii: ".") ? part(payload + 1) : payload
  }

  /// What follows `Bearer` or `Basic`; the word stays.
  private static func afterScheme(_ text: TextBytes, _ start: Int) -> SensitivePattern.Match? {
    let length = text.hasPrefixOfAnyCase("bearer", at: start) ? 6 : text.hasPrefixOfAnyCase("basic", at: start) ? 5 : 0
    guard length > 0 else { return nil }
    var from = start + length
    if text.at(from) == UInt8(ascii: ":") { from += 1 }
    if text.hasPrefix("%20", at: from) {
      from += 3
    } else {
      from = text.run(from, limit: 4) { $0 == 0x20 || $0 == UInt8(ascii: "+") }
    }
    guard from > start + length else { return nil }
    let end = text.run(from) { byte in
      isKeyByte(byte) || byte == UInt8(ascii: "~") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "=")
    }
    guard end - from >= (length == 6 ? 16 : 8), length == 6 || !isWordOfLanguage(text, from, end) else { return nil }
    return .init(kind: .secret, from: from, end: withoutPunctuation(text, from, end))
  }

  /// `Basic internationalization` is no credential: letters of one case, with hyphens at most.
  private static func isWordOfLanguage(_ text: TextBytes, _ start: Int, _ end: Int) -> Bool {
    (start + 1..<end).allSatisfy { index in
      let byte = text[index]
      return byte &- 97 < 26 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
    }
  }

  /// A PEM block of a private key, to its end or to the end of the text, which may have been cut.
  static func privateKey(_ text: TextBytes, _ start: Int) -> SensitivePattern.Match? {
    guard text.hasPrefix("-----BEGIN ", at: start) else { return nil }
    let label = text.run(start + 11, limit: 40) { ByteClass.isUpper($0) || ByteClass.isDigit($0) || $0 == 0x20 }
    let ending: StaticString = "PRIVATE KEY"
    guard text.hasPrefix("-----", at: label), label - 11 >= start + 11, text.hasPrefix(ending, at: label - 11) else { return nil }
    var index = label + 5
    while index < text.count {
      if text[index] == UInt8(ascii: "-"), text.hasPrefix("-----END ", at: index) {
        let end = text.run(index + 9, limit: 40) { ByteClass.isUpper($0) || ByteClass.isDigit($0) || $0 == 0x20 }
        return .init(kind: .secret, from: start, end: text.hasPrefix("-----", at: end) ? end + 5 : end)
      }
      index += 1
    }
    return .init(kind: .secret, from: start, end: text.count)
  }
}
