// Structured sensitive data by checksum and form, at its exact place, and not what only looks like it.

@testable import SemanticRisk
import Testing

@Suite struct SensitiveTests {
  private func found(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    return SensitiveScanner.findings(in: bytes).map { "\($0.kind.rawValue):\(String(decoding: bytes[$0.range], as: UTF8.self))" }
  }

  @Test func whatIsSomebodysIsFound() {
    #expect(found("Card 4111 1111 1111 1111, thanks") == ["card:4111 1111 1111 1111"])
    #expect(found("amex 378282246310005.") == ["card:378282246310005"])
    #expect(found("IBAN gb82 west 1234 5698 7654 32 please") == ["iban:gb82 west 1234 5698 7654 32"])
    #expect(found("DE89370400440532013000") == ["iban:DE89370400440532013000"])
    #expect(found("SSN 536-90-4399!") == ["ssn:536-90-4399"])
    #expect(found("Write to <ana.b+c@mail.example.co.uk>.") == ["email:ana.b+c@mail.example.co.uk"])
    #expect(found("call me at (415) 555-2671 x12 now") == ["phone:(415) 555-2671 x12"])
    #expect(found("+44 20 7946 0958") == ["phone:+44 20 7946 0958"])
    #expect(found("host 203.0.113.7 and 2001:db8:0:0:1:0:0:1") == ["ip:203.0.113.7", "ip:2001:db8:0:0:1:0:0:1"])
    #expect(found("key AKIAIOSFODNN7EXAMPLE in the file") == ["secret:AKIAIOSFODNN7EXAMPLE"])
    #expect(found("ghp_" + String(repeating: "a1", count: 18)) == ["secret:ghp_" + String(repeating: "a1", count: 18)])
    #expect(found("Telefon: 030 1234567") == ["phone:030 1234567"])
  }

  @Test(arguments: [
    "4111 1111 1111 1112", "order 1234567890123456", "GB82 WEST 1234 5698 7654 33", "000-12-3456", "666-12-3456", "912-34-5678",
    "123-45-6789", "version 1.2.3.4.5", "2024-01-15 10:30:00", "from 1999-2004", "3.14159265358979", "a@b", "@decorator",
    "std::vector::size", "$1,234,567.89", "ratio 16:9", "page 555-1234567890123", "0000 0000 0000 0000",
  ])
  func whatOnlyLooksLikeItIsNot(_ text: String) { #expect(found(text) == []) }

  @Test func placesAreExactBehindOtherScripts() throws {
    let row = try LabelledRow(line: Array(#"{"id":"a","text":"Grüße 👋 an max@beispiel.de!"}"#.utf8))
    #expect(
      RowScoring(scorer: .sensitive).line(for: row) == #"{"id":"a","score":0.7,"spans":[[11,26,1.0]],"kinds":["email"]}"#)
    #expect(RowScoring(scorer: .sensitive, kinds: [.card]).line(for: row) == #"{"id":"a","score":0.0,"spans":[]}"#)
  }

  @Test(.enabled(if: hasSharedData, "the labelled data is not in a clone of the project"))
  func ordinaryAnswersHaveNoCards() throws {
    let rows = try sharedRows("benign_outputs/arenahard_gpt35.jsonl")
    let kinds: Set<SensitiveKind> = [.card, .ssn, .iban, .secret]
    let flagged = rows.count { row in SensitiveScanner.findings(in: Array(row.subject.utf8)).contains { kinds.contains($0.kind) }
    }
    #expect(rows.count == 500 && flagged == 0)
  }
}
