// Sensitive values go, ordinary numbers and words stay. Every value here is a published example or made up.

import SemanticRisk
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
  ])
  func sensitiveValueIsReplaced(_ text: String, _ expected: String) {
    #expect(Redactor.redact(text) == expected)
  }

  @Test(arguments: [
    "4111 1111 1111 1112", "1764000000000000000", "order 12345678901234", "version 2.5.1", "300.1.1.1", "1.2.3.4.5",
    "000-12-3456", "123-45-67890",
    "user@host", "a @ b.c", "DE00 3704 0044 0532 0130 00", "sk-learn", "the bearer of this letter", "2026-11-23T23:00:00Z",
    "550e8400-e29b-41d4-a716-446655440000", "",
  ])
  func ordinaryTextStays(_ text: String) {
    #expect(Redactor.redact(text) == text)
  }

  @Test func redactingTwiceChangesNothing() {
    let once = Redactor.redact("a@b.de 4111111111111111 sk-abcdefghijklmnop 10.0.0.1")
    #expect(once == "[email] [card] [secret] [ip]")
    #expect(Redactor.redact(once) == once)
  }
}
