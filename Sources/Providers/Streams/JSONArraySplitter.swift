// Cuts a streamed JSON array into its elements: how Google streams when the caller did not ask for `alt=sse`.

/// Finds the elements of one top-level array across arbitrary chunk boundaries. Elements are objects.
package struct JSONArraySplitter: Sendable {
  /// Bytes of an element that has begun and not ended.
  private var partial: [UInt8] = []
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private let limit: Int

  /// - Parameter limit: bytes one element may have; a longer one makes `consume` return false.
  package init(limit: Int) { self.limit = limit }

  /// Feeds a chunk and calls `element` for each element it completes. Returns false when an element exceeds the limit.
  package mutating func consume(_ chunk: UnsafeRawBufferPointer, _ completed: (UnsafeRawBufferPointer) -> Void) -> Bool {
    // Where the element in progress begins in this chunk; an element that arrives whole is not copied.
    var start = 0
    for position in chunk.indices {
      let byte = chunk[position]
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5c {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
        }
        continue
      }
      switch byte {
      case 0x22: isInString = depth > 0
      case UInt8(ascii: "{"):
        if depth == 0 { start = position }
        depth += 1
      case UInt8(ascii: "["): if depth > 0 { depth += 1 }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { continue }
        depth -= 1
        guard depth == 0 else { continue }
        let end = UnsafeRawBufferPointer(rebasing: chunk[start...position])
        if partial.isEmpty {
          completed(end)
        } else {
          partial.append(contentsOf: end)
          partial.withUnsafeBytes(completed)
          partial.removeAll(keepingCapacity: true)
        }
      default: break
      }
    }
    if depth > 0 { partial.append(contentsOf: chunk[start...]) }
    return partial.count <= limit
  }
}
