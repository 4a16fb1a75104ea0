// Numbers the values of each dimension, so that a span's dimensions are a few bytes; values beyond the limit become "other".

/// The values one dimension has shown.
struct ValueTable {
  /// The most values a dimension tells apart; the last number stands for all others.
  static let limit = 250
  static let other: UInt8 = 251

  private(set) var names: [String] = [""]
  private var hashes: [UInt64] = Array(repeating: 0, count: 1024)
  private var numbers: [UInt8] = Array(repeating: 0, count: 1024)
  private var bytes: [[UInt8]] = [[]]

  func name(_ number: UInt8) -> String { number == Self.other ? "other" : Int(number) < names.count ? names[Int(number)] : "" }

  func number(of name: String) -> UInt8? { names.firstIndex(of: name).map(UInt8.init) }

  mutating func number(_ text: UnsafeRawBufferPointer) -> UInt8 {
    guard text.count > 0 else { return 0 }
    let hash = Self.hash(text)
    var slot = Int(truncatingIfNeeded: hash & 1023)
    while hashes[slot] != 0 {
      if hashes[slot] == hash, bytes[Int(numbers[slot])].elementsEqual(text) { return numbers[slot] }
      slot = (slot + 1) & 1023
    }
    guard names.count <= Self.limit else { return Self.other }
    let number = UInt8(names.count)
    names.append(String(decoding: text, as: UTF8.self))
    bytes.append(Array(text))
    hashes[slot] = hash
    numbers[slot] = number
    return number
  }

  mutating func number(_ text: String?) -> UInt8 {
    guard var text else { return 0 }
    return text.withUTF8 { number(UnsafeRawBufferPointer($0)) }
  }

  private static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: text.count) &* 0x9e37_79b9_7f4a_7c15
    var index = 0
    while index + 8 <= text.count {
      hash = (hash ^ text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0xff51_afd7_ed55_8ccd
      hash ^= hash >> 32
      index += 8
    }
    while index < text.count {
      hash = (hash ^ UInt64(text[index])) &* 0x0000_0100_0000_01b3
      index += 1
    }
    hash ^= hash >> 29
    return hash == 0 ? 1 : hash
  }
}

/// The values of all dimensions.
struct DimensionTables {
  private(set) var tables = Array(repeating: ValueTable(), count: CauseDimension.allCases.count)

  mutating func number(_ text: UnsafeRawBufferPointer, _ dimension: CauseDimension) -> UInt8 {
    tables[dimension.rawValue].number(text)
  }

  mutating func number(_ text: String?, _ dimension: CauseDimension) -> UInt8 { tables[dimension.rawValue].number(text) }

  func name(_ number: UInt8, _ dimension: CauseDimension) -> String { tables[dimension.rawValue].name(number) }
  func number(of name: String, _ dimension: CauseDimension) -> UInt8? { tables[dimension.rawValue].number(of: name) }
}
