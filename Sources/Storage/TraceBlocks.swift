// Finds the spans of a trace without an index that every span would pay for: blocks of short fingerprints, appended in order.

import Foundation
import GRDB
import LLMTelemetry

/// A block says which traces the spans of a stretch of sequence numbers belong to, in four bytes a span. A look-up searches all
/// blocks, which takes some milliseconds for each million spans, and then reads the few stretches that may hold the trace.
struct TraceBlocks: Sendable {
  private static let fingerprintSize = 4
  /// A block this large is left alone, and the next one begun.
  private static let fullSize = 1024 * fingerprintSize

  private struct Block: Sendable {
    var id: Int64
    var first: Int64
    var last: Int64
    var traces: [UInt8]
  }

  /// The block that small batches add to. Every process begins its own.
  private var open: Block?

  /// Spans of the trace whose fingerprint, lower half and upper half are the arguments. `NOT INDEXED` keeps SQLite from making
  /// an index of all spans for the occasion.
  static let condition = """
    sequence IN (
      SELECT candidate.sequence
      FROM trace_blocks CROSS JOIN spans AS candidate NOT INDEXED ON candidate.sequence BETWEEN first AND last
      WHERE holds_trace(traces, ?) AND candidate.trace_low = ? AND candidate.trace_high = ?)
    """

  /// Whether a block has a fingerprint; SQLite's own `instr` takes many times as long. Every connection needs it.
  static let function = DatabaseFunction("holds_trace", argumentCount: 2, pure: true) { arguments in
    guard let traces = Data.fromDatabaseValue(arguments[0]), let wanted = UInt32.fromDatabaseValue(arguments[1]) else {
      return false
    }
    return traces.withUnsafeBytes { bytes in
      for offset in stride(from: 0, to: bytes.count - fingerprintSize + 1, by: fingerprintSize)
      where UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) == wanted {
        return true
      }
      return false
    }
  }

  /// Clients may count their traces from 1, so the bits are mixed first.
  static func fingerprint(_ traceLow: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: (traceLow &* 0x9e37_79b9_7f4a_7c15) >> 32)
  }

  /// Records spans that have just been written under `sequences`, in the same transaction.
  mutating func append(_ spans: [LLMSpan], in sequences: ClosedRange<Int64>, to db: Database) throws {
    var block = open ?? Block(id: 0, first: sequences.lowerBound, last: sequences.upperBound, traces: [])
    // After a deletion of everything, sequence numbers begin again.
    block.first = min(block.first, sequences.lowerBound)
    block.last = max(block.last, sequences.upperBound)
    for span in spans { Self.append(span.traceID.low, to: &block.traces) }
    // Should the transaction fail, the next batch begins a block.
    open = nil
    if block.id != 0 {
      let update = try db.cachedStatement(sql: "UPDATE trace_blocks SET first = ?, last = ?, traces = ? WHERE id = ?")
      try update.execute(arguments: [block.first, block.last, Data(block.traces), block.id])
    }
    // Retention may have deleted it.
    if block.id == 0 || db.changesCount == 0 { block.id = try Self.insert(block.first, block.last, block.traces, db) }
    if block.traces.count < Self.fullSize { open = block }
  }

  /// Makes the blocks of all spans there are.
  static func build(_ db: Database) throws {
    var traces: [UInt8] = []
    var first: Int64 = 0
    var last: Int64 = 0
    let rows = try Row.fetchCursor(db, sql: "SELECT sequence, trace_low FROM spans ORDER BY sequence")
    while let row = try rows.next() {
      last = row[0]
      if traces.isEmpty { first = last }
      append(UInt64(bitPattern: row[1]), to: &traces)
      if traces.count >= fullSize {
        _ = try insert(first, last, traces, db)
        traces.removeAll(keepingCapacity: true)
      }
    }
    if !traces.isEmpty { _ = try insert(first, last, traces, db) }
  }

  /// Forgets the blocks of spans that are gone.
  static func deleteEmpty(_ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM trace_blocks WHERE last < (SELECT COALESCE(MIN(sequence), 9223372036854775807) FROM spans)")
  }

  private static func insert(_ first: Int64, _ last: Int64, _ traces: [UInt8], _ db: Database) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO trace_blocks (first, last, traces) VALUES (?, ?, ?)").execute(arguments: [
      first, last, Data(traces),
    ])
    return db.lastInsertedRowID
  }

  private static func append(_ traceLow: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: fingerprint(traceLow).littleEndian) { bytes.append(contentsOf: $0) }
  }
}
