// Recorded traffic, version 1: spans and changes as JSON Lines, the exchange format of import, replay and the spans an
// application sends.
import Foundation

/// One line of recorded traffic.
public enum TrafficRecord: Hashable, Sendable {
  case span(LLMSpan)
  case change(ChangeEvent)
}

/// What is wrong with a line, and where: `traffic.jsonl:17: "duration_ms" is missing; …`.
public struct TrafficFormatError: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var message: String

  public var description: String { "\(file):\(line): \(message)" }
}

public enum RecordedTraffic {
  /// Bytes of text that one span may bring, where text is asked for.
  public static let contentBytes = 256 << 10

  /// The record as one line of JSON, without the newline.
  ///
  /// - Parameters:
  ///   - record: a span or a change.
  ///   - contentBytes: how many bytes of the texts (prompts, answers, documents) are written, as the member `content`. It is no part
  ///     of the format that others know, and they ignore it; none by default.
  public static func line(for record: TrafficRecord, contentBytes: Int = 0) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data =
      switch record {
      case .span(let span): try encoder.encode(SpanLine(span, contentBytes: contentBytes))
      case .change(let change): try encoder.encode(ChangeLine(change: change))
      }
    return String(decoding: data, as: UTF8.self)
  }

  /// All records of a file in its order; empty lines are skipped. Stops at the first line that is wrong.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - file: its name, for errors.
  ///   - contentBytes: how much text of each exchange is kept. It is raw: whoever asks for it must redact it.
  public static func records(
    in bytes: some Sequence<UInt8>, file: String, contentBytes: Int = 0
  ) throws(TrafficFormatError) -> [TrafficRecord] {
    var records: [TrafficRecord] = []
    var number = 0
    for line in Array(bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0d && $0 != 0x09 }) else { continue }
      records.append(try record(from: line, file: file, line: number, contentBytes: contentBytes))
    }
    return records
  }

  /// One record from one line. Unknown keys are ignored. A span without ids gets ids made from the file's name, the line's
  /// number and its bytes, so that reading twice gives the same spans.
  public static func record(
    from bytes: some Sequence<UInt8>, file: String, line: Int, contentBytes: Int = 0
  ) throws(TrafficFormatError) -> TrafficRecord {
    let data = Data(bytes)
    do {
      let decoder = JSONDecoder()
      switch try decoder.decode(TypeLine.self, from: data).type {
      case "span":
        let fallback = FallbackIdentity(file: file, line: line, bytes: data)
        return .span(try decoder.decode(SpanLine.self, from: data).span(fallback: fallback, contentBytes: contentBytes))
      case "change": return .change(try decoder.decode(ChangeEvent.self, from: data))
      case let other:
        throw TrafficFormatError(file: file, line: line, message: "\"type\" is \"\(other)\"; use \"span\" or \"change\"")
      }
    } catch let error as TrafficFormatError {
      throw error
    } catch let error as InvalidValue {
      throw TrafficFormatError(file: file, line: line, message: error.message)
    } catch {
      throw TrafficFormatError(file: file, line: line, message: explanation(of: error))
    }
  }

  private static func explanation(of error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      let parent = path(context)
      return "\"\(parent.isEmpty ? "" : parent + ".")\(key.stringValue)\" is missing; the format requires it"
    case DecodingError.typeMismatch(let type, let context): return "\"\(path(context))\" is not a \(type)"
    case DecodingError.valueNotFound(_, let context): return "\"\(path(context))\" is null; leave the key out instead"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\"\(path(context))\" cannot be read: \(context.debugDescription)"
    default: return "the line is not a JSON object"
    }
  }

  private struct TypeLine: Decodable {
    var type: String
  }

  private struct ChangeLine: Encodable {
    var change: ChangeEvent

    private enum Keys: String, CodingKey { case type }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode("change", forKey: .type)
      try change.encode(to: encoder)
    }
  }
}

/// A value of the right type that means nothing.
struct InvalidValue: Error {
  var message: String
}

/// Ids for a recorded span that has none.
struct FallbackIdentity {
  var traceID: TraceID
  var spanID: SpanID

  init(file: String, line: Int, bytes: Data) {
    let place = Self.hash(file.utf8, from: UInt64(truncatingIfNeeded: line) &+ 0xcbf2_9ce4_8422_2325)
    let content = Self.hash(bytes, from: place)
    traceID = TraceID(high: place, low: content) ?? .random()
    spanID = SpanID(bits: content) ?? .random()
  }

  /// FNV-1a, 64 bits.
  private static func hash(_ bytes: some Sequence<UInt8>, from start: UInt64) -> UInt64 {
    bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
