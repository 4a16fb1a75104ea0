// OTLP/HTTP as a function: a request in, an answer and spans out. Whoever has a listener mounts it.

import Compression
import LLMTelemetry
import Synchronization

/// What came of one request.
package struct OTLPReceived: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// For the pipeline. Their content is raw.
  package var spans: [LLMSpan] = []
  /// Spans that could not be taken: without valid ids or times, or beyond the limit of a request. The sender is told.
  package var rejected = 0
  /// Spans that were taken and are not kept, because they have nothing to do with models.
  package var unrelated = 0
  /// Why spans were rejected, in words for the sender.
  var reasons: [String] = []
  var encoding = OTLPEncoding.json

  /// Says to the sender that the pipeline had no room for some of `spans`. When it had none at all, the sender is asked to come again,
  /// since nothing would be there twice; when it took some, the rest is rejected for good, as OTLP wants it.
  package mutating func leaveOut(_ count: Int) {
    guard count > 0 else { return }
    rejected += count
    if count >= spans.count {
      status = 503
      headers.append(("retry-after", "1"))
      body = OTLPReply.failure(
        code: .unavailable, message: "too many spans wait to be processed; send these again later", encoding)
    } else {
      reasons.append("\(count) spans had no room among those that wait to be processed")
      body = OTLPReply.success(rejected: rejected, message: reasons.joined(separator: "; "), encoding)
    }
  }
}

/// Receives `POST /v1/traces`. From any thread.
package final class OTLPTraceReceiver: Sendable {
  package struct Settings: Sendable {
    /// Bytes of a body as it is sent.
    package var bodyBytes = 8 << 20
    /// Bytes of a body when it is decompressed. JSON takes ten times its size while it is read, so that it may have a quarter.
    package var decompressedBytes = 32 << 20
    /// Spans in one request; those beyond are rejected.
    package var spans = 20_000
    /// Bytes of text that one span may bring.
    package var contentBytes = 256 << 10
    /// Hosts, alone or with a port (`commander.internal:8080`), that are gateways of ours: calls that go there are recorded
    /// there,
    /// so a traced application's span of them accounts for nothing.
    package var gateways: Set<String> = []
    package init() {}
  }

  private let settings: Settings
  private let reading: SpanReading
  private let tree = Mutex(TraceTree())

  package init(settings: Settings = Settings()) {
    self.settings = settings
    reading = SpanReading(gateways: Set(settings.gateways.map { $0.lowercased() }), contentBytes: settings.contentBytes)
  }

  /// - Parameters:
  ///   - path: without a query.
  ///   - body: at most `bodyBytes` and one more need to be read off the wire: what is longer is refused.
  package func handle(method: String, path: String, headers: [(name: String, value: String)], body: [UInt8]) -> OTLPReceived {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    let encoding = OTLPEncoding(contentType: header("content-type") ?? "")
    func refuse(_ status: Int, _ code: OTLPReply.RPCCode, _ message: String) -> OTLPReceived {
      answer(status, OTLPReply.failure(code: code, message: message, encoding ?? .json), encoding ?? .json)
    }
    switch path {
    case "/v1/traces": break
    case "/v1/metrics", "/v1/logs", "/v1development/profiles":
      // Not 404, which reads as a wrong address, and not 501, which some senders try again for ever.
      return refuse(
        422, .unimplemented,
        "traces alone are received here, by POST to /v1/traces: metrics are made of them and messages are read in them. "
          + "Set OTEL_METRICS_EXPORTER=none and OTEL_LOGS_EXPORTER=none, or send metrics and logs elsewhere")
    default: return refuse(404, .notFound, "only /v1/traces is received here")
    }
    guard method == "POST" else {
      var refusal = refuse(405, .unimplemented, "spans are sent by POST")
      refusal.headers.append(("allow", "POST"))
      return refusal
    }
    guard let encoding else {
      return refuse(415, .invalidArgument, "the Content-Type must be application/x-protobuf or application/json")
    }
    guard body.count <= settings.bodyBytes else {
      return refuse(413, .resourceExhausted, "the body is larger than \(settings.bodyBytes) bytes; send smaller batches")
    }
    let limit = encoding == .json ? settings.decompressedBytes / 4 : settings.decompressedBytes
    do {
      let bytes = try Self.decoded(body, header("content-encoding"), limit: limit)
      guard let bytes else { return refuse(415, .invalidArgument, "the Content-Encoding must be gzip, deflate or identity") }
      return try receive(bytes, encoding)
    } catch DecompressionFailure.tooLarge(let limit) {
      return refuse(413, .resourceExhausted, "the body is larger than \(limit) bytes; send smaller batches")
    } catch is DecompressionFailure {
      return refuse(400, .invalidArgument, "the body is not compressed as its Content-Encoding says")
    } catch let error as UnreadableRequest {
      return refuse(400, .invalidArgument, error.reason)
    } catch {
      return refuse(400, .invalidArgument, "the body is not an ExportTraceServiceRequest")
    }
  }

  /// `nil` for a coding that is not known.
  private static func decoded(_ body: [UInt8], _ coding: String?, limit: Int) throws -> [UInt8]? {
    switch coding?.lowercased() {
    case nil, "", "identity":
      guard body.count <= limit else { throw DecompressionFailure.tooLarge(limit: limit) }
      return body
    case "gzip", "x-gzip": return try CompressionFormat.gzip.decompress(body, limit: limit)
    case "deflate": return try CompressionFormat.zlib.decompress(body, limit: limit)
    default: return nil
    }
  }

  private func receive(_ bytes: [UInt8], _ encoding: OTLPEncoding) throws -> OTLPReceived {
    var limits = OTLPLimits()
    limits.spans = settings.spans
    var read: [ReadSpan] = []
    var invalid = 0
    func take(_ resource: [OTLPAttribute], _ span: OTLPSpan) {
      if let span = reading.read(span, resource: resource) { read.append(span) } else { invalid += 1 }
    }
    let excess = try bytes.withUnsafeBytes { bytes in
      switch encoding {
      case .protobuf: try OTLPBinary.read(bytes, limits: limits, visit: take)
      case .json: try OTLPJSON.read(bytes, limits: limits, visit: take)
      }
    }
    // One lock for a request: the tree remembers parents, which is all that requests share.
    let kept = tree.withLock { $0.keep(read) }
    var reasons: [String] = []
    if invalid > 0 { reasons.append("\(invalid) spans have no valid trace id, span id or times") }
    if excess > 0 { reasons.append("a request may have \(settings.spans) spans") }
    var received = answer(
      200, OTLPReply.success(rejected: invalid + excess, message: reasons.joined(separator: "; "), encoding), encoding)
    received.spans = kept
    received.reasons = reasons
    received.encoding = encoding
    received.rejected = invalid + excess
    received.unrelated = read.count - kept.count
    return received
  }

  private func answer(_ status: Int, _ body: [UInt8], _ encoding: OTLPEncoding) -> OTLPReceived {
    OTLPReceived(status: status, headers: [("content-type", encoding.contentType)], body: body)
  }
}
