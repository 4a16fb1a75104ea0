// Leaf counts from a CSV of anybody's: one row a leaf and interval, dimensions in columns, events and exposures in two of them.

package struct LeafFileColumns: Sendable {
  package var time = "min"
  package var observed = "value"
  /// `nil` where there is none: then the observed amounts are compared with their own past, minute by minute.
  package var exposure: String? = "cnt"

  package init() {}
}

package struct LeafFileProblem: Error, Hashable, CustomStringConvertible {
  package let description: String
}

/// The leaves of one failure, ready to be searched.
package struct LeafFile: Sendable {
  /// More rows are refused: a file of this size belongs into a database.
  package static let rowLimit = 10_000_000

  package let table: LeafTable
  package let expected: [Double]
  package let hasExposures: Bool

  /// Rows from `at` to `until` (both included, `at` alone by default) are the failure, those before are the baseline, later ones are ignored.
  /// Times are numbers, or texts whose order is that of time, such as ISO 8601 in one zone.
  package init(_ bytes: some Sequence<UInt8>, columns: LeafFileColumns, at: String, until: String? = nil) throws {
    var lines = CommaSeparated(Array(bytes))
    guard let header = lines.next(), header.contains(where: { !$0.isEmpty }) else {
      throw Self.problem("line 1: a header with the names of the columns is missing")
    }
    guard Set(header).count == header.count else { throw Self.problem("line 1: two columns have the same name") }
    func index(_ name: String, _ option: String) throws -> Int {
      guard let index = header.firstIndex(of: name) else {
        throw Self.problem(
          "line 1: there is no column `\(name)`; there are \(header.joined(separator: ", ")). Name it with \(option)")
      }
      return index
    }
    let time = try index(columns.time, "--time")
    let observed = try index(columns.observed, "--observed")
    let exposure = try columns.exposure.map { try index($0, "--exposure") }
    let dimensions = header.indices.filter { $0 != time && $0 != observed && $0 != exposure }
    guard !dimensions.isEmpty else { throw Self.problem("line 1: there is no dimension besides time, events and exposures") }
    let (start, end) = (Moment(at), Moment(until ?? at))
    var table = LeafTable(dimensions: dimensions.map { header[$0] })
    var (momentsNow, momentsBefore) = (Set<String>(), Set<String>())
    var count = 0
    while let row = lines.next() {
      if row.count == 1, row[0].isEmpty { continue }
      guard row.count == header.count else {
        throw Self.problem("line \(lines.line): \(row.count) fields where the header has \(header.count)")
      }
      count += 1
      guard count <= Self.rowLimit else { throw Self.problem("more than \(Self.rowLimit) rows; sum them to leaves first") }
      let moment = Moment(row[time])
      guard moment <= end else { continue }
      func amount(_ column: Int) throws -> Double {
        guard let value = Double(row[column]), value.isFinite, value >= 0 else {
          throw Self.problem(
            "line \(lines.line): `\(header[column])` is \"\(row[column].prefix(40))\", not a number of at least 0")
        }
        return value
      }
      let amounts = Exposure(events: try amount(observed), exposures: try exposure.map(amount) ?? 0)
      let isNow = !(moment < start)
      if isNow { momentsNow.insert(row[time]) } else { momentsBefore.insert(row[time]) }
      table.add(dimensions.map { row[$0] }, now: isNow ? amounts : Exposure(), before: isNow ? Exposure() : amounts)
    }
    guard !momentsNow.isEmpty else { throw Self.problem("there is no row at \(at)") }
    self.table = table
    hasExposures = exposure != nil
    expected =
      exposure != nil
      ? LeafBaseline().expected(table)
      : LeafBaseline.expectedVolume(
        table, durationRatio: momentsBefore.isEmpty ? 0 : Double(momentsNow.count) / Double(momentsBefore.count))
  }

  private static func problem(_ text: String) -> LeafFileProblem { LeafFileProblem(description: text) }

  /// A time of the file: by value where both are numbers, by text otherwise.
  private struct Moment: Comparable {
    let text: String
    let number: Double?

    init(_ text: String) {
      self.text = text
      number = Double(text)
    }

    static func == (left: Moment, right: Moment) -> Bool { !(left < right) && !(right < left) }

    static func < (left: Moment, right: Moment) -> Bool {
      if let left = left.number, let right = right.number { return left < right }
      return left.text < right.text
    }
  }
}

/// Rows of comma-separated values (RFC 4180: quotes, doubled quotes, line breaks within quotes; LF and CRLF).
struct CommaSeparated {
  private let bytes: [UInt8]
  private var position = 0
  private var nextLine = 1
  /// The line on which the last row began.
  private(set) var line = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
  }

  mutating func next() -> [String]? {
    guard position < bytes.count else { return nil }
    line = nextLine
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    func finish() -> String { String(decoding: field, as: UTF8.self) }
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\n") { nextLine += 1 }
      if isQuoted {
        guard byte == UInt8(ascii: "\"") else {
          field.append(byte)
          continue
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
          field.append(byte)
          position += 1
        } else {
          isQuoted = false
        }
      } else if byte == UInt8(ascii: "\""), field.isEmpty {
        isQuoted = true
      } else if byte == UInt8(ascii: ",") {
        fields.append(finish())
        field.removeAll(keepingCapacity: true)
      } else if byte == UInt8(ascii: "\n") {
        break
      } else if byte != UInt8(ascii: "\r") {
        field.append(byte)
      }
    }
    return fields + [finish()]
  }
}
