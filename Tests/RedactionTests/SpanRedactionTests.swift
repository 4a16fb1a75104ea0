// The stage as a value: what each way of capture leaves, what a span keeps, and what the memory of clean values keeps.

import LLMTelemetry
import Testing

@testable import Redaction

@Suite struct SpanRedactionTests {
  private let content = SpanContent(
    input: [ContentMessage(role: "user", text: "I am a@b.de"), ContentMessage(role: "tool", text: "key sk-abcdefghijklmnop1")],
    output: "", documents: [ContentDocument(id: "10.1.2.3", name: "a@b.de", text: "4111111111111111", score: 0.5)])

  private func captured(_ capture: ContentCapture, _ hash: ContentHash = ContentHash(secret: "s")) -> SpanContent? {
    SpanRedaction(hash: hash).captured(content, as: capture)
  }

  @Test func offLeavesNothingAndRedactedLeavesNoPersonalData() throws {
    #expect(captured(.off) == nil)
    let redacted = try #require(captured(.redacted))
    #expect(redacted.input.map(\.text) == ["I am [email]", "key [secret]"])
    #expect(redacted.documents == [ContentDocument(id: "[ip]", name: "[email]", text: "[card]", score: 0.5)])
  }

  @Test func fullLeavesEverythingButCredentials() throws {
    let full = try #require(captured(.full))
    #expect(full.input.map(\.text) == ["I am a@b.de", "key [secret]"])
    #expect(full.documents.first?.text == "4111111111111111")
  }

  @Test func hashesTellEqualTextsAndAreAsDifferentAsTheirKeys() throws {
    let hashed = try #require(captured(.hashed))
    #expect(hashed == captured(.hashed) && hashed != captured(.hashed, ContentHash(secret: "t")))
    #expect(captured(.hashed, ContentHash()) != captured(.hashed, ContentHash()))
    #expect(hashed.input[0].text.hasPrefix("hash:") && hashed.input[0].text.hasSuffix(" bytes:11") && hashed.responseText.isEmpty)
    #expect(hashed.input[0].text.utf8.count == "hash:".utf8.count + 32 + " bytes:11".utf8.count)
  }

  /// The first vectors of SipHash's authors for 128 bits, with the key 00 01 … 0f.
  @Test func theHashIsSipHash() {
    let key0: UInt64 = 0x0706_0504_0302_0100
    let key1: UInt64 = 0x0f0e_0d0c_0b0a_0908
    #expect(ContentHash.sip([UInt8](), key0, key1) == (0xe6a8_25ba_047f_81a3, 0x9302_55c7_1472_f66d))
    #expect(ContentHash.sip([UInt8(0)], key0, key1) == (0x44af_996b_d8c1_87da, 0x45fc_229b_1159_7634))
  }

  @Test func aRouteHasItsOwnWordAndOthersTheStandard() {
    let policy = CapturePolicy(.hashed, byRoute: ["chat": .full, "quiet": .off])
    #expect(["chat", "quiet", "other", nil].map { policy.capture(route: $0) } == [.full, .off, .hashed, .hashed])
  }

  @Test func aChangeIsRedactedInEveryField() {
    let change = ChangeEvent(
      at: Timestamp(unixSeconds: 1), kind: .deploy, subject: "a@b.de", from: "10.1.2.3", to: "sk-abcdefghijklmnop1",
      author: "c@d.de")
    let redacted = SpanRedaction.redact(change)
    #expect([redacted.subject, redacted.from, redacted.to, redacted.author] == ["[email]", "[ip]", "[secret]", "[email]"])
  }

  @Test func cleanValuesAreRememberedWithinALimitAndOthersNever() {
    var memory = CleanValues(fields: 2)
    func redacted(_ text: String?, field: Int = 0) -> String? {
      var value = text
      memory.redact(&value, field: field)
      return value
    }
    #expect(redacted("acme") == "acme" && redacted("acme") == "acme" && redacted(nil) == nil)
    #expect(redacted("jane@example.com") == "[email]" && redacted("jane@example.com", field: 1) == "[email]")
    #expect(memory.count == 1)
    for number in 0..<20_000 { #expect(redacted("tenant-\(number)") == "tenant-\(number)") }
    #expect(memory.count <= CleanValues.limit)
    let long = String(repeating: "x y", count: 1000)
    let before = memory.count
    #expect(redacted(long) == long && memory.count == before)
  }

  /// A field that is added to the span must be looked at here, or be named as one that holds no text from outside.
  @Test func everyTextOfASpanIsRedacted() {
    let secret = "sk-proj-abcdefghijklmnop1234"
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: .llm, name: "chat \(secret)", start: Timestamp(unixSeconds: 1),
      duration: .seconds(1))
    span.dimensions.service = secret
    span.dimensions.env = secret
    span.dimensions.version = secret
    span.dimensions.provider = secret
    span.dimensions.model = secret
    span.dimensions.route = secret
    span.dimensions.tenant = secret
    span.dimensions.feature = secret
    span.dimensions.prompt = secret
    span.dimensions.promptVersion = secret
    span.dimensions.region = secret
    span.dimensions.override = secret
    span.virtualKey = secret
    span.responseModel = secret
    span.fallbackFrom = secret
    span.session = secret
    span.outcome = .failed(.auth, message: "refused \(secret)")
    span.cost = .exact(Nanodollars(1), priceVersion: secret)
    var memory = CleanValues()
    SpanRedaction().redactFacts(&span, &memory)
    var description = ""
    dump(span, to: &description)
    #expect(!description.contains("abcdefghijklmnop"))
    #expect(span.dimensions.tenant == "[secret]" && span.name == "chat [secret]")
    // The members of the record that can hold text: whoever adds one adds it above.
    #expect(Mirror(reflecting: span).children.count == 28 && Mirror(reflecting: span.dimensions).children.count == 12)
  }
}
