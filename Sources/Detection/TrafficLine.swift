// Reads one line of recorded traffic without building a tree: a few hundred nanoseconds, where a JSON decoder takes tens of microseconds.
// A line it does not understand goes to the exact reader of the format, which accepts it or says what is wrong.

import LLMTelemetry

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A cursor over the bytes of one line.
struct TrafficLine {
  /// What the line is.
  enum Content {
    case span(SpanFacts)
    /// A step around an exchange, which detection does not count.
    case step
    /// A change, or a line in a form this reader leaves to the exact one.
    case other
  }

  private var place: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  /// Days since 1970 of the date read last, as the ten bytes of a day are the same for hours.
  struct DayMemory {
    var text: (UInt64, UInt16) = (0, 0)
    var start: Int64 = 0
  }

  init(_ line: UnsafeRawBufferPointer) {
    let base = line.bindMemory(to: UInt8.self)
    // An empty line never comes here.
    place = base.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
    end = place + base.count
  }

  private static let missing = (type: 1, start: 2, duration: 4, kind: 8, provider: 16, model: 32, status: 64, all: 127)
  private static let step = 128

  mutating func read(_ tables: inout DimensionTables, _ day: inout DayMemory) -> Content {
    var facts = SpanFacts()
    var found = 0
    guard take(0x7b) else { return .other }
    while true {
      guard let key = string(), take(0x3a) else { return .other }
      let first = key.first ?? 0
      var known = true
      switch first {
      case UInt8(ascii: "t"):
        if key.is("trace_id") {
          guard skip() else { return .other }
        } else if key.is("type") {
          guard let text = string(), text.is("span") else { return .other }
          found |= Self.missing.type
        } else if key.is("tenant") {
          guard dimension(&facts, &tables, .tenant) else { return .other }
        } else if key.is("ttft_ms") {
          guard let value = number() else { return .other }
          facts.firstToken = value
        } else {
          known = false
        }
      case UInt8(ascii: "s"):
        if key.is("start") {
          guard let text = string(), let time = Self.time(text, &day) else { return .other }
          facts.time = time
          found |= Self.missing.start
        } else if key.is("status") {
          guard let text = string() else { return .other }
          if text.is("ok") {
            facts.isOK = true
          } else if text.is("error") {
            facts.isOK = false
          } else {
            return .other
          }
          found |= Self.missing.status
        } else {
          known = false
        }
      case UInt8(ascii: "d"):
        if key.is("duration_ms") {
          guard let value = number(), value >= 0 else { return .other }
          facts.duration = value
          found |= Self.missing.duration
        } else {
          known = false
        }
      case UInt8(ascii: "k"):
        if key.is("kind") {
          guard let text = string() else { return .other }
          if !text.is("llm") {
            // An embedding call needs a model as well; the exact reader knows.
            guard text.isStep else { return .other }
            found |= Self.missing.provider | Self.missing.model | Self.step
          }
          found |= Self.missing.kind
        } else {
          known = false
        }
      case UInt8(ascii: "p"):
        if key.is("provider") {
          guard dimension(&facts, &tables, .provider) else { return .other }
          found |= Self.missing.provider
        } else if key.is("prompt_version") {
          guard dimension(&facts, &tables, .promptVersion) else { return .other }
        } else if key.is("prompt") {
          guard dimension(&facts, &tables, .prompt) else { return .other }
        } else {
          known = false
        }
      case UInt8(ascii: "m"):
        if key.is("model") {
          guard dimension(&facts, &tables, .model) else { return .other }
          found |= Self.missing.model
        } else if key.is("max_gap_ms") {
          guard let value = number() else { return .other }
          facts.gap = value
        } else {
          known = false
        }
      case UInt8(ascii: "r"):
        if key.is("route") {
          guard dimension(&facts, &tables, .route) else { return .other }
        } else if key.is("region") {
          guard dimension(&facts, &tables, .region) else { return .other }
        } else if key.is("risk") {
          guard risk(&facts) else { return .other }
        } else if key.is("retrieval") {
          guard retrieval(&facts) else { return .other }
        } else {
          known = false
        }
      case UInt8(ascii: "f"):
        if key.is("finish_reason") {
          guard let text = string() else { return .other }
          facts.finish =
            text.is("stop") ? .stop : text.is("length") ? .length : text.is("content_filter") ? .contentFilter : text.finishReason
          if facts.finish == nil { return .other }
        } else if key.is("feature") {
          guard dimension(&facts, &tables, .feature) else { return .other }
        } else {
          known = false
        }
      case UInt8(ascii: "a"):
        if key.is("attempts") {
          guard let value = number() else { return .other }
          facts.attempts = Int(min(1e9, max(0, value)))
        } else if key.is("accounts_for_exchange") {
          return .other
        } else {
          known = false
        }
      case UInt8(ascii: "u"):
        if key.is("usage") {
          guard usage(&facts) else { return .other }
        } else {
          known = false
        }
      case UInt8(ascii: "c"):
        if key.is("cost_usd") {
          guard let value = number() else { return .other }
          facts.cost = value
        } else {
          known = false
        }
      case UInt8(ascii: "e"):
        if key.is("error_class") {
          guard let text = string(), let value = text.errorClass else { return .other }
          facts.errorClass = value
        } else {
          known = false
        }
      default: known = false
      }
      if !known, !skip() { return .other }
      if take(0x2c) { continue }
      guard take(0x7d) else { return .other }
      break
    }
    skipBlanks()
    guard place == end, found & Self.missing.all == Self.missing.all else { return .other }
    return found & Self.step != 0 ? .step : .span(facts)
  }

