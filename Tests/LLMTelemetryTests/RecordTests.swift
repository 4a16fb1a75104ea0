// The record's own types: times, money and ids read back what they print, and refuse what they cannot hold.
import Testing

@testable import LLMTelemetry

@Suite struct RecordTests {
  @Test(arguments: [
    "1970-01-01T00:00:00Z", "2026-11-23T23:59:59.001Z", "2024-02-29T12:00:00.000000001Z", "1969-12-31T23:59:59.999Z",
    "2000-03-01T00:00:00Z",
    "2100-02-28T23:59:59Z",
  ])
  func timesReadBackWhatTheyPrint(text: String) throws {
    #expect(try #require(Timestamp(rfc3339: text)).rfc3339 == text)
  }

  @Test func timesReadOffsetsAndRefuseOtherText() throws {
    #expect(Timestamp(rfc3339: "2026-11-01T02:00:00+02:00") == Timestamp(rfc3339: "2026-11-01T00:00:00Z"))
    #expect(Timestamp(rfc3339: "2026-11-01T00:00:00Z")?.unixSeconds == 1_793_491_200)
    for wrong in [
      "", "2026-11-01", "2026-11-01T00:00:00", "2026-13-01T00:00:00Z", "2026-11-01T00:00:00.Z", "2026-11-01T00:00:00Zx",
    ] {
      #expect(Timestamp(rfc3339: wrong) == nil, "\(wrong)")
    }
  }

  @Test func timesBeforeTheEpochFloorDownwards() {
    #expect(Timestamp(unixNanoseconds: -1).floored(to: .seconds(10)) == Timestamp(unixSeconds: -10))
    #expect(Timestamp(unixNanoseconds: 19_999_999_999).floored(to: .seconds(10)) == Timestamp(unixSeconds: 10))
  }

  @Test(
    arguments: [
      (0, "0"), (1, "0.000000001"), (1500, "0.0000015"), (12_000_000_000, "12"), (-500_000_000, "-0.5"),
      (1_234_567_891, "1.234567891"),
    ] as [(Int64, String)])
  func moneyReadsBackWhatItPrints(count: Int64, text: String) {
    #expect(Nanodollars(count).decimalDollars == text)
    #expect(Nanodollars(decimalDollars: text) == Nanodollars(count))
  }

  @Test(arguments: ["", "-", "1.", ".5", "1e3", "+1", "1.0000000001", "--1", "1,5", "99999999999999999999"])
  func moneyRefusesOtherText(text: String) {
    #expect(Nanodollars(decimalDollars: text) == nil)
  }

  @Test func idsReadBackAndAreNeverZero() {
    let trace = TraceID.random(at: Timestamp(unixSeconds: 0x1234_5678))
    #expect(TraceID(hexadecimal: trace.description) == trace)
    #expect(trace.description.hasPrefix("1234567800000000"))
    #expect(SpanID(hexadecimal: "00000000000000ff")?.bits == 255)
    for wrong in [
      String(repeating: "0", count: 32), "+" + String(repeating: "1", count: 15), "12", String(repeating: "g", count: 32),
    ] {
      #expect(TraceID(hexadecimal: wrong) == nil, "\(wrong)")
    }
    #expect(SpanID(hexadecimal: "0000000000000000") == nil)
    #expect(SpanID(hexadecimal: "+000000000000001") == nil)
  }

  @Test func unknownTokensAreNotZero() {
    #expect(TokenUsage().totalInput == nil)
    #expect(TokenUsage(output: 0).totalOutput == 0)
    #expect(TokenUsage(input: 3, cacheRead: 4).totalInput == 7)
  }
}
