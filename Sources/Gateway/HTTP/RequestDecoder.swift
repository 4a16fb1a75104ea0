// Reads HTTP/1 requests out of a connection's bytes, one after the other.

import NIOCore

/// By reference, since it is handed on several times before it is decided about.
final class RequestHead {
  let method: String
  /// Where the request target stands in the head: most requests on a connection have the target of the one before.
  private let target: Range<Int>
  /// HTTP/1.1; otherwise 1.0.
  let isVersion11: Bool
  let keepsAlive: Bool
  let framing: MessageBody.Framing
  let headers: HeaderBlock

  init(
    method: String, target: Range<Int>, isVersion11: Bool, keepsAlive: Bool, framing: MessageBody.Framing,
    headers: HeaderBlock
  ) {
    self.method = method
    self.target = target
    self.isVersion11 = isVersion11
    self.keepsAlive = keepsAlive
    self.framing = framing
    self.headers = headers
  }

  var uri: String { withTarget { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of the request target.
  func withTarget<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    headers.bytes.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0[target])) }
  }

  var expectsContinue: Bool { headers.first("expect")?.lowercased() == "100-continue" }
  /// The answer to HEAD has no body; one would be read as the next answer.
  var isHead: Bool { method == "HEAD" }
}

struct RequestDecoder {
  enum Part {
    case head(RequestHead)
    case body(ByteBuffer)
    case end
  }

  private var parser = HeadParser()
  private var body: MessageBody?

  /// The next part, or `nil` when more bytes are needed.
  mutating func next(_ buffer: inout ByteBuffer) throws(HTTPProblem) -> Part? {
    guard body == nil else {
      switch try body?.next(&buffer) {
      case .bytes(let part): return .body(part)
      case .end:
        body = nil
        return .end
      case nil: return nil
      }
    }
    while true {
      guard let length = try parser.length(in: buffer), let bytes = buffer.readSlice(length: length) else { return nil }
      // Some clients send an empty line after a body; it is not the next request (RFC 9112 section 2.2).
      if length <= 2 { continue }
      let head = try Self.head(bytes)
      body = MessageBody(head.framing)
      return .head(head)
    }
  }

  private static func head(_ bytes: ByteBuffer) throws(HTTPProblem) -> RequestHead {
    let (startLine, fields) = try HeadParser.parse(bytes)
    let headers = HeaderBlock(bytes: bytes, fields: fields)
    let (method, target, isVersion11) = try Self.startLine(bytes, startLine)
    if isVersion11, headers.count("host") != 1 { throw .badRequest("The request has no Host field, or several.") }
    let framing = try Self.framing(headers, isVersion11: isVersion11)
    let keepsAlive =
      isVersion11
      && (headers.count("connection") == 0 || headers.isOnly("connection", "keep-alive")
        || !headers.lists("close", in: "connection"))
    return RequestHead(
      method: method, target: target, isVersion11: isVersion11, keepsAlive: keepsAlive, framing: framing, headers: headers)
  }

  private static func startLine(_ bytes: ByteBuffer, _ line: Range<Int>) throws(HTTPProblem) -> (String, Range<Int>, Bool) {
    let parts: (String, Range<Int>, Bool)? = bytes.withUnsafeReadableBytes { bytes in
      let raw = UnsafeRawBufferPointer(rebasing: bytes[line])
      guard let first = raw.firstIndex(of: 0x20), first > 0, let last = raw.lastIndex(of: 0x20), last > first + 1,
        raw[..<first].allSatisfy({ HeadParser.isTokenByte($0) }),
        // Visible characters only: neither spaces nor controls belong into a request target.
        raw[first + 1..<last].allSatisfy({ $0 > 0x20 && $0 != 0x7f })
      else { return nil }
      let version = UnsafeRawBufferPointer(rebasing: raw[(last + 1)...])
      let isVersion11 = HeaderBlock.isExactly(version, "HTTP/1.1")
      guard isVersion11 || HeaderBlock.isExactly(version, "HTTP/1.0") else { return nil }
      let method = UnsafeRawBufferPointer(rebasing: raw[..<first])
      // Nearly every request is one.
      let isPost = HeaderBlock.isExactly(method, "POST")
      return (isPost ? "POST" : String(decoding: method, as: UTF8.self), first + 1..<last, isVersion11)
    }
    guard let parts else { throw .badRequest("The request line is not METHOD TARGET HTTP/1.1.") }
    return parts
  }

  /// One way of saying where the body ends, said once (RFC 9112 section 6.3: the rest is how requests are smuggled).
  private static func framing(_ headers: HeaderBlock, isVersion11: Bool) throws(HTTPProblem) -> MessageBody.Framing {
    let lengthCount = headers.count("content-length")
    if headers.count("transfer-encoding") > 0 {
      let codings = headers.all("transfer-encoding")
      guard lengthCount == 0, isVersion11, codings.count == 1, codings[0].lowercased() == "chunked" else {
        throw .badRequest("Transfer-Encoding must be \"chunked\", alone, without Content-Length.")
      }
      return .chunked
    }
    guard lengthCount > 0 else { return .none }
    guard lengthCount == 1, let length = headers.wholeNumber("content-length") else {
      throw .badRequest("Content-Length must be one whole number.")
    }
    return .length(length)
  }
}
