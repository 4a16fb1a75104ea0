// A vendor's invoice or cost export: what was billed for which model on which day.

import LLMTelemetry

/// One billed line.
package struct InvoiceLine: Hashable, Sendable {
  /// `2026-11-24`, UTC.
  package let day: String
  /// The book's name for the model, or the vendor's text where it names none.
  package let model: String
  package let amount: Nanodollars
  package let tokens: Int?
}

/// What is wrong with an invoice file: `invoice.csv:17: …`.
package struct InvoiceError: Error, Hashable, Sendable, CustomStringConvertible {
  package let file: String
  package let line: Int
  package let message: String

  package var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
}

package struct Invoice: Hashable, Sendable {
  package let lines: [InvoiceLine]
  /// Records without a date and a model: sums and remarks.
  package let skipped: Int

  /// From the first moment of the first day to the last of the last, UTC; what is recorded is compared over it.
  package var period: Range<Timestamp>? {
    guard let first = lines.map(\.day).min().flatMap({ Timestamp(rfc3339: $0 + "T00:00:00Z") }),
      let last = lines.map(\.day).max().flatMap({ Timestamp(rfc3339: $0 + "T00:00:00Z") })
    else { return nil }
    return first..<(last + .seconds(86_400))
  }

  /// Reads a CSV export. The header is the first record among the first twenty that names a date, a model and an amount;
  /// names are compared without case, spaces and punctuation. Throws at the first line that cannot be read.
  package static func parse(_ text: String, file: String, book: PriceBook) throws(InvoiceError) -> Invoice {
    let records: [CSVRecord]
    do throws(CSVError) {
      records = try CSVReader.records(text)
    } catch {
      throw InvoiceError(file: file, line: error.line, message: error.message)
    }
    guard let first = records.first else {
      throw InvoiceError(file: file, line: 0, message: "the file is empty; export the costs again, as CSV")
    }
    guard let header = records.prefix(20).firstIndex(where: { InvoiceColumns($0.fields) != nil }),
      let columns = InvoiceColumns(records[header].fields)
    else {
      throw InvoiceError(
        file: file, line: first.line,
        message:
          "no header with a date, a model and an amount; name the columns date, model and amount_usd (docs/money.md lists what vendors call them)"
      )
    }
    var lines: [InvoiceLine] = []
    var skipped = 0
    for record in records[(header + 1)...] {
      do throws(InvoiceProblem) {
        if let line = try columns.line(record.fields, book: book) { lines.append(line) } else { skipped += 1 }
      } catch {
        throw InvoiceError(file: file, line: record.line, message: error.message)
      }
    }
    guard !lines.isEmpty else {
      throw InvoiceError(file: file, line: records[header].line, message: "no line after the header; choose another period")
    }
    return Invoice(lines: lines, skipped: skipped)
  }
}

/// What is wrong with one record.
struct InvoiceProblem: Error {
  let message: String
}
