// Reads HTTP/1 answers of a provider out of a connection's bytes. Every request sent is a POST or a GET.

import NIOCore

struct ResponseHead {
  var status: Int
  /// Where status and reason stand in the head, with the end of their line; `nil` where no reason is given, or one that is no text.
  var statusText: Range<Int>?
  var keepsAlive: Bool
  var framing: MessageBody.Framing
  var headers: HeaderBlock
}

struct ResponseDecoder {
  enum Part {
    case head(ResponseHead)
    case body(ByteBuffer)
    case end
  }

  private var parser = HeadParser()
  private var body: MessageBody?

  /// Between two answers.
  var isIdle: Bool { body == nil }
  /// The connection may end now, and the answer is whole.
  var endsWithConnection: Bool { body?.endsWithConnection ?? false }

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
      let head = try Self.head(bytes)
      // Interim answers (100, 103) precede the real one.
      if (100..<200).contains(head.status) {
        guard head.status != 101 else { throw .badRequest("the provider switched protocols unasked") }
        continue
      }
      body = MessageBody(head.framing)
      return .head(head)
    }
  }

  private static func head(_ bytes: ByteBuffer) throws(HTTPProblem) -> ResponseHead {
    let (startLine, fields) = try HeadParser.parse(bytes)
    let headers = HeaderBlock(bytes: bytes, fields: fields)
    let parsed: (Int, Range<Int>?, Bool)? = bytes.withUnsafeReadableBytes { raw in
      let line = UnsafeRawBufferPointer(rebasing: raw[startLine])
      guard line.count >= 12, HeaderBlock.isExactly(UnsafeRawBufferPointer(rebasing: line[..<7]), "HTTP/1."), line[8] == 0x20,
        line[7] == 48 || line[7] == 49, line[9...11].allSatisfy({ (48...57).contains($0) }), line.count == 12 || line[12] == 0x20
      else { return nil }
      let status = (Int(line[9]) - 48) * 100 + (Int(line[10]) - 48) * 10 + Int(line[11]) - 48
      let hasReason = line.count > 13 && line[13...].allSatisfy { $0 >= 0x20 && $0 != 0x7f }
      return (status, hasReason ? startLine.lowerBound + 9..<startLine.upperBound + 2 : nil, line[7] == 49)
    }
    guard let (status, statusText, isVersion11) = parsed, status >= 100 else {
      throw .badRequest("the provider's status line is no HTTP/1")
    }
    return ResponseHead(
      status: status, statusText: statusText,
      keepsAlive: keepsAlive(headers, isVersion11: isVersion11), framing: try framing(headers, status: status), headers: headers)
  }

  private static func keepsAlive(_ headers: HeaderBlock, isVersion11: Bool) -> Bool {
    if headers.count("connection") == 0 { return isVersion11 }
    if headers.isOnly("connection", "keep-alive") { return true }
    return isVersion11 ? !headers.lists("close", in: "connection") : headers.lists("keep-alive", in: "connection")
  }

  private static func framing(_ headers: HeaderBlock, status: Int) throws(HTTPProblem) -> MessageBody.Framing {
    if status == 204 || status == 304 || status < 200 { return .none }
    let lengthCount = headers.count("content-length")
    if headers.count("transfer-encoding") > 0 {
      let codings = headers.all("transfer-encoding")
      guard let coding = codings.first, lengthCount == 0, codings.count == 1, coding.lowercased() == "chunked" else {
        throw .badRequest("the provider frames its answer in a way that can be read in two ways")
      }
      return .chunked
    }
    guard lengthCount > 0 else { return .untilClose }
    guard lengthCount == 1 || Set(headers.all("content-length")).count == 1, let length = headers.wholeNumber("content-length")
    else { throw .badRequest("the provider's Content-Length is no whole number") }
    return .length(length)
  }
}
