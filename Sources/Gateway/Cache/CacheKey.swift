// Which requests are the same: one hash over everything a provider could answer differently to, and over who asks.

import Crypto
import NIOCore

/// SHA-256 of whose request it is and of what is sent to the provider for it.
struct CacheKey: Hashable {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// - Parameters:
  ///   - virtualKey, tenant: no answer is given to another key, nor to another tenant that the same key names.
  ///   - call: its target, and its body with the managed prompt's text and every edit in it.
  ///   - head: the client's; the fields that reach the provider count, but for those that tell one try from the next.
  init(virtualKey: String, tenant: String?, call: PreparedCall, head: RequestHead) {
    var fields = ByteBuffer()
    if !call.translates { head.headers.write(into: &fields) { Self.counts($0) } }
    var hash = SHA256()
    // Each part behind its length, so that no two requests have the same bytes in a row.
    func add(_ bytes: UnsafeRawBufferPointer) {
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
      hash.update(bufferPointer: bytes)
    }
    func add(_ text: String) {
      var text = text
      text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }
    add(virtualKey)
    // A tenant that is named nothing is not the same as none.
    add(tenant.map { "=\($0)" } ?? "")
    add(call.provider.value.name)
    add(call.uri)
    fields.withUnsafeReadableBytes { add($0) }
    call.body.withUnsafeReadableBytes { add($0) }
    words = hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
  }

  static func == (left: CacheKey, right: CacheKey) -> Bool { left.words == right.words }

  /// One word of a hash is as good as all of them.
  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  /// Everything that crosses counts, since a field that nobody here knows may change the answer: what is left out is left out by name.
  static func counts(_ name: UnsafeRawBufferPointer) -> Bool {
    if ForwardedHeaders.stopsHere(name) || ForwardedHeaders.isHopByHop(name) { return false }
    for prefix in tellingTries where ForwardedHeaders.starts(name, prefix) { return false }
    return !namingTries.contains { HeaderBlock.isEqual(name, $0) }
  }

  /// Names of ours, of a caller's tracing, of the SDK, and of the proxies in front.
  private static let tellingTries: [StaticString] = ["x-commander-", "x-datadog-", "x-stainless-", "x-forwarded-"]
  private static let namingTries: [StaticString] = [
    "content-length", "cache-control", "pragma", "user-agent", "x-goog-api-client", "idempotency-key", "x-request-id",
    "x-client-request-id", "x-correlation-id", "forwarded", "via", "x-real-ip", "date",
  ]
}
