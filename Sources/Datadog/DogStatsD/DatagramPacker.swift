// Puts lines into as few datagrams as fit, each with its newline as the Python client sends them.

/// Writes bytes, not strings: a sample is half a dozen bytes, and there is one or two for every exchange.
struct DatagramPacker {
  let limit: Int
  private var datagrams: [[UInt8]] = []
  private var current: [UInt8] = []
  private var oversized = 0

  init(limit: Int) { self.limit = limit }

  /// `name:valuesuffix`.
  mutating func append(_ name: [UInt8], value: String, _ suffix: [UInt8]) {
    guard makeRoom(for: name.count + 1 + value.utf8.count + suffix.count + 1) else {
      oversized += 1
      return
    }
    current += name
    current.append(UInt8(ascii: ":"))
    current += value.utf8
    end(suffix)
  }

  /// `name:v1:v2…suffix`, in as many lines as datagrams need.
  mutating func append(_ name: [UInt8], samples: [Double], _ suffix: [UInt8]) {
    let besides = name.count + suffix.count + 1
    var isInLine = false
    for sample in samples {
      var value = DogStatsDLine.sample(sample)
      value.withUTF8 { value in
        // A datagram has room for the rest of this line only if it also has it for its suffix and newline.
        if isInLine, current.count + 1 + value.count + suffix.count + 1 > limit {
          end(suffix)
          isInLine = false
        }
        if !isInLine {
          guard makeRoom(for: besides + 1 + value.count) else {
            oversized += 1
            return
          }
          current += name
          isInLine = true
        }
        current.append(UInt8(ascii: ":"))
        current.append(contentsOf: value)
      }
    }
    if isInLine { end(suffix) }
  }

  mutating func finish() -> (datagrams: [[UInt8]], oversized: Int) {
    defer {
      datagrams = []
      current = []
      oversized = 0
    }
    if !current.isEmpty { datagrams.append(current) }
    return (datagrams, oversized)
  }

  private mutating func end(_ suffix: [UInt8]) {
    current += suffix
    current.append(UInt8(ascii: "\n"))
  }

  /// False when no datagram can hold `size` bytes.
  private mutating func makeRoom(for size: Int) -> Bool {
    guard size <= limit else { return false }
    if current.count + size > limit {
      datagrams.append(current)
      current = []
      current.reserveCapacity(limit)
    }
    return true
  }
}
