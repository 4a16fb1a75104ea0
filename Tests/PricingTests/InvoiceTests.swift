// Invoices as vendors export them, read exactly, and each mistake with its line.

import LLMTelemetry
@testable import Pricing
import Testing

@Suite struct InvoiceTests {
  private let book = PriceBook.builtIn

  private func read(_ text: String) throws -> Invoice { try Invoice.parse(text, file: "invoice.csv", book: book) }

  @Test func csvFollowsRFC4180() throws {
    let text = "\u{FEFF}a,b\r\n\"x, \"\"y\"\"\r\nz\",2\r\n\r\n,\"\"\n\"é\",û"
    let records = try CSVReader.records(text)
    #expect(records.map(\.fields) == [["a", "b"], ["x, \"y\"\r\nz", "2"], ["", ""], ["é", "û"]])
    #expect(records.map(\.line) == [1, 2, 5, 6])
    #expect(try CSVReader.records("") == [])
    #expect(try CSVReader.records("\u{FEFF}") == [])
    #expect(try CSVReader.records("û,1\r2,3\r").map(\.fields) == [["û", "1"], ["2", "3"]])
    #expect(try CSVReader.records("a,\n").map(\.fields) == [["a", ""]])
    #expect(throws: CSVError.self) { try CSVReader.records("a\n\"b\nc") }
    #expect(throws: CSVError.self) { try CSVReader.records("a\"b") }
    #expect(throws: CSVError.self) { try CSVReader.records("\"a\"b") }
  }