  private mutating func dimension(_ facts: inout SpanFacts, _ tables: inout DimensionTables, _ dimension: CauseDimension) -> Bool
  {
    guard let text = string() else { return false }
    facts.key[dimension.rawValue] = tables.number(text, dimension)
    return true
  }

  private mutating func risk(_ facts: inout SpanFacts) -> Bool {
    members { line, key in
      guard let value = line.number() else { return false }
      switch key.first {
      case UInt8(ascii: "u") where key.is("ungrounded"): facts.ungrounded = value
      case UInt8(ascii: "r") where key.is("refusal"): facts.refusal = value
      case UInt8(ascii: "i") where key.is("injection"): facts.injection = value
      case UInt8(ascii: "s") where key.is("sensitive"): facts.sensitive = value
      case UInt8(ascii: "m") where key.is("malformed"): facts.malformed = value
      case UInt8(ascii: "r") where key.is("repetition"): facts.repetition = value
      default: break
      }
      return true
    }
  }

  private mutating func usage(_ facts: inout SpanFacts) -> Bool {
    members { line, key in
      guard let value = line.number() else { return false }
      let count = Int(min(1e12, max(0, value)))
      if key.is("input") {
        facts.input = count
      } else if key.is("cache_read") {
        facts.cacheRead = count
      } else if key.is("cache_write") {
        facts.cacheWrite = count
      } else if key.is("output") {
        facts.output = count
      }
      return true
    }
  }

  private mutating func retrieval(_ facts: inout SpanFacts) -> Bool {
    members { line, key in
      if key.is("documents") {
        guard let value = line.number() else { return false }
        facts.documents = Int(min(1e9, max(0, value)))
        return true
      }
      if key.is("top_score") {
        guard let value = line.number() else { return false }
        facts.topScore = value
        return true
      }
      return line.skip()
    }
  }

  /// Calls for each member of an object, after its colon.
  private mutating func members(_ body: (inout TrafficLine, UnsafeRawBufferPointer) -> Bool) -> Bool {
    guard take(0x7b) else { return false }
    if take(0x7d) { return true }
    repeat {
      guard let key = string(), take(0x3a), body(&self, key) else { return false }
    } while take(0x2c)
    return take(0x7d)
  }
}

// Bytes and values.
extension TrafficLine {
  private mutating func skipBlanks() {
    while place < end, place.pointee <= 0x20 { place += 1 }
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    if place < end, place.pointee <= 0x20 { skipBlanks() }
    guard place < end, place.pointee == byte else { return false }
    place += 1
    return true
  }

  /// The bytes between quotes; `nil` when there is no string here, or one with escapes.
  @inline(__always)
  private mutating func string() -> UnsafeRawBufferPointer? {
    guard take(0x22) else { return nil }
    let start = place
    while place < end, place.pointee != 0x22 {
      if place.pointee == 0x5c || place.pointee < 0x20 { return nil }
      place += 1
    }
    guard place < end else { return nil }
    let text = UnsafeRawBufferPointer(start: start, count: place - start)
    place += 1
    return text
  }

