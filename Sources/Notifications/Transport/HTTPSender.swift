// One HTTP/1.1 request on one guarded connection: no redirects, no proxy, no pool; bodies and answers have limits.

import LLMTelemetry
import NIOCore
import NIOHTTP1

/// An `http://` or `https://` address in its parts; user names and fragments are refused.
package struct WebAddress: Hashable, Sendable {
  package let usesTLS: Bool
  package let host: String
  package let port: Int
  /// With the query; at least `/`.
  package let target: String

  package init?(_ text: String) {
    let rest: Substring
    if text.hasPrefix("https://") {
      (usesTLS, rest) = (true, text.dropFirst(8))
    } else if text.hasPrefix("http://") {
      (usesTLS, rest) = (false, text.dropFirst(7))
    } else {
      return nil
    }
    guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !rest.contains("#") else { return nil }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.contains("@") else { return nil }
    let path = rest[end...]
    target = path.isEmpty ? "/" : path.hasPrefix("/") ? String(path) : "/\(path)"
    var name = authority
    var number = usesTLS ? 443 : 80
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let given = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(given) else { return nil }
      number = given
      name = authority[..<colon]
    }
    if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() } else if name.contains(":") { return nil }
    guard !name.isEmpty else { return nil }
    port = number
    host = String(name)
  }

  /// The value of `Host`.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (usesTLS ? 443 : 80) ? name : "\(name):\(port)"
  }
}

package struct HTTPAnswer: Hashable, Sendable {
  package let status: Int
  /// Names in lower case.
  package let headers: [String: String]
  package let body: [UInt8]
}

package struct HTTPSender: Sendable {
  static let answerLimit = 64 << 10

  package let policy: AddressPolicy
  package let trust: TLSTrust
  package let timeout: Duration

  package init(policy: AddressPolicy = AddressPolicy(), trust: TLSTrust = TLSTrust(), timeout: Duration = .seconds(10)) {
    self.policy = policy
    self.trust = trust
    self.timeout = timeout
  }

  /// Throws `ConnectionFailure`, `DeadlineExceeded`, or what NIO throws; none of them is worded for people but the first.
  package func send(
    _ method: HTTPMethod = .POST, to address: WebAddress, headers: [(String, String)], body: [UInt8]
  ) async throws -> HTTPAnswer {
    try await withDeadline(timeout) { try await exchange(method, address, headers, body) }
  }

  private func exchange(
    _ method: HTTPMethod, _ address: WebAddress, _ headers: [(String, String)], _ body: [UInt8]
  ) async throws -> HTTPAnswer {
    let (channel, handshake) = try await GuardedConnection.connect(host: address.host, port: address.port, policy: policy) {
      channel in
      channel.eventLoop.makeCompletedFuture {
        let handshake = try address.usesTLS ? TLSHandshake.begin(on: channel, host: address.host, trust: trust) : nil
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        return (
          try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(wrappingChannelSynchronously: channel), handshake
        )
      }
    }
    return try await channel.executeThenClose { inbound, outbound in
      if let handshake { try await TLSHandshake.wait(handshake, on: channel.channel) }
      var fields = HTTPHeaders([("Host", address.authority)])
      fields.add(contentsOf: headers)
      fields.add(name: "User-Agent", value: "llm-incident-commander")
      fields.add(name: "Content-Length", value: String(body.count))
      fields.add(name: "Connection", value: "close")
      let head = HTTPRequestHead(version: .http1_1, method: method, uri: address.target, headers: fields)
      try await outbound.write(.head(head))
      if !body.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
      try await outbound.write(.end(nil))
      var answer: HTTPResponseHead?
      var bytes: [UInt8] = []
      reading: for try await part in inbound {
        switch part {
        // 1xx are not the answer.
        case .head(let head) where head.status.code < 200: continue
        case .head(let head): answer = head
        case .body(let buffer): bytes += buffer.readableBytesView.prefix(max(0, Self.answerLimit - bytes.count))
        case .end: if answer != nil { break reading }
        }
      }
      guard let answer else { throw ConnectionFailure.unreachable }
      return HTTPAnswer(
        status: Int(answer.status.code),
        headers: Dictionary(answer.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }, body: bytes)
    }
  }
}
