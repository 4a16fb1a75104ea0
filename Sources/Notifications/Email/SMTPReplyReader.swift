// Takes a server's bytes apart into replies, within limits.

struct SMTPReplyReader: Sendable {
  /// RFC 5321 allows 512 bytes a line; servers send longer ones.
  static let lineLimit = 4_096
  static let linesLimit = 200

  struct Malformed: Error {}

  private var bytes: [UInt8] = []
  private var code: Int?
  private var lines: [String] = []

  /// True when the server has said nothing beyond the last whole reply.
  var isEmpty: Bool { bytes.isEmpty && code == nil }

  mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

  /// The next whole reply; `nil` when more bytes are needed.
  mutating func next() throws -> SMTPReply? {
    while let end = bytes.firstIndex(of: 10) {
      var line = bytes[..<end]
      if line.last == 13 { line = line.dropLast() }
      let text = String(decoding: line, as: UTF8.self)
      bytes.removeSubrange(...end)
      guard let number = Int(text.prefix(3)), text.utf8.count >= 3, (200..<600).contains(number), code == nil || code == number,
        lines.count < Self.linesLimit
      else { throw Malformed() }
      let separator = text.dropFirst(3).first
      guard separator == nil || separator == " " || separator == "-" else { throw Malformed() }
      lines.append(String(text.dropFirst(4)))
      if separator == "-" {
        code = number
        continue
      }
      defer { (code, lines) = (nil, []) }
      return SMTPReply(code: number, lines: lines)
    }
    if bytes.count > Self.lineLimit { throw Malformed() }
    return nil
  }
}
