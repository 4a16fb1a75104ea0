// The bytes that the bench upstream answers with, made once: a complete answer of 762 bytes and the events of a streamed one.

import NIOCore

struct ChatAnswers {
  static let completeBodyBytes = 762
  /// The Content-Length of a non-streamed answer and everything in front of it.
  let complete: ByteBuffer
  let ready: ByteBuffer
  let streamHead: ByteBuffer
  let usage: ByteBuffer
  let end: ByteBuffer
  private let chunk: [UInt8]
  private let stampOffset: Int

  init() {
    let start =
      #"{"id":"chatcmpl-BenchUpstream0000000000000000","object":"chat.completion","created":1790000000,"model":"gpt-4.1-mini","#
      + #""choices":[{"index":0,"message":{"role":"assistant","content":""#
    let rest =
      #"","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":152,"completion_tokens":64,"#
      + #""total_tokens":216},"system_fingerprint":"fp_bench"}"#
    let filling = Self.text(bytes: Self.completeBodyBytes - start.utf8.count - rest.utf8.count)
    complete = Self.message(start + filling + rest)
    ready = Self.message(#"{"object":"list","data":[]}"#)
    streamHead = ByteBuffer(
      string: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
        + "transfer-encoding: chunked\r\n\r\n")

    let common =
      #"{"id":"chatcmpl-BenchUpstream0000000000000000","object":"chat.completion.chunk","created":1790000000,"#
      + #""model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":["#
    let stamp = String(repeating: "0", count: EventReader.stampDigits)
    let chunkText = Self.framed(common + #"{"index":0,"delta":{"content":""# + stamp + #" "},"finish_reason":null}]}"#)
    chunk = Array(chunkText.utf8)
    stampOffset = chunkText.range(ofASCII: stamp) ?? 0
    usage = ByteBuffer(
      string: Self.framed(common + #"],"usage":{"prompt_tokens":152,"completion_tokens":64,"total_tokens":216}}"#))
    end = ByteBuffer(
      string: Self.framed(common + #"{"index":0,"delta":{},"finish_reason":"stop"}]}"#) + Self.framed("[DONE]") + "0\r\n\r\n")
  }

  /// One event that says when it was sent, so that its reader knows how long it was on the way.
  func chunk(sentAt nanoseconds: UInt64, allocator: ByteBufferAllocator) -> ByteBuffer {
    var buffer = allocator.buffer(capacity: chunk.count)
    buffer.writeBytes(chunk)
    buffer.withUnsafeMutableReadableBytes { bytes in
      var value = nanoseconds
      var index = stampOffset + EventReader.stampDigits - 1
      while value > 0, index >= stampOffset {
        bytes[index] = UInt8(ascii: "0") + UInt8(value % 10)
        value /= 10
        index -= 1
      }
    }
    return buffer
  }

  private static func message(_ body: String) -> ByteBuffer {
    ByteBuffer(
      string: "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body)
  }

  private static func framed(_ data: String) -> String {
    let event = "data: \(data)\n\n"
    return "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n"
  }

  static func text(bytes: Int) -> String {
    let words = "The order left the warehouse on Tuesday and is expected within two days. "
    return String(String(repeating: words, count: max(0, bytes) / words.utf8.count + 1).prefix(max(0, bytes)))
  }
}

extension String {
  fileprivate func range(ofASCII text: String) -> Int? {
    let bytes = Array(utf8)
    let wanted = Array(text.utf8)
    return bytes.indices.first { bytes[$0...].starts(with: wanted) }
  }
}
