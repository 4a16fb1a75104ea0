// A real datagram socket on this machine, as an Agent would have it.

import Datadog
import Foundation

/// Receives datagrams over UDP on a free port or over a Unix socket in its own folder.
final class LoopbackReceiver {
  let address: DogStatsDAddress
  private let descriptor: Int32
  private let folder: URL?

  struct Failure: Error { let call: String }

  static func udp() throws -> LoopbackReceiver {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw Failure(call: "bind") }
    return LoopbackReceiver(
      address: .udp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port)), descriptor: descriptor, folder: nil)
  }

  static func unix(path: String? = nil) throws -> LoopbackReceiver {
    let folder = path == nil ? FileManager.default.temporaryDirectory.appending(path: "dsd-\(UUID().uuidString.prefix(8))") : nil
    if let folder { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
    guard let path = path ?? folder?.appending(path: "s").path else { throw Failure(call: "path") }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard bound else { throw Failure(call: "bind") }
    return LoopbackReceiver(address: .unix(path: path), descriptor: descriptor, folder: folder)
  }

  private init(address: DogStatsDAddress, descriptor: Int32, folder: URL?) {
    self.address = address
    self.descriptor = descriptor
    self.folder = folder
  }

  deinit {
    close(descriptor)
    if let folder { try? FileManager.default.removeItem(at: folder) }
  }

  /// Everything that has arrived; on the loopback a datagram that was sent is there.
  func datagrams() -> [String] {
    var result: [String] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count < 0 { return result }
      result.append(String(decoding: buffer[..<count], as: UTF8.self))
    }
  }
}
