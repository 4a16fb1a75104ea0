// Writes spans as rows through SQLite's own binding calls: a boxed value for each of sixty columns cost more than SQLite itself.

import GRDB
import GRDBSQLite
import LLMTelemetry

/// Binds the columns of `SpanRow` one after the other. SQLite keeps what is bound from row to row, and most values of a span are
/// those of the span before, so only the others are bound. Texts are copied into memory of ours, a place for each column, so
/// that SQLite need not allocate them.
struct SpanInsertion: ~Copyable {
  /// Bytes of a column's place; longer texts are SQLite's to copy.
  private static let placeSize = 128
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  /// Rows of one statement: SQLite's beginning and end of a statement cost a fifth of a row. With more rows, what is bound would not
  /// stay in the cache nearest to a core.
  private static let rows = 8
  private static let sqlOfRows = SpanRow.insert(rows: rows)
  private static let sqlOfRow = SpanRow.insert(rows: 1)

  private let rows: Int
  private let statement: SQLiteStatement
  private let places: UnsafeMutableRawPointer
  private var column: Int32 = 0
  /// What is bound, by column of each row; SQLite begins with nothing bound, which is null.
  private var texts: [String?]
  private var reals: [Double?]
  private var integers: [Int64?]

  private init(rows: Int, _ db: Database) throws {
    statement = try db.cachedStatement(sql: rows == 1 ? Self.sqlOfRow : Self.sqlOfRows).sqliteStatement
    self.rows = rows
    let count = rows * SpanRow.columnCount + 1
    places = .allocate(byteCount: Self.placeSize * count, alignment: 16)
    texts = Array(repeating: nil, count: count)
    reals = Array(repeating: nil, count: count)
    integers = Array(repeating: nil, count: count)
  }

  deinit {
    // The statement is cached, and must not keep pointers into memory that goes.
    sqlite3_clear_bindings(statement)
    places.deallocate()
  }

  /// In the transaction of the caller. Returns the sequence numbers the spans have; there must be one span at least.
  static func insert(_ spans: [LLMSpan], into db: Database) throws -> ClosedRange<Int64> {
    let inRows = spans.count / rows * rows
    var last: Int64 = 0
    if inRows > 0 {
      var insertion = try SpanInsertion(rows: rows, db)
      for start in stride(from: 0, to: inRows, by: rows) { last = try insertion.write(spans, from: start, db) }
    }
    if inRows < spans.count {
      var insertion = try SpanInsertion(rows: 1, db)
      for index in inRows..<spans.count { last = try insertion.write(spans, from: index, db) }
    }
    return last - Int64(spans.count) + 1...last
  }

