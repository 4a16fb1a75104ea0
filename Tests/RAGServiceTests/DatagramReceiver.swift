// A real datagram socket on this machine, as a Datadog Agent has it.
import Foundation

final class DatagramReceiver {
  /// As configuration writes it.
  let address: String
  private let descriptor: Int32
  private let folder: ScratchFolder?

  struct Failure: Error {}

  init(overUnixSocket: Bool) throws {
    descriptor = socket(overUnixSocket ? AF_UNIX : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    if overUnixSocket {
      let folder = try ScratchFolder()
      self.folder = folder
      address = folder.path + "/s"
      var place = sockaddr_un()
      place.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: (folder.path + "/s").utf8) }
      guard Self.bind(descriptor, &place) else { throw Failure() }
    } else {
      folder = nil
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      guard Self.bind(descriptor, &place) else { throw Failure() }
      address = "127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
    }
  }

  deinit { close(descriptor) }

  /// What came so far, line by line.
  func lines() -> [String] {
    var lines: [String] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { return lines }
      lines += String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }
  }

  private static func bind<Place>(_ descriptor: Int32, _ place: inout Place) -> Bool {
    var length = socklen_t(MemoryLayout<Place>.size)
    return withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
  }
}
