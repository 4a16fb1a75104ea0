// Appends attributes to a span in protobuf: KeyValue messages with their lengths computed before, which saves moving bytes.

import LLMTelemetry

extension ProtobufWriter {
  mutating func attribute(_ field: Int, _ key: StaticString, _ value: String?) {
    guard let value else { return }
    let size = value.utf8.count
    begin(field, key, value: 1 + Self.size(size) + size)
    text(1, value)
  }

  mutating func attribute(_ field: Int, _ key: StaticString, _ value: StaticString) {
    let size = value.utf8CodeUnitCount
    begin(field, key, value: 1 + Self.size(size) + size)
    text(1, value)
  }

  mutating func attribute(_ field: Int, _ key: StaticString, flag value: Bool) {
    begin(field, key, value: 2)
    varint(2, value ? 1 : 0)
  }

  mutating func attribute(_ field: Int, _ key: StaticString, _ value: Int?) {
    guard let value else { return }
    // A negative number takes ten bytes.
    begin(field, key, value: 1 + (value < 0 ? 10 : Self.size(value)))
    varint(3, UInt64(bitPattern: Int64(value)))
  }

  mutating func attribute(_ field: Int, _ key: StaticString, _ value: Double?) {
    guard let value else { return }
    begin(field, key, value: 9)
    double(4, value)
  }

  /// A list of one text.
  mutating func attribute(_ field: Int, _ key: StaticString, list value: String?) {
    guard let value else { return }
    let text = value.utf8.count
    let element = 1 + Self.size(text) + text
    let list = 1 + Self.size(element) + element
    begin(field, key, value: 1 + Self.size(list) + list)
    header(5, count: list)
    header(1, count: element)
    self.text(1, value)
  }

  /// KeyValue up to the content of its AnyValue, which has `value` bytes.
  @inline(__always)
  private mutating func begin(_ field: Int, _ key: StaticString, value: Int) {
    let keyCount = key.utf8CodeUnitCount
    header(field, count: 1 + Self.size(keyCount) + keyCount + 1 + Self.size(value) + value)
    text(1, key)
    header(2, count: value)
  }
}