  /// Writes as many spans as the statement has rows. Returns the number of the last: in a transaction they follow one another.
  private mutating func write(_ spans: [LLMSpan], from start: Int, _ db: Database) throws -> Int64 {
    column = 0
    // By its place: an element of an array that is handed to a function is copied for it, with all it holds.
    spans.withUnsafeBufferPointer { spans in
      if let first = spans.baseAddress { for index in start..<start + rows { bind(first + index) } }
    }
    let code = sqlite3_step(statement)
    sqlite3_reset(statement)
    guard code == SQLITE_DONE else {
      throw DatabaseError(
        resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(db.sqliteConnection)),
        sql: Self.sqlOfRow)
    }
    let last = db.lastInsertedRowID
    for row in 0..<rows {
      guard let content = spans[start + row].content else { continue }
      try ContentRow.insert(content, of: last - Int64(rows - 1 - row), start: spans[start + row].start, into: db)
    }
    return last
  }

  private mutating func bind(_ span: UnsafePointer<LLMSpan>) {
    integer(Int64(bitPattern: span.pointee.traceID.high))
    integer(Int64(bitPattern: span.pointee.traceID.low))
    integer(Int64(bitPattern: span.pointee.spanID.bits))
    integer(span.pointee.parentSpanID.map { Int64(bitPattern: $0.bits) })
    text(span.pointee.kind.rawValue)
    text(span.pointee.name)
    integer(span.pointee.start.unixNanoseconds)
    integer(span.pointee.duration.wholeNanoseconds)
    integer(span.pointee.timeToFirstToken?.wholeNanoseconds)
    integer(span.pointee.longestGap?.wholeNanoseconds)
    integer(span.pointee.isStreaming ? 1 : 0)
    text(span.pointee.dimensions.service)
    text(span.pointee.dimensions.env)
    text(span.pointee.dimensions.version)
    text(span.pointee.dimensions.provider)
    text(span.pointee.dimensions.model)
    text(span.pointee.dimensions.route)
    text(span.pointee.dimensions.tenant)
    text(span.pointee.dimensions.feature)
    text(span.pointee.dimensions.prompt)
    text(span.pointee.dimensions.promptVersion)
    text(span.pointee.dimensions.region)
    text(span.pointee.responseModel)
    switch span.pointee.outcome {
    case .ok:
      text(nil)
      text(nil)
    case .failed(let errorClass, let message):
      text(errorClass.rawValue)
      text(message)
    }
    text(span.pointee.finishReason?.rawValue)
    integer(span.pointee.httpStatus)
    integer(span.pointee.usage.input)
    integer(span.pointee.usage.cacheRead)
    integer(span.pointee.usage.cacheWrite)
    integer(span.pointee.usage.output)
    integer(span.pointee.usage.reasoning)
    integer(span.pointee.cost.amount?.count)
    text(span.pointee.cost.exactness)
    text(span.pointee.cost.priceVersion)
    integer(span.pointee.attempts)
    text(span.pointee.fallbackFrom)
    real(span.pointee.risk.ungrounded)
    integer(span.pointee.retrieval?.documentCount)
    real(span.pointee.retrieval?.topScore)
    integer(span.pointee.accountsForExchange ? 1 : 0)
    integer(span.pointee.usage.cacheWriteHour)
    integer(span.pointee.usage.inputAudio)
    integer(span.pointee.usage.inputImage)
    integer(span.pointee.usage.outputAudio)
    integer(span.pointee.usage.outputImage)
    integer(span.pointee.usage.isEstimated ? 1 : nil as Int64?)
    text(span.pointee.serviceTier?.rawValue)
    text(span.pointee.virtualKey)
    text(span.pointee.session)
    if span.pointee.risk.isEmpty {
      for _ in 1..<RiskScorer.allCases.count { real(nil) }
    } else {
      for scorer in RiskScorer.allCases where scorer != .ungrounded { real(span.pointee.risk[scorer]) }
    }
    text(span.pointee.dimensions.override)
    integer(span.pointee.isOfJudge ? 1 : nil as Int64?)
  }

  @inline(__always)
  private mutating func integer(_ value: Int64?) {
    column += 1
    if integers[Int(column)] == value { return }
    integers[Int(column)] = value
    if let value { sqlite3_bind_int64(statement, column, value) } else { sqlite3_bind_null(statement, column) }
  }

  @inline(__always)
  private mutating func integer(_ value: Int?) { integer(value.map(Int64.init)) }

  @inline(__always)
  private mutating func real(_ value: Double?) {
    column += 1
    if reals[Int(column)] == value { return }
    reals[Int(column)] = value
    if let value { sqlite3_bind_double(statement, column, value) } else { sqlite3_bind_null(statement, column) }
  }

  @inline(__always)
  private mutating func text(_ value: String?) {
    column += 1
    if texts[Int(column)] == value { return }
    texts[Int(column)] = value
    if let value { bind(value) } else { sqlite3_bind_null(statement, column) }
  }

  private mutating func bind(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      let place = places + Int(column) * Self.placeSize
      guard let start = bytes.baseAddress, bytes.count <= Self.placeSize else {
        // Too long, or empty.
        let source = UnsafePointer(
          (bytes.baseAddress.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(place)).assumingMemoryBound(to: CChar.self))
        sqlite3_bind_text64(statement, column, source, UInt64(bytes.count), Self.transient, UInt8(SQLITE_UTF8))
        return
      }
      place.copyMemory(from: start, byteCount: bytes.count)
      let source = UnsafePointer(place.assumingMemoryBound(to: CChar.self))
      sqlite3_bind_text64(statement, column, source, UInt64(bytes.count), nil, UInt8(SQLITE_UTF8))
    }
  }
}
