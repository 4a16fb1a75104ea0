// Sensitive values go, ordinary numbers and words stay. Every value here is a published example or made up.

import Redaction
import Testing

@Suite struct RedactorTests {
  @Test(arguments: [
    ("mail jane.doe+x@mail.example.co.uk.", "mail [email]."),
    ("<jürgen@example.de>", "<j\u{FC}rgen@example.de>".replacing("j\u{FC}rgen@example.de", with: "[email]")),
    ("card 4111 1111 1111 1111 exp 12/27", "card [card] exp 12/27"),
    ("4111-1111-1111-1111 12", "[card] 12"),
    ("378282246310005", "[card]"),
    (#"{"text":"pay\n5555555555554444"}"#, #"{"text":"pay\n[card]"}"#),
    ("IBAN DE89 3704 0044 0532 0130 00 EUR", "IBAN [iban] EUR"),
    ("GB82WEST12345698765432", "[iban]"),
    ("ssn 123-45-6789, next", "ssn [ssn], next"),
    ("from 192.168.10.254:8080", "from [ip]:8080"),
    ("key sk-proj-abcdefghijklmnop1234 end", "key [secret] end"),
    ("Authorization: Bearer eyJhbGciOi.JIUzI1NiJ9_abc", "Authorization: Bearer [secret]"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "[secret]"), ("ya29.a0AfH6SMBabcdefgh", "[secret]"),
    ("ck-demo-0123456789abcdef", "[secret]"),
    ("call +49 30 901820 now", "call [phone] now"), ("+442079460958", "[phone]"), ("+1 (212) 555-0142", "[phone]"),
    ("(212) 555-0142 x12", "[phone] x12"), ("212-555-0142.", "[phone]."), ("212.555.0142", "[phone]"),
    ("1-212-555-0142", "[phone]"),
    ("0049 30 901820", "[phone]"), ("0341 838 7176", "[phone]"), ("03.93.92.16.85", "[phone]"), ("(08) 8747 6301", "[phone]"),
    ("from 2001:db8:85a3::8a2e:370:7334 to fe80::1", "from [ip] to [ip]"), ("[2001:db8:0:0:0:0:0:1]:443", "[[ip]]:443"),
    ("sk-ant-api03-abc_DEF-123456789", "[secret]"), ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[secret]"),
    ("github_pat_11ABCDEFG0abcdefghijkl_0123456789", "[secret]"), ("xoxb-123456789012-abcdefghijkl", "[secret]"),
    ("AKIAIOSFODNN7EXAMPLE", "[secret]"), ("hf_abcdefghijklmnopqrstuvwxyz012345", "[secret]"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "[secret]"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic [secret]"),
    ("x -----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc\n-----END RSA PRIVATE KEY----- y", "x [secret] y"),
    ("-----BEGIN PRIVATE KEY-----\nMIIBcut", "[secret]"),
    ("password=hunter2&user=x", "password=[secret]&user=x"), (#"{"api_key": "abcd1234efgh"}"#, #"{"api_key": "[secret]"}"#),
    (#"{\"client_secret\":\"s3cr3t-value-9\"}"#, #"{\"client_secret\":\"[secret]\"}"#),
    ("GET /v1/models?key=abcdef123456&alt=sse", "GET /v1/models?key=[secret]&alt=sse"),
    ("DD-API-KEY: 0123456789abcdef0123456789abcdef", "DD-API-KEY: [secret]"),
    ("postgres://admin:pa55word@db.example.com/x", "postgres://[secret]@db.example.com/x"),
    (#"https:\/\/u:pa55word@host/x"#, #"https:\/\/[secret]@host/x"#), ("q=jane%40example.com&x=1", "q=[email]&x=1"),
    (#"\u0022jane\u0040example.com"#, #"\u0022[email]"#),
    (#"{\"text\":\"pay\njane@example.com\"}"#, #"{\"text\":\"pay\n[email]\"}"#), ("x=%3Djane%40example.com", "x=%3D[email]"),
    ("u=%20sk-proj-abcdefghijklmnop1234", "u=%20[secret]"), ("übel@example.de", "[email]"), ("o'neil@example.ie", "[email]"),
  ])
  func sensitiveValueIsReplaced(_ text: String, _ expected: String) {
    #expect(Redactor.redact(text) == expected)
  }

  @Test(arguments: [
    "4111 1111 1111 1112", "1764000000000000000", "order 12345678901234", "version 2.5.1", "300.1.1.1", "1.2.3.4.5",
    "000-12-3456", "123-45-67890",
    "user@host", "a @ b.c", "DE00 3704 0044 0532 0130 00", "sk-learn", "the bearer of this letter", "2026-11-23T23:00:00Z",
    "550e8400-e29b-41d4-a716-446655440000", "",
    "std::vector<int> a::b abc::def", "12:34:56 and 10:20", "aa:bb:cc:dd:ee:ff", "127.0.0.1:8080", "0.0.0.0", "255.255.255.0",
    "password = getPassword(user)", "token: string", "api_key=$API_KEY", "max_tokens: 1024", "the secret: patience", "key = 12",
    "a + 123456789", "2026-11-24 10:00:00", "555-1234", "200 300 4000", "1+1=2", "sk-learn-based-pipelines-of-words",
    "basic internationalization", "gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929", "us-central1", "https://example.com/a:b@c",
    "0123456789", "3.14159265358979", "[email] [secret]", "password=[secret]", "ISBN 978-3-16-148410-0", "tel: n/a",
    "01.02.2024", "01-02-2024 10:00", "0.123 0.456 0.789", "05 06 07 08", "007 000 001",
  ])
  func ordinaryTextStays(_ text: String) {
    #expect(Redactor.redact(text) == text)
  }

  @Test func onlyCredentialsGoWhereEverythingElseMayStay() {
    let text = "a@b.de 4111111111111111 +49 30 901820, 10.0.0.1 sk-abcdefghijklmnop password=hunter2"
    let expected = "a@b.de 4111111111111111 +49 30 901820, 10.0.0.1 [secret] password=[secret]"
    #expect(Redactor.redact(text, onlyCredentials: true) == expected)
    #expect(Redactor.kinds(in: text) == [.email, .card, .phone, .ip, .secret, .secret])
  }

  /// Texts made to be read again and again take no longer than others.
  @Test(arguments: ["sk-", "eyJ-", "token=", "a@", "1-", "+1 ", "-----BEGIN ", "http://", "1:", "::", "%40", "DE00", "Bearer "])
  func noTextIsSlow(_ piece: String) {
    let text = String(repeating: piece, count: 30_000 / piece.utf8.count)
    let time = ContinuousClock().measure { _ = Redactor.redact(text) }
    #expect(time < .seconds(5), "\(time)")
  }

  /// No bytes trap, and what comes out is a text that is clean.
  @Test func anyBytesAreTaken() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("sk-eyJ@.:=+()0123456789 -_%4u\\/[]\"ABCDEF\u{FC}\n".utf8)
    for _ in 0..<3000 {
      let bytes = (0..<Int.random(in: 0..<120, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let once = Redactor.redact(String(decoding: bytes, as: UTF8.self))
      #expect(Redactor.redact(once).utf8.count <= once.utf8.count + 64)
    }
  }

  @Test func redactingTwiceChangesNothing() {
    let once = Redactor.redact("a@b.de 4111111111111111 sk-abcdefghijklmnop 10.0.0.1")
    #expect(once == "[email] [card] [secret] [ip]")
    #expect(Redactor.redact(once) == once)
  }
}
