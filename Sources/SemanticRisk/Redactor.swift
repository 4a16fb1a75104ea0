// Replaces what must not leave the process by a word for what it was: the one redaction every sink's content goes through.

/// E-mail addresses, payment cards, IBANs, US social security numbers, IPv4 addresses and credentials. Names and postal
/// addresses are not recognised: that takes a language model.
package enum Redactor {
  package static func redact(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var hasChanged = false
    var index = 0
    while index < bytes.count {
      if SensitivePattern.canBegin(bytes, at: index), let found = SensitivePattern.match(bytes, at: index) {
        result += bytes[index..<found.from]
        result += Array("[\(found.kind.rawValue)]".utf8)
        index = found.end
        hasChanged = true
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return hasChanged ? String(decoding: result, as: UTF8.self) : text
  }
}
