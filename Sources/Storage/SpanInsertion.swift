// Writes spans as rows through SQLite's own binding calls: a boxed value for each of fifty columns cost more than SQLite itself.

import GRDB
import GRDBSQLite
import LLMTelemetry

/// Binds the columns of `SpanRow` one after the other. Texts are copied into memory of ours that stays until the row is written,
/// so that SQLite need not allocate each.
struct SpanInsertion: ~Copyable {
  private static let arenaSize = 8192
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  private let statement: SQLiteStatement
  private let arena = UnsafeMutableRawPointer.allocate(byteCount: arenaSize, alignment: 16)
  private var used = 0
  private var column: Int32 = 0

  private init(_ statement: SQLiteStatement) { self.statement = statement }

  deinit {
    // The statement is cached, and must not keep pointers into the arena.
    sqlite3_clear_bindings(statement)
    arena.deallocate()
  }

  /// In the transaction of the caller. Returns the sequence numbers the spans have; there must be one span at least.
  static func insert(_ spans: [LLMSpan], into db: Database) throws -> ClosedRange<Int64> {
    let statement = try db.cachedStatement(sql: SpanRow.insert)
    var insertion = SpanInsertion(statement.sqliteStatement)
    var first: Int64 = 0
    for index in spans.indices {
      insertion.bind(spans[index])
      let code = sqlite3_step(insertion.statement)
      sqlite3_reset(insertion.statement)
      guard code == SQLITE_DONE else {
        throw DatabaseError(
          resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(db.sqliteConnection)),
          sql: SpanRow.insert)
      }
      if index == 0 { first = db.lastInsertedRowID }
    }
    return first...max(first, db.lastInsertedRowID)
  }

  private mutating func bind(_ span: borrowing LLMSpan) {
    used = 0
    column = 0
    integer(Int64(bitPattern: span.traceID.high))
    integer(Int64(bitPattern: span.traceID.low))
    integer(Int64(bitPattern: span.spanID.bits))
    integer(span.parentSpanID.map { Int64(bitPattern: $0.bits) })
    text(span.kind.rawValue)
    text(span.name)
    integer(span.start.unixNanoseconds)
    integer(span.duration.wholeNanoseconds)
    integer(span.timeToFirstToken?.wholeNanoseconds)
    integer(span.longestGap?.wholeNanoseconds)
    integer(span.isStreaming ? 1 : 0)
    text(span.dimensions.service)
    text(span.dimensions.env)
    text(span.dimensions.version)
    text(span.dimensions.provider)
    text(span.dimensions.model)
    text(span.dimensions.route)
    text(span.dimensions.tenant)
    text(span.dimensions.feature)
    text(span.dimensions.prompt)
    text(span.dimensions.promptVersion)
    text(span.dimensions.region)
    text(span.responseModel)
    switch span.outcome {
    case .ok:
      text(nil)
      text(nil)
    case .failed(let errorClass, let message):
      text(errorClass.rawValue)
      text(message)
    }
    text(span.finishReason?.rawValue)
    integer(span.httpStatus)
    integer(span.usage.input)
    integer(span.usage.cacheRead)
    integer(span.usage.cacheWrite)
    integer(span.usage.output)
    integer(span.usage.reasoning)
    integer(span.cost.amount?.count)
    text(span.cost.exactness)
    text(span.cost.priceVersion)
    integer(span.attempts)
    text(span.fallbackFrom)
    real(span.risk.ungrounded)
    integer(span.retrieval?.documentCount)
    real(span.retrieval?.topScore)
    blob(span.content?.requestBody)
    text(span.content?.responseText)
    integer(span.accountsForExchange ? 1 : 0)
    integer(span.usage.cacheWriteHour)
    integer(span.usage.inputAudio)
    integer(span.usage.inputImage)
    integer(span.usage.outputAudio)
    integer(span.usage.outputImage)
    integer(span.usage.isEstimated ? 1 : nil as Int64?)
    text(span.serviceTier?.rawValue)
    text(span.virtualKey)
  }

  @inline(__always)
  private mutating func integer(_ value: Int64?) {
    column += 1
    if let value { sqlite3_bind_int64(statement, column, value) } else { sqlite3_bind_null(statement, column) }
  }

  @inline(__always)
  private mutating func integer(_ value: Int?) { integer(value.map(Int64.init)) }

  @inline(__always)
  private mutating func real(_ value: Double?) {
    column += 1
    if let value { sqlite3_bind_double(statement, column, value) } else { sqlite3_bind_null(statement, column) }
  }

  private mutating func text(_ value: String?) {
    column += 1
    guard var value else {
      sqlite3_bind_null(statement, column)
      return
    }
    value.withUTF8 { bytes in
      let size = bytes.count
      guard let start = bytes.baseAddress, used + size <= Self.arenaSize else {
        // Too long for the arena, or empty.
        bytes.withMemoryRebound(to: CChar.self) { characters in
          _ = sqlite3_bind_text64(
            statement, column, characters.baseAddress ?? UnsafePointer(arena.assumingMemoryBound(to: CChar.self)),
            UInt64(size), Self.transient, UInt8(SQLITE_UTF8))
        }
        return
      }
      let place = arena + used
      place.copyMemory(from: start, byteCount: size)
      used += size
      sqlite3_bind_text64(
        statement, column, UnsafePointer(place.assumingMemoryBound(to: CChar.self)), UInt64(size), nil, UInt8(SQLITE_UTF8))
    }
  }

  private mutating func blob(_ value: [UInt8]?) {
    column += 1
    guard let value else {
      sqlite3_bind_null(statement, column)
      return
    }
    value.withUnsafeBytes { bytes in
      _ = sqlite3_bind_blob64(
        statement, column, bytes.baseAddress ?? UnsafeRawPointer(arena), UInt64(bytes.count), Self.transient)
    }
  }
}
