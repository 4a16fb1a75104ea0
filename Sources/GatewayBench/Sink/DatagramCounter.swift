// What arrived at the metric receiver: datagrams, their lines, and the sum of one counter over all its tags.

struct DatagramCounter {
  private(set) var datagrams = 0
  private(set) var lines = 0
  private(set) var bytes = 0
  private(set) var sum = 0
  private let prefix: [UInt8]

  init(metric: String?) { prefix = Array("\(metric ?? ""):".utf8) }

  var json: String { #"{"datagrams":\#(datagrams),"lines":\#(lines),"bytes":\#(bytes),"metric_sum":\#(sum)}"# }

  mutating func read(_ datagram: UnsafeRawBufferPointer) {
    datagrams += 1
    bytes += datagram.count
    var start = 0
    while start < datagram.count {
      var end = start
      while end < datagram.count, datagram[end] != UInt8.lineFeed { end += 1 }
      if end > start {
        lines += 1
        if prefix.count > 1 { sum += value(UnsafeRawBufferPointer(rebasing: datagram[start..<end])) }
      }
      start = end + 1
    }
  }

  /// `name:1|c|#tags`, or with several values in one line `name:1:2|c`.
  private func value(_ line: UnsafeRawBufferPointer) -> Int {
    guard line.count > prefix.count, prefix.indices.allSatisfy({ line[$0] == prefix[$0] }) else { return 0 }
    var total = 0
    var value = 0
    for byte in line[prefix.count...] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value * 10 + Int(byte - UInt8(ascii: "0"))
      case UInt8(ascii: ":"):
        total += value
        value = 0
      default: return total + value
      }
    }
    return total + value
  }
}
