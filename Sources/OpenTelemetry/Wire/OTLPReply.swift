// What an OTLP/HTTP receiver answers, and what a sender reads out of an answer: in the encoding of the request.

import Providers

/// The two encodings of OTLP/HTTP.
package enum OTLPEncoding: Sendable {
  case protobuf, json

  package var contentType: String {
    switch self {
    case .protobuf: "application/x-protobuf"
    case .json: "application/json"
    }
  }

  /// By the media type of a `Content-Type`; its parameters do not matter.
  package init?(contentType: String) {
    let mediaType = contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    switch mediaType {
    case "application/x-protobuf", "application/protobuf": self = .protobuf
    case "application/json": self = .json
    default: return nil
    }
  }
}

enum OTLPReply {
  /// ExportTraceServiceResponse; without anything to complain about it is empty.
  static func success(rejected: Int, message: String, _ encoding: OTLPEncoding) -> [UInt8] {
    switch encoding {
    case .protobuf:
      guard rejected > 0 || !message.isEmpty else { return [] }
      var writer = ProtobufWriter()
      let partial = writer.begin(1)
      if rejected > 0 { writer.varint(1, UInt64(rejected)) }
      if !message.isEmpty { writer.text(2, message) }
      writer.end(partial)
      return writer.bytes
    case .json:
      guard rejected > 0 || !message.isEmpty else { return Array("{}".utf8) }
      return JSONTree.object([
        .init("partialSuccess", ["rejectedSpans": .string(String(rejected)), "errorMessage": .string(message)])
      ]).serialised
    }
  }

  /// google.rpc.Status.
  static func failure(code: RPCCode, message: String, _ encoding: OTLPEncoding) -> [UInt8] {
    switch encoding {
    case .protobuf:
      var writer = ProtobufWriter()
      writer.varint(1, code.rawValue)
      writer.text(2, message)
      return writer.bytes
    case .json: return JSONTree.object([.init("code", .integer(code.rawValue)), .init("message", .string(message))]).serialised
    }
  }

  /// Of google.rpc.Code.
  enum RPCCode: UInt64 {
    case invalidArgument = 3
    case notFound = 5
    case resourceExhausted = 8
    case unimplemented = 12
    case unavailable = 14
  }

  /// Spans that a receiver took the request of and did not keep. An answer that cannot be read says nothing.
  static func rejectedSpans(_ body: [UInt8], _ encoding: OTLPEncoding) -> Int {
    let count: Int? =
      switch encoding {
      case .protobuf: body.withUnsafeBytes { try? rejectedSpans(protobuf: $0) }
      case .json:
        body.withUnsafeBytes { JSONTree(parsing: $0) }?["partialSuccess"]?["rejectedSpans"].flatMap {
          $0.integer ?? $0.text.flatMap { Int($0) }
        }
      }
    return max(0, count ?? 0)
  }

  private static func rejectedSpans(protobuf bytes: UnsafeRawBufferPointer) throws(MalformedProtobuf) -> Int {
    var rejected = 0
    var response = ProtobufReader(bytes)
    while let field = try response.next() {
      guard field.number == 1, let bytes = field.value.bytes else { continue }
      var partial = ProtobufReader(bytes)
      while let field = try partial.next() {
        if field.number == 1, let number = field.value.varint { rejected = Int(exactly: number) ?? 0 }
      }
    }
    return rejected
  }
}
