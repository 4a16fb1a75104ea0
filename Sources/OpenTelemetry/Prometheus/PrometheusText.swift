// Pieces of Prometheus's text: labels, escapes and numbers.

import LLMMetrics
import LLMTelemetry

enum PrometheusText {
  static func labels(_ tags: TagSet) -> [UInt8] {
    var bytes: [UInt8] = []
    var names: Set<String> = []
    for tag in tags.tags {
      var name = PrometheusFamily.identifier(tag.name)
      // Names that belong to Prometheus, or that two tags would share.
      if name == "le" || name == "quantile" || name.hasPrefix("__") { name = "tag_" + name }
      guard names.insert(name).inserted else { continue }
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes += name.utf8
      bytes += [UInt8(ascii: "="), UInt8(ascii: "\"")]
      for byte in tag.value.utf8 { append(escaped: byte, quote: true, to: &bytes) }
      bytes.append(UInt8(ascii: "\""))
    }
    return bytes
  }

  static func append(help: String, to bytes: inout [UInt8]) {
    for byte in help.utf8 { append(escaped: byte, quote: false, to: &bytes) }
  }

  private static func append(escaped byte: UInt8, quote: Bool, to bytes: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\\"): bytes += [0x5c, 0x5c]
    case UInt8(ascii: "\n"): bytes += [0x5c, UInt8(ascii: "n")]
    case UInt8(ascii: "\"") where quote: bytes += [0x5c, 0x22]
    default: bytes.append(byte)
    }
  }

  /// `0.1`, `5`, `1e+20`: what both formats read. Whole numbers keep a `.0`, which bounds need in OpenMetrics.
  static func number(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    if value == -.infinity { return "-Inf" }
    return value.isNaN ? "NaN" : "\(value)"
  }

  /// Seconds with milliseconds.
  static func seconds(_ time: Timestamp) -> String {
    let milliseconds = max(0, time.unixNanoseconds / 1_000_000)
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
  }
}
