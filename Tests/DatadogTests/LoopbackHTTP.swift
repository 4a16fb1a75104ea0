// One HTTP exchange with a server on this machine over a plain socket: tests of a target without an HTTP client need no more.

import Datadog
import Delivery
import Foundation

enum LoopbackHTTP {
  struct Failure: Error { let what: String }

  static func send(_ request: DeliveryRequest) throws -> DeliveryResponse {
    guard let parts = URLComponents(string: request.url), let port = parts.port else { throw Failure(what: "URL") }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw Failure(what: "connect") }
    let target = parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
    var head = "\(request.method) \(target) HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: \(request.body.count)\r\n"
    for header in request.headers { head += "\(header.name): \(header.value)\r\n" }
    var unsent = (Array("\(head)\r\n".utf8) + request.body)[...]
    while !unsent.isEmpty {
      let count = unsent.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Failure(what: "send") }
      unsent = unsent.dropFirst(count)
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count >= 0 else { throw Failure(what: "receive") }
      if count == 0 { break }
      answer += buffer[..<count]
    }
    let text = String(decoding: answer, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
      throw Failure(what: "answer")
    }
    return DeliveryResponse(status: status, body: Array(text[end.upperBound...].utf8))
  }

  static func get(_ url: String) throws -> DeliveryResponse {
    try send(DeliveryRequest(method: "GET", url: url, headers: [], body: []))
  }

  /// A port that nobody has now.
  static func freePort() throws -> UInt16 {
    guard case .udp(_, let port) = try LoopbackReceiver.udp().address else { throw Failure(what: "port") }
    return port
  }
}
