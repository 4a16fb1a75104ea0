// Spans that share every dimension: they share their series too, so the tags are put together once for all of them.

import LLMTelemetry

/// The dimensions of a span in the parts they are derived from, to be compared without building a tag.
struct DimensionGroup: Sendable {
  let dimensions: Dimensions
  let kind: SpanKind
  let finishReason: FinishReason?
  let errorClass: ErrorClass?
  let cache: CacheUse

  enum CacheUse: UInt64, Sendable {
    case unknown, hit, miss, gateway

    @inline(__always)
    init(_ span: borrowing LLMSpan) {
      // Nearly every span has an attempt, and is asked no further.
      if span.attempts == 0, span.isAnsweredFromCache {
        self = .gateway
      } else if let cacheRead = span.usage.cacheRead {
        self = cacheRead > 0 ? .hit : .miss
      } else {
        self = .unknown
      }
    }
  }

  init(_ span: LLMSpan) {
    dimensions = span.dimensions
    kind = span.kind
    finishReason = span.finishReason
    errorClass = span.outcome.errorClass
    cache = CacheUse(span)
  }

  func holds(_ span: borrowing LLMSpan) -> Bool {
    kind == span.kind && finishReason == span.finishReason && cache == CacheUse(span)
      && errorClass == span.outcome.errorClass && dimensions == span.dimensions
  }

  /// Of everything `holds` compares but the error class, which is seldom there. Seeded, because clients choose the values.
  static func hash(_ span: borrowing LLMSpan, seed: UInt64) -> UInt64 {
    var hash = ByteHash(seed: seed)
    hash.add(span.dimensions.service)
    hash.add(span.dimensions.env)
    hash.add(span.dimensions.version)
    hash.add(span.dimensions.provider)
    hash.add(span.dimensions.model)
    hash.add(span.dimensions.route)
    hash.add(span.dimensions.tenant)
    hash.add(span.dimensions.feature)
    hash.add(span.dimensions.prompt)
    hash.add(span.dimensions.promptVersion)
    hash.add(span.dimensions.region)
    hash.add(span.dimensions.override)
    hash.add(CacheUse(span).rawValue)
    return hash.value
  }
}

/// A 64-bit hash of short texts by folded multiplication, as in wyhash: several times as fast as SipHash for a dozen of them.
private struct ByteHash {
  private(set) var value: UInt64

  init(seed: UInt64) { value = seed }

  @inline(__always)
  mutating func add(_ word: UInt64) {
    let (high, low) = (value ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
    value = (high ^ low) &+ 0xe703_7ed1_a0b4_28db
  }

  @inline(__always)
  mutating func add(_ text: String?) {
    guard var text else {
      add(.max)
      return
    }
    text.withUTF8 { bytes in
      var offset = 0
      while offset + 8 <= bytes.count {
        add(UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + offset).loadUnaligned(as: UInt64.self))
        offset += 8
      }
      var rest = UInt64(bytes.count) << 56
      while offset < bytes.count {
        rest = rest << 8 ^ UInt64(bytes[offset])
        offset += 1
      }
      add(rest)
    }
  }
}