  @inline(__always)
  private mutating func number() -> Double? {
    if place < end, place.pointee <= 0x20 { skipBlanks() }
    let isNegative = place < end && place.pointee == 0x2d
    if isNegative { place += 1 }
    var mantissa: Int64 = 0
    var digits = 0
    var scale = 0
    let start = place
    while place < end, place.pointee &- 0x30 < 10 {
      mantissa = mantissa &* 10 &+ Int64(place.pointee &- 0x30)
      digits += 1
      place += 1
    }
    guard place > start else { return nil }
    if place < end, place.pointee == 0x2e {
      place += 1
      let fraction = place
      while place < end, place.pointee &- 0x30 < 10 {
        if digits < 18 {
          mantissa = mantissa &* 10 &+ Int64(place.pointee &- 0x30)
          digits += 1
          scale += 1
        }
        place += 1
      }
      guard place > fraction else { return nil }
    }
    guard digits <= 18 else { return nil }
    var exponent = 0
    if place < end, place.pointee | 0x20 == 0x65 {
      place += 1
      let isBelowOne = place < end && place.pointee == 0x2d
      if place < end, place.pointee == 0x2d || place.pointee == 0x2b { place += 1 }
      let first = place
      while place < end, place.pointee &- 0x30 < 10, exponent < 1000 {
        exponent = exponent * 10 + Int(place.pointee &- 0x30)
        place += 1
      }
      guard place > first else { return nil }
      if isBelowOne { exponent = -exponent }
    }
    let power = exponent - scale
    guard power >= -22, power <= 22 else { return nil }
    let value = power < 0 ? Double(mantissa) / Self.powers[-power] : Double(mantissa) * Self.powers[power]
    return isNegative ? -value : value
  }

  private static let powers: [Double] = (0...22).map { (0..<$0).reduce(1.0) { value, _ in value * 10 } }

  /// Passes over any value, nested to eight levels.
  private mutating func skip(depth: Int = 0) -> Bool {
    skipBlanks()
    guard place < end, depth < 8 else { return false }
    switch place.pointee {
    case 0x22: return string() != nil
    case 0x7b: return members { line, _ in line.skip(depth: depth + 1) }
    case 0x5b:
      place += 1
      if take(0x5d) { return true }
      repeat { guard skip(depth: depth + 1) else { return false } } while take(0x2c)
      return take(0x5d)
    case 0x74: return word("true")
    case 0x66: return word("false")
    // The exact reader says of each key whether it may be null.
    default: return number() != nil
    }
  }

  private mutating func word(_ word: StaticString) -> Bool {
    guard end - place >= word.utf8CodeUnitCount, memcmp(place, word.utf8Start, word.utf8CodeUnitCount) == 0 else { return false }
    place += word.utf8CodeUnitCount
    return true
  }

  /// `2026-11-01T00:00:00.123Z` in nanoseconds; `nil` for any other form of time.
  private static func time(_ text: UnsafeRawBufferPointer, _ memory: inout DayMemory) -> Int64? {
    guard text.count >= 20, text[10] == 0x54, text[13] == 0x3a, text[16] == 0x3a, text[text.count - 1] == 0x5a else { return nil }
    let day = (text.loadUnaligned(as: UInt64.self), text.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
    if day != memory.text {
      let midnight = String(decoding: UnsafeRawBufferPointer(rebasing: text[0..<10]), as: UTF8.self) + "T00:00:00Z"
      guard let start = Timestamp(rfc3339: midnight) else { return nil }
      memory = DayMemory(text: day, start: start.unixNanoseconds)
    }
    func two(_ index: Int) -> Int64? {
      let tens = text[index] &- 0x30
      let ones = text[index + 1] &- 0x30
      return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : nil
    }
    guard let hour = two(11), let minute = two(14), let second = two(17), hour < 24, minute < 60, second < 61 else { return nil }
    var nanoseconds: Int64 = 0
    if text.count > 20 {
      guard text[19] == 0x2e, text.count <= 30 else { return nil }
      var scale: Int64 = 100_000_000
      for index in 20..<text.count - 1 {
        let digit = text[index] &- 0x30
        guard digit < 10 else { return nil }
        nanoseconds += Int64(digit) * scale
        scale /= 10
      }
    }
    return memory.start + (hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanoseconds
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  fileprivate func `is`(_ word: StaticString) -> Bool {
    guard let baseAddress, count == word.utf8CodeUnitCount else { return false }
    return memcmp(baseAddress, word.utf8Start, count) == 0
  }

  fileprivate var isStep: Bool {
    `is`("retrieval") || `is`("tool") || `is`("agent") || `is`("workflow") || `is`("task")
  }

  fileprivate var errorClass: ErrorClass? { ErrorClass(rawValue: String(decoding: self, as: UTF8.self)) }
  fileprivate var finishReason: FinishReason? { FinishReason(rawValue: String(decoding: self, as: UTF8.self)) }
}
