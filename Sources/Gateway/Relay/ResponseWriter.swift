// Frames answers for one client connection: what is written between two flushes leaves as one piece.

import NIOCore

struct ResponseWriter {
  private enum BodyFraming { case length, chunked, untilClose, none }

  private(set) var bytes = ByteBuffer()
  var keepsAlive = true
  private var isVersion11 = true
  /// The answer to HEAD has no body; one would be read as the next answer.
  private var isHead = false
  private var framing = BodyFraming.none

  /// Pieces from this size on are passed on as they are; copying smaller ones costs less than a second write.
  private static let largePiece = 16 << 10

  mutating func begin(request: RequestHead) {
    keepsAlive = request.keepsAlive
    isVersion11 = request.isVersion11
    isHead = request.isHead
    framing = .none
  }

  /// The client counts the bytes of this answer: it cannot be given others.
  var endsByLength: Bool { framing == .length }

  var hasBytes: Bool { bytes.readableBytes > 0 }

  /// After what was gathered went out. The storage is used again when nobody else holds it.
  mutating func clear() { bytes.clear(minimumCapacity: 2048) }

  mutating func writeHead(
    _ head: ResponseHead, changesBody: Bool, contentType: String?, _ fields: (inout ByteBuffer) -> Void
  ) {
    if head.statusText == nil { writeStatus(head.status) } else { writeVersion() }
    let keepsLength =
      if !changesBody, case .length(let length) = head.framing { head.headers.isOnly("content-length", length) } else { false }
    ForwardedHeaders.writeResponse(head, replacesContentType: contentType != nil, keepsLength: keepsLength, into: &bytes)
    if let contentType { bytes.writeField("content-type", contentType) }
    fields(&bytes)
    switch head.framing {
    case .none: framing = .none
    case .length(let length) where !changesBody:
      framing = .length
      if !keepsLength { bytes.writeContentLength(length) }
    case .length, .chunked, .untilClose:
      if isVersion11 {
        framing = .chunked
        bytes.writeStaticString("transfer-encoding: chunked\r\n")
      } else {
        // HTTP/1.0 knows no chunks: the end of such an answer is the end of the connection.
        framing = .untilClose
        keepsAlive = false
      }
    }
    endHead()
  }

  /// A whole answer of the gateway itself.
  mutating func writeWhole(
    status: Int, contentType: StaticString, body: String, _ fields: (inout ByteBuffer) -> Void
  ) {
    writeStatus(status)
    bytes.writeStaticString("content-type: ")
    bytes.writeStaticString(contentType)
    bytes.writeStaticString("\r\n")
    bytes.writeContentLength(body.utf8.count)
    fields(&bytes)
    endHead()
    framing = .length
    if !isHead { bytes.writeString(body) }
  }

  private mutating func writeVersion() { bytes.writeStaticString(isVersion11 ? "HTTP/1.1 " : "HTTP/1.0 ") }

  private mutating func writeStatus(_ status: Int) {
    writeVersion()
    bytes.writeDecimal(status)
    bytes.writeStaticString(" ")
    bytes.writeStaticString(StatusReason.phrase(status))
    bytes.writeStaticString("\r\n")
  }

  private mutating func endHead() {
    if !keepsAlive { bytes.writeStaticString("connection: close\r\n") }
    bytes.writeStaticString("\r\n")
  }

  /// Returns a piece that is to be written after what was gathered, instead of being copied; then call `endLargePiece`.
  mutating func writeBody(_ piece: ByteBuffer) -> ByteBuffer? {
    guard !isHead, piece.readableBytes > 0 else { return nil }
    let isLarge = piece.readableBytes >= Self.largePiece
    switch framing {
    case .none: return nil
    case .length, .untilClose:
      if isLarge { return piece }
      bytes.writeImmutableBuffer(piece)
    case .chunked:
      if isLarge {
        bytes.writeChunkSize(piece.readableBytes)
        return piece
      }
      piece.withUnsafeReadableBytes { bytes.writeChunk($0) }
    }
    return nil
  }

  mutating func endLargePiece() {
    if framing == .chunked { bytes.writeStaticString("\r\n") }
  }

  mutating func writeEnd() {
    if framing == .chunked, !isHead { bytes.writeStaticString("0\r\n\r\n") }
    framing = .none
  }
}
