// Comma-separated values as RFC 4180 has them, with the line each record begins on, so that an error can name it.

/// One record.
struct CSVRecord: Hashable, Sendable {
  /// From 1; a quoted field may span several lines.
  let line: Int
  var fields: [String]
}

struct CSVError: Error, Hashable, Sendable {
  let line: Int
  /// What is wrong; what to do.
  let message: String
}

/// Written here and not taken from a library, since none at hand keeps line numbers, and an error without one sends a person
/// through a file of a hundred thousand lines.
enum CSVReader {
  /// All records; empty lines are skipped, a byte order mark and CR LF are understood. Quotes may hold commas, line ends and
  /// doubled quotes.
  static func records(_ text: String) throws(CSVError) -> [CSVRecord] {
    var parser = Parser()
    let hasMark = text.unicodeScalars.first == "\u{FEFF}"
    for byte in text.utf8.dropFirst(hasMark ? 3 : 0) { try parser.take(byte) }
    return try parser.finish()
  }

  private struct Parser {
    private enum State { case start, plain, quoted, afterQuote }

    private var records: [CSVRecord] = []
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var state = State.start
    private var line = 1
    private var recordLine = 1
    private var quoteLine = 1
    private var isAfterReturn = false

    mutating func take(_ byte: UInt8) throws(CSVError) {
      let isSecondHalf = isAfterReturn && byte == UInt8(ascii: "\n")
      isAfterReturn = byte == UInt8(ascii: "\r")
      let isLineEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      if isLineEnd && !isSecondHalf { line += 1 }
      switch state {
      case .quoted:
        if byte == UInt8(ascii: "\"") { state = .afterQuote } else { field.append(byte) }
      case .afterQuote where byte == UInt8(ascii: "\""):
        field.append(byte)
        state = .quoted
      case .start where byte == UInt8(ascii: "\""):
        state = .quoted
        quoteLine = line
      case .start, .plain, .afterQuote:
        if byte == UInt8(ascii: ",") {
          endField()
        } else if isLineEnd {
          if !isSecondHalf { endRecord() } else { recordLine = line }
        } else if state == .afterQuote {
          throw CSVError(line: line, message: "text after a closing quote; double the quotes inside a field")
        } else if byte == UInt8(ascii: "\"") {
          throw CSVError(line: line, message: "a quote inside an unquoted field; quote the whole field and double its quotes")
        } else {
          field.append(byte)
          state = .plain
        }
      }
    }

    mutating func finish() throws(CSVError) -> [CSVRecord] {
      if state == .quoted { throw CSVError(line: quoteLine, message: "this quote is never closed; close it") }
      endRecord()
      return records
    }

    private mutating func endField() {
      fields.append(String(decoding: field, as: UTF8.self))
      field.removeAll(keepingCapacity: true)
      state = .start
    }

    private mutating func endRecord() {
      let isEmpty = fields.isEmpty && field.isEmpty && state == .start
      if !isEmpty {
        endField()
        records.append(CSVRecord(line: recordLine, fields: fields))
      }
      fields.removeAll(keepingCapacity: true)
      state = .start
      recordLine = line
    }
  }
}
