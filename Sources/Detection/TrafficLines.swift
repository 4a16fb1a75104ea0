// Cuts the bytes of recorded traffic into lines as they come, in memory of one line.

/// A line that cannot be one of the format's.
package struct LineTooLong: Error, Hashable, Sendable, CustomStringConvertible {
  package var file: String
  package var line: Int
  package var message: String

  package var description: String { "\(file):\(line): \(message)" }
}

package struct TrafficLines: Sendable {
  package private(set) var file = ""
  /// The number of the line that was handed out last; 1 is the first.
  package private(set) var line = 0
  private var rest: [UInt8] = []
  /// A line this long is no span.
  private static let longest = 8 << 20

  package init() {}

  package mutating func beginFile(_ name: String) {
    file = name
    line = 0
    rest.removeAll(keepingCapacity: true)
  }

  /// The next decompressed bytes of the file. Blank lines are counted and not handed out.
  package mutating func read(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
    var start = 0
    if !rest.isEmpty {
      guard let end = bytes.firstIndex(of: 0x0a) else {
        guard rest.count + bytes.count <= Self.longest else { throw tooLong }
        rest.append(contentsOf: bytes)
        return
      }
      rest.append(contentsOf: bytes[0..<end])
      try handOutRest(body)
      start = end + 1
    }
    while start < bytes.count, let end = Self.newline(bytes, from: start) {
      try handOut(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), body)
      start = end + 1
    }
    if start < bytes.count {
      guard bytes.count - start <= Self.longest else { throw tooLong }
      rest.append(contentsOf: bytes[start...])
    }
  }

  /// The last line, when the file does not end with a newline.
  package mutating func endFile(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
    if !rest.isEmpty { try handOutRest(body) }
  }

  private mutating func handOutRest(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
    let whole = rest
    rest.removeAll(keepingCapacity: true)
    try whole.withUnsafeBytes { try handOut($0, body) }
  }

  private mutating func handOut(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
    line += 1
    guard bytes.contains(where: { $0 > 0x20 }) else { return }
    try body(bytes, line)
  }

  private var tooLong: LineTooLong {
    LineTooLong(file: file, line: line + 1, message: "the line is longer than 8 MiB; is this recorded traffic?")
  }

  private static func newline(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, let found = findByte(base + start, 0x0a, bytes.count - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
