// A datagram socket that never waits: what the receiver has no room for is lost, and said to be.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why no socket to the Agent can be made, with the remedy.
package struct DogStatsDError: Error, CustomStringConvertible, Sendable {
  package let description: String
}

struct DatagramSocket: ~Copyable {
  private let family: Int32
  /// A `sockaddr` of `family`.
  private let destination: [UInt8]
  private var descriptor: Int32 = -1

  /// Resolves the host once. A Unix socket need not exist yet: the Agent may start later.
  init(_ address: DogStatsDAddress) throws {
    switch address {
    case .udp(let host, let port): (family, destination) = try Self.resolve(host, port)
    case .unix(let path): (family, destination) = (AF_UNIX, try Self.unixAddress(path))
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// False when the datagram was lost: no receiver, or a full buffer.
  mutating func send(_ datagram: [UInt8]) -> Bool {
    if attempt(datagram) { return true }
    // A full buffer stays full; every other error may be of an Agent that has gone and come back, with a new socket.
    if errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS { return false }
    disconnect()
    return attempt(datagram)
  }

  private mutating func attempt(_ datagram: [UInt8]) -> Bool {
    if descriptor < 0, !connect() { return false }
    #if canImport(Glibc)
      let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
    #else
      let flags = MSG_DONTWAIT
    #endif
    let sent = datagram.withUnsafeBytes { bytes in
      #if canImport(Glibc)
        Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
      #else
        Darwin.send(descriptor, bytes.baseAddress, bytes.count, flags)
      #endif
    }
    return sent == datagram.count
  }

  private mutating func connect() -> Bool {
    #if canImport(Glibc)
      let opened = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      let opened = socket(family, SOCK_DGRAM, 0)
    #endif
    guard opened >= 0 else { return false }
    let result = destination.withUnsafeBytes { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { address in
        #if canImport(Glibc)
          Glibc.connect(opened, address.baseAddress, socklen_t(bytes.count))
        #else
          Darwin.connect(opened, address.baseAddress, socklen_t(bytes.count))
        #endif
      }
    }
    guard result == 0 else {
      let failure = errno
      close(opened)
      errno = failure
      return false
    }
    descriptor = opened
    return true
  }

  private mutating func disconnect() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  private static func resolve(_ host: String, _ port: UInt16) throws -> (Int32, [UInt8]) {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    #else
      hints.ai_socktype = SOCK_DGRAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard status == 0, let first = found?.pointee, let address = first.ai_addr else {
      let reason = status == 0 ? "no address" : String(cString: gai_strerror(status))
      throw DogStatsDError(
        description: "DogStatsD host \(host) cannot be resolved: \(reason); check the name, or use an IP address")
    }
    return (first.ai_family, Array(UnsafeRawBufferPointer(start: address, count: Int(first.ai_addrlen))))
  }

  private static func unixAddress(_ path: String) throws -> [UInt8] {
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard path.utf8.count <= room else {
      throw DogStatsDError(
        description: "DogStatsD socket path \(path) is longer than the system's \(room) bytes; use a shorter one")
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafeBytes(of: address) { Array($0) }
  }
}
