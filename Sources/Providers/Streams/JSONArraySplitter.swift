// Cuts a streamed JSON array into its elements: how Google streams when the caller did not ask for `alt=sse`.

/// Finds the elements of one top-level array across arbitrary chunk boundaries. Elements are objects.
package struct JSONArraySplitter: Sendable {
  private var element: [UInt8] = []
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private let limit: Int

  /// - Parameter limit: bytes one element may have; a longer one makes `consume` return false.
  package init(limit: Int) { self.limit = limit }

  /// Feeds a chunk and calls `element` for each element it completes. Returns false when an element exceeds the limit.
  package mutating func consume(_ chunk: UnsafeRawBufferPointer, _ completed: (UnsafeRawBufferPointer) -> Void) -> Bool {
    for byte in chunk {
      if depth == 0, byte != UInt8(ascii: "{") { continue }
      element.append(byte)
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
      case 0x22: isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 {
          element.withUnsafeBytes(completed)
          element.removeAll(keepingCapacity: true)
        }
      default: break
      }
    }
    return element.count <= limit
  }
}
