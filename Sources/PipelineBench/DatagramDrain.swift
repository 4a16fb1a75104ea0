// The Agent's side of a Unix datagram socket: a thread that reads and counts.

import Foundation
import Synchronization

final class DatagramDrain: Sendable {
  let path: String
  private let received = Atomic<Int>(0)

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  init(path: String) throws {
    self.path = path
    #if canImport(Glibc)
      let type = Int32(SOCK_DGRAM.rawValue)
    #else
      let type = SOCK_DGRAM
    #endif
    let descriptor = socket(AF_UNIX, type, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw Failure(description: "\(path) is too long for a socket; set TMPDIR to a shorter path")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard bound else { throw Failure(description: "cannot bind \(path): \(String(cString: strerror(errno)))") }
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while recv(descriptor, &buffer, buffer.count, 0) >= 0 { received.add(1, ordering: .relaxed) }
    }
  }

  var count: Int { received.load(ordering: .relaxed) }
}
