// Remembers short values that were searched and found clean: dimensions repeat from span to span.

/// Bounded: clients choose tags, so they must not be able to fill memory with them.
package struct CleanValues: Sendable {
  /// What is remembered at most; when it is reached, everything is forgotten and learned again.
  package static let limit = 8192
  /// Longer values are searched each time.
  static let longestValue = 256

  private var known: Set<String> = []
  /// Places for the values each field had lately: to compare is cheaper than to look up.
  private static let places = 32
  private var recent: [String?]

  package init(fields: Int = 17) { recent = Array(repeating: nil, count: fields * Self.places) }

  package var count: Int { known.count }

  /// Redacts `value` in place.
  /// - Parameter field: a number below that of `init`, the same for the same field of each span.
  @inline(__always)
  package mutating func redact(_ value: inout String?, field: Int) {
    guard let text = value else { return }
    let place = field * Self.places + Self.place(text)
    guard recent[place] != text else { return }
    value = searched(text, place)
  }

  /// The same for what is never missing.
  @inline(__always)
  package mutating func redact(_ value: inout String, field: Int) {
    let place = field * Self.places + Self.place(value)
    guard recent[place] != value else { return }
    value = searched(value, place)
  }

  /// Of a few bytes only: values of one field mostly differ at their end or in their length.
  @inline(__always)
  private static func place(_ text: String) -> Int {
    // In contiguous memory, as Swift's own strings are: an index into one that need not be costs more than the look-up it saves.
    let place = text.utf8.withContiguousStorageIfAvailable { bytes in
      guard let last = bytes.last else { return 0 }
      let before = bytes.count > 1 ? bytes[bytes.count - 2] : 0
      return (Int(last) &+ Int(before) &* 7 &+ bytes.count &* 13) & (places - 1)
    }
    return place ?? 0
  }

  @inline(never)
  private mutating func searched(_ text: String, _ place: Int) -> String {
    if !known.contains(text) {
      let redacted = Redactor.redact(text)
      // What is not clean is not kept, in no memory.
      guard redacted == text else { return redacted }
      guard text.utf8.count <= Self.longestValue else { return text }
      if known.count >= Self.limit { known.removeAll(keepingCapacity: true) }
      known.insert(text)
    }
    recent[place] = text
    return text
  }
}
