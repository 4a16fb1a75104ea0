// Where an export keeps its dates, models and amounts, under the names the vendors give them.

import LLMTelemetry

struct InvoiceColumns {
  private let date: Int
  private let model: Int
  private let amount: Int
  private let currency: Int?
  private let tokens: [Int]

  /// In order of preference. Google: billing export; OpenAI: costs export; Anthropic: cost report.
  private static let dates = [
    "date", "day", "usagedate", "usagedateutc", "usagestartdate", "usagestarttime", "starttimeiso", "starttime", "startingat",
  ]
  private static let models = ["model", "modelname", "lineitem", "skudescription", "sku", "description"]
  private static let amounts = [
    "amountusd", "costusd", "unroundedcost", "cost", "amountvalue", "amount", "subtotal",
  ]
  private static let currencies = ["currency", "amountcurrency"]
  private static let tokenCounts = [
    "inputtokens", "outputtokens", "cachereadtokens", "cachewritetokens", "cachereadinputtokens", "cachecreationinputtokens",
    "tokens",
  ]

  /// `nil` when the record is not a header.
  init?(_ header: [String]) {
    let names = header.map(Self.normalized)
    func first(_ wanted: [String]) -> Int? {
      for name in wanted { if let index = names.firstIndex(of: name) { return index } }
      return nil
    }
    guard let date = first(Self.dates), let model = first(Self.models), let amount = first(Self.amounts) else { return nil }
    self.date = date
    self.model = model
    self.amount = amount
    currency = first(Self.currencies)
    tokens = names.indices.filter { Self.tokenCounts.contains(names[$0]) }
  }

  /// `Cost ($)`, `cost_usd` and `Usage start date` as `cost`, `costusd` and `usagestartdate`.
  private static func normalized(_ name: String) -> String {
    name.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  /// `nil` for a record that has neither date nor model: a sum, or a remark.
  func line(_ fields: [String], book: PriceBook) throws(InvoiceProblem) -> InvoiceLine? {
    func field(_ index: Int) -> String { index < fields.count ? fields[index].trimmed : "" }
    if field(date).isEmpty && field(model).isEmpty { return nil }
    guard let day = Self.day(field(date)) else {
      throw InvoiceProblem(
        message: "\"\(field(date))\" is not a date; write 2026-11-24, an RFC 3339 time, or seconds since 1970")
    }
    guard !field(model).isEmpty else { throw InvoiceProblem(message: "the model is missing; name it, or delete the line") }
    if let currency, !field(currency).isEmpty, field(currency).uppercased() != "USD" {
      throw InvoiceProblem(message: "the amount is in \(field(currency)); export the costs in USD")
    }
    guard let amount = Nanodollars(invoiceAmount: field(amount)) else {
      throw InvoiceProblem(message: "\"\(field(self.amount))\" is not an amount; write plain dollars such as 12.50")
    }
    var count: Int?
    for column in tokens where !field(column).isEmpty {
      guard let value = Int(field(column).filter { $0 != "," }), value >= 0, value < 1 << 50 else {
        throw InvoiceProblem(message: "\"\(field(column))\" is not a number of tokens; write digits, or leave it empty")
      }
      count = (count ?? 0) + value
    }
    return InvoiceLine(day: day, model: book.invoicedModel(field(model)), amount: amount, tokens: count)
  }

  /// The UTC day of a date, a time or Unix seconds.
  static func day(_ text: String) -> String? {
    if text.utf8.count >= 9, text.utf8.count <= 11, let seconds = Int64(text), seconds > 0 {
      return String(Timestamp(unixSeconds: seconds).rfc3339.prefix(10))
    }
    if let time = Timestamp(rfc3339: text) { return String(time.rfc3339.prefix(10)) }
    let date = text.prefix(10)
    let rest = text.dropFirst(10)
    guard rest.isEmpty || rest.first == " " || rest.first == "T",
      let midnight = Timestamp(rfc3339: String(date) + "T00:00:00Z")
    else { return nil }
    return String(midnight.rfc3339.prefix(10))
  }
}
