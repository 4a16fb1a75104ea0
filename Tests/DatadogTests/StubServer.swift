// The stub of Datadog's API behind a real HTTP server on this machine, for commands that run as processes of their own.

import Delivery
import Foundation

@testable import Datadog

/// Serves one exchange a connection, each on a thread of its own, until it goes.
final class StubServer: Sendable {
  let port: UInt16
  private let listener: Int32

  init(_ stub: DatadogStub) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else { throw LoopbackHTTP.Failure(what: "listen") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        Thread.detachNewThread {
          Self.serve(connection, stub)
          close(connection)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var origin: String { "http://127.0.0.1:\(port)" }

  private static func serve(_ connection: Int32, _ stub: DatadogStub) {
    guard let request = read(connection), let answer = try? stub.exchange(request) else { return }
    var head = "HTTP/1.1 \(answer.status) Whatever\r\nContent-Length: \(answer.body.count)\r\nConnection: close\r\n"
    for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
    var unsent = (Array("\(head)\r\n".utf8) + answer.body)[...]
    while !unsent.isEmpty {
      let count = unsent.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      unsent = unsent.dropFirst(count)
    }
  }

  private static func read(_ connection: Int32) -> DeliveryRequest? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
      guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
      let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      let words = lines[0].split(separator: " ").map(String.init)
      let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
        line.firstIndex(of: ":").map { (String(line[..<$0]), String(line[line.index(after: $0)...]).trimmed) }
      }
      let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
      guard bytes.count >= end.upperBound + length, words.count > 1 else { continue }
      return DeliveryRequest(
        method: words[0], url: "http://127.0.0.1\(words[1])", headers: headers,
        body: Array(bytes[end.upperBound..<end.upperBound + length]))
    }
  }
}
