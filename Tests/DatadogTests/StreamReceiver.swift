// A real Unix stream socket on this machine, as an Agent would have it: frames of a length and a datagram.

import Datadog
import Foundation

final class StreamReceiver {
  let address: DogStatsDAddress
  private let path: String
  private let descriptor: Int32
  private var connection: Int32 = -1
  private var received: [UInt8] = []

  init(path: String? = nil) throws {
    self.path = path ?? FileManager.default.temporaryDirectory.appending(path: "dss-\(UUID().uuidString.prefix(8))").path
    address = .unixStream(path: self.path)
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: self.path.utf8) }
    let bound = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard bound, listen(descriptor, 4) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      throw LoopbackReceiver.Failure(call: "listen")
    }
  }

  deinit {
    hangUp()
    close(descriptor)
    try? FileManager.default.removeItem(atPath: path)
  }

  func hangUp() {
    if connection >= 0 { close(connection) }
    connection = -1
    received = []
  }

  /// The bytes that have arrived so far, frames that are not whole included.
  func bytes() -> [UInt8] {
    if connection < 0 { connection = accept(descriptor, nil, nil) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while connection >= 0 {
      let count = recv(connection, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count <= 0 { break }
      received += buffer[..<count]
    }
    return received
  }

  /// Whole frames that have arrived since this was last asked.
  func datagrams() -> [String] {
    var rest = bytes()[...]
    var result: [String] = []
    while rest.count >= 4 {
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 4 + length else { break }
      result.append(String(decoding: rest.dropFirst(4).prefix(length), as: UTF8.self))
      rest = rest.dropFirst(4 + length)
    }
    received = Array(rest)
    return result
  }
}