  @Test func genericHeader() throws {
    let invoice = try read(
      "date,model,amount_usd,input_tokens,output_tokens\n2026-11-01,gpt-4o-2024-11-20,1.25,100,20\n2026-11-02,own,-0.5,,\n")
    #expect(
      invoice.lines == [
        InvoiceLine(day: "2026-11-01", model: "gpt-4o", amount: Nanodollars(1_250_000_000), tokens: 120),
        InvoiceLine(day: "2026-11-02", model: "own", amount: Nanodollars(-500_000_000), tokens: nil),
      ])
  }

  @Test func googleBillingExport() throws {
    let invoice = try read(
      """
      Invoice number,123
      Billing account,000-AAA
      Service description,SKU description,Usage start date,Usage end date,Usage amount,Cost ($),Unrounded Cost ($),Currency
      Vertex AI,Gemini 2.5 Flash GA Text Input - Predictions,2026-11-01,2026-11-02,"1,000",0.30,0.30000001,USD
      Vertex AI,Gemini 2.5 Flash Lite Thinking Text Output - Predictions,2026-11-01,2026-11-02,5,"1,234.56",1234.56,USD
      Vertex AI,Gemini 2.5 Flash Image Generation,2026-11-01,2026-11-02,5,1,1,USD
      Vertex AI,"Claude Opus 4.5 Cache Read, 5m",2026-11-01,2026-11-02,5,1,1,USD
      ,,,,Total,1235.86,1235.86,
      """)
    #expect(
      invoice.lines.map(\.model) == [
        "gemini-2.5-flash", "gemini-2.5-flash-lite", "Gemini 2.5 Flash Image Generation", "claude-opus-4-5",
      ])
    #expect(invoice.lines.map(\.amount.count) == [300_000_010, 1_234_560_000_000, 1_000_000_000, 1_000_000_000])
    #expect(invoice.skipped == 1)
  }

  @Test func openAICostsExport() throws {
    let invoice = try read(
      """
      start_time,end_time,start_time_iso,amount_value,amount_currency,line_item,project_name
      1793491200,1793577600,2026-11-01T00:00:00Z,1.5e-05,usd,"gpt-4o-mini-2024-07-18, cached input",p
      1793491200,1793577600,2026-11-01T00:00:00+00:00,0.123456789123456789,usd,"gpt-5-2025-08-07, output",p
      """)
    #expect(invoice.lines.map(\.model) == ["gpt-4o-mini", "gpt-5"])
    #expect(invoice.lines.map(\.amount.count) == [15_000, 123_456_789])
    #expect(Set(invoice.lines.map(\.day)) == ["2026-11-01"])
    #expect(InvoiceColumns.day("1793491200") == "2026-11-01")
  }

  @Test func anthropicCostExport() throws {
    let invoice = try read(
      """
      usage_date_utc,model,workspace,token_type,cost_usd
      2026-11-01,claude-haiku-4-5-20251001,Default,input_cache_write_5m,0.000125
      2026-11-01,Claude Sonnet 4.5,Default,output,2
      """)
    #expect(invoice.lines.map(\.model) == ["claude-haiku-4-5", "claude-sonnet-4-5"])
  }

  @Test(arguments: [
    ("Gemini 2.5 Flash", "gemini-2.5-flash"), ("Gemini 2.5 Flash Live", "Gemini 2.5 Flash Live"),
    ("Gemini 2.5 Pro Thinking Text Output", "gemini-2.5-pro"), ("models/gemini-2.5-pro", "gemini-2.5-pro"),
    ("Gemini Native Something", "Gemini Native Something"), ("Cloud Storage", "Cloud Storage"), ("o3, input", "o3"),
    ("GPT-4o mini", "gpt-4o-mini"), ("gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe"),
    ("claude-opus-4-5@20251101", "claude-opus-4-5"), ("ft:gpt-4o-mini:acme", "ft:gpt-4o-mini:acme"),
  ])
  func lineNamesItsModelAndNoOther(_ text: String, _ model: String) { #expect(book.invoicedModel(text) == model) }

  @Test(arguments: [
    ("", "invoice.csv: the file is empty"), ("a,b\n1,2", "invoice.csv:1: no header"),
    ("date,model,cost\n", "invoice.csv:1: no line after the header"),
    ("date,model,cost\n2026-11-01,m,1\n11/02/2026,m,1", "invoice.csv:3: \"11/02/2026\" is not a date"),
    ("date,model,cost\n2026-13-01,m,1", "invoice.csv:2: \"2026-13-01\" is not a date"),
    ("date,model,cost\n2026-11-01,,1", "invoice.csv:2: the model is missing"),
    ("date,model,cost\n2026-11-01,m,one", "invoice.csv:2: \"one\" is not an amount"),
    ("date,model,cost\n2026-11-01,m", "invoice.csv:2: \"\" is not an amount"),
    ("date,model,cost,currency\n2026-11-01,m,1,EUR", "invoice.csv:2: the amount is in EUR"),
    ("date,model,cost,tokens\n2026-11-01,m,1,many", "invoice.csv:2: \"many\" is not a number of tokens"),
    ("date,model,cost\n2026-11-01,\"m,1", "invoice.csv:2: this quote is never closed"),
  ])
  func mistakeNamesItsLineAndRemedy(_ text: String, _ message: String) {
    let error = #expect(throws: InvoiceError.self) { try read(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "none")")
  }

  @Test(
    arguments: [
      ("1", 1_000_000_000), ("$1,234.50", 1_234_500_000_000), ("-$2", -2_000_000_000), ("$-2", -2_000_000_000),
      (" 3 ", 3_000_000_000),
      ("0.0000000005", 0), ("0.0000000015", 2), ("0.00000000051", 1), ("1e3", 1_000_000_000_000), ("2.5E-9", 2), ("1e-30", 0),
      ("1,23", nil), ("1.2.3", nil), ("", nil), ("-", nil), ("€5", nil), ("1e99", nil), ("99999999999", nil), ("1e", nil),
      ("NaN", nil),
    ] as [(String, Int64?)])
  func amountIsExact(_ text: String, _ nanodollars: Int64?) {
    #expect(Nanodollars(invoiceAmount: text)?.count == nanodollars)
  }
}
