// Memory that lines of JSON are written into byte by byte, without a string in between.

struct ByteBuffer: ~Copyable {
  /// Room there is at the beginning of a line and after every text: for all the names and numbers a line has, so that only texts
  /// need to make room.
  private static let slack = 2048

  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 1 << 16) {
    self.capacity = capacity
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  func withBytes<Result>(from offset: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: base + offset, count: count - offset))
  }

  mutating func removeAll() { count = 0 }

  mutating func removeFirst(_ number: Int) {
    base.update(from: base + number, count: count - number)
    count -= number
  }

  /// To be called before a line.
  mutating func begin() { reserve(Self.slack) }

  @inline(__always)
  private mutating func reserve(_ size: Int) {
    if capacity - count < size { grow(size) }
  }

  private mutating func grow(_ size: Int) {
    capacity = max(capacity * 2, count + size)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    base[count] = byte
    count += 1
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  mutating func append(decimal number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    append(decimal: number.magnitude)
  }

  /// With zeros in front up to `digits`.
  mutating func append(decimal number: UInt64, digits minimum: Int = 1) {
    // The last digit comes first, so they are written from the end of the longest number on and moved to their place.
    let end = base + count + 20
    var first = end
    var rest = number
    while rest >= 100 {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100)
      first -= 2
      UnsafeMutableRawPointer(first).storeBytes(of: Self.decimalPairs[Int(remainder)], as: UInt16.self)
      rest = quotient
    }
    while rest != 0 || end - first < minimum {
      first -= 1
      first.pointee = UInt8(truncatingIfNeeded: rest % 10) + 48
      rest /= 10
    }
    (base + count).update(from: first, count: end - first)
    count += end - first
  }

  mutating func append(hexadecimal number: UInt64) {
    let target = UnsafeMutableRawPointer(base + count)
    for index in 0..<8 {
      let byte = Int(truncatingIfNeeded: number >> UInt64(56 - 8 * index)) & 255
      target.storeBytes(of: Self.hexadecimalPairs[byte], toByteOffset: 2 * index, as: UInt16.self)
    }
    count += 16
  }

  /// `00` to `99` and `00` to `ff`: two digits for one division.
  private static let decimalPairs: [UInt16] = (0..<100).map { pair(of: $0, base: 10) }
  private static let hexadecimalPairs: [UInt16] = (0..<256).map { pair(of: $0, base: 16) }

  private static func pair(of number: Int, base: Int) -> UInt16 {
    func digit(_ value: Int) -> UInt16 { UInt16(value < 10 ? value + 48 : value + 87) }
    return (digit(number / base) | digit(number % base) << 8).littleEndian
  }

  /// The content of a JSON string (RFC 8259): quotation mark, backslash and control characters are escaped, all else stays.
  mutating func append(escaped text: String) {
    // A string of Swift's own is read where it is; any other is made one.
    if text.utf8.withContiguousStorageIfAvailable({ append(escaped: $0) }) == nil {
      var text = text
      text.withUTF8 { append(escaped: $0) }
    }
  }

  @inline(__always)
  private mutating func append(escaped bytes: UnsafeBufferPointer<UInt8>) {
    guard let start = bytes.baseAddress else { return }
    reserve(6 * bytes.count + Self.slack)
    let source = UnsafeRawPointer(start)
    var index = 0
    while index < bytes.count {
      // What is left of a text that has eight bytes is looked at together with some before it, and written over them.
      let window = min(index, bytes.count - 8)
      if window >= 0 {
        let word = source.loadUnaligned(fromByteOffset: window, as: UInt64.self)
        if !Self.mayNeedEscaping(word) {
          UnsafeMutableRawPointer(base + count - (index - window)).storeBytes(of: word, as: UInt64.self)
          count += window + 8 - index
          index = window + 8
          continue
        }
      }
      let byte = start[index]
      index += 1
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { append(byte) } else { append(escaped: byte) }
    }
  }

  /// Whether one of eight bytes is below a space, a quotation mark or a backslash. Sometimes true for others, never false for
  /// these (the borrow trick of "Bit Twiddling Hacks", S. E. Anderson).
  @inline(__always)
  private static func mayNeedEscaping(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5c)
    let below = (word &- ones &* 0x20) & ~word
    return (below | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)) & (ones &* 0x80) != 0
  }

  @inline(never)
  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case UInt8(ascii: "\n"): append("\\n")
    case UInt8(ascii: "\r"): append("\\r")
    case UInt8(ascii: "\t"): append("\\t")
    case 0..<0x20:
      append(byte < 0x10 ? "\\u000" : "\\u001")
      let digit = byte & 15
      append(digit < 10 ? digit + 48 : digit + 87)
    default: append(byte)
    }
  }
}
