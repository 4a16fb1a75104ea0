// Receives DogStatsD datagrams on a Unix socket, so that sending them costs the gateway what it costs in production, and counts them.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// System calls and not NIO: its datagram channels refuse a Unix sender without an address of its own, which a DogStatsD client is.
enum DatagramSink {
  /// Larger than what any client sends in one datagram over a Unix socket.
  private static let largestDatagram = 65_536

  private static let dontWait = Int32(MSG_DONTWAIT)

  static func run(_ arguments: CommandArguments) throws {
    try arguments.allow(["socket", "metric"])
    guard let path = arguments.text("socket") else { throw UsageError("--socket is needed") }
    let descriptor = try open(path)
    defer {
      close(descriptor)
      unlink(path)
    }
    var counter = DatagramCounter(metric: arguments.text("metric"))
    var buffer = [UInt8](repeating: 0, count: largestDatagram)
    var watched = [
      pollfd(fd: 0, events: Int16(POLLIN), revents: 0), pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let ready = poll(&watched, 2, -1)
      guard ready > 0 || errno == EINTR else { throw SystemError("poll") }
      // Everything that has arrived is counted before the end of input is noticed.
      drain(descriptor, &buffer, &counter)
      if watched[0].revents != 0, inputHasEnded() { break }
    }
    drain(descriptor, &buffer, &counter)
    print(counter.json)
  }

  private static func drain(_ descriptor: Int32, _ buffer: inout [UInt8], _ counter: inout DatagramCounter) {
    while true {
      let length = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, dontWait) }
      if length < 0 { return }
      buffer.withUnsafeBytes { counter.read(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    }
  }

  private static func inputHasEnded() -> Bool {
    var byte: UInt8 = 0
    return read(0, &byte, 1) <= 0
  }

  private static func open(_ path: String) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard bytes.count < target.count else { return false }
      target.copyBytes(from: bytes)
      return true
    }
    guard fits else { throw UsageError("--socket \(path): a path of at most 100 bytes is needed") }
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
    #endif
    guard descriptor >= 0 else { throw SystemError("socket") }
    unlink(path)
    let bound = withUnsafeBytes(of: &address) { raw in
      raw.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, socklen_t(raw.count)) }
    }
    guard bound == 0 else { throw SystemError("bind \(path)") }
    return descriptor
  }
}

/// A system call that failed, with what the system says about it.
struct SystemError: Error, CustomStringConvertible {
  let description: String

  init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}
