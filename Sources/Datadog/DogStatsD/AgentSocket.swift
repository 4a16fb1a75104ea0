// One socket to the Agent that never waits: what the receiver has no room for is lost, and said to be.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why a datagram did not reach the Agent, or a line no datagram: the raw value is the last word of a `reason` tag.
package enum DogStatsDDrop: String, CaseIterable, Hashable, Sendable {
  /// Nobody listens.
  case noReceiver = "no_receiver"
  /// The receiver's buffer is full: it does not keep up.
  case receiverFull = "receiver_full"
  /// A line that no datagram can hold, which only absurdly long tags make.
  case tooLong = "too_long"
  /// A value that is no number, or an event without a title: the Agent would refuse it, or take it and spoil what it has.
  case invalid
}

/// The descriptor and what is left of a frame; closed when it goes.
struct AgentSocket: ~Copyable {
  private let isStream: Bool
  private var descriptor: Int32
  /// The end of a frame of which the receiver had room for a part only; it goes before anything else.
  private var rest: [UInt8] = []

  /// `nil` when nobody listens there, with the reason in `errno`.
  ///
  /// - Parameter sendBuffer: bytes the system may hold for the receiver; without it the system decides.
  init?(_ endpoint: AgentEndpoint, sendBuffer: Int32? = nil) {
    isStream = endpoint.isStream
    descriptor = -1
    #if canImport(Glibc)
      let type = isStream ? Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) : Int32(SOCK_DGRAM.rawValue)
      let opened = socket(endpoint.family, type | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      let opened = socket(endpoint.family, isStream ? SOCK_STREAM : SOCK_DGRAM, 0)
    #endif
    guard opened >= 0 else { return nil }
    #if !canImport(Glibc)
      if isStream { _ = fcntl(opened, F_SETFL, fcntl(opened, F_GETFL) | O_NONBLOCK) }
      var yes: Int32 = 1
      setsockopt(opened, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
    #endif
    if var sendBuffer {
      setsockopt(opened, SOL_SOCKET, SO_SNDBUF, &sendBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    let result = endpoint.bytes.withUnsafeBytes { bytes in
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
      return nil
    }
    descriptor = opened
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  enum Outcome: Equatable {
    case sent
    /// A full buffer stays full for a while; the socket is as good as before.
    case full
    /// The system takes no datagram of this size.
    case tooLong
    /// The receiver has gone: a new socket may reach it.
    case broken
  }

  mutating func send(_ datagram: [UInt8]) -> Outcome {
    isStream ? sendFrame(datagram) : outcome(of: write(datagram), datagram.count)
  }

  /// True while the end of a frame waits: it was counted as sent, and is lost if the receiver goes now.
  var holdsRest: Bool { !rest.isEmpty }

  private mutating func sendFrame(_ datagram: [UInt8]) -> Outcome {
    if !rest.isEmpty {
      let sent = write(rest)
      if sent > 0 { rest.removeFirst(sent) }
      if !rest.isEmpty { return sent > 0 ? .full : outcome(of: sent, 1) }
    }
    var frame = withUnsafeBytes(of: UInt32(datagram.count).littleEndian) { Array($0) }
    frame += datagram
    let sent = write(frame)
    if sent <= 0 { return outcome(of: sent, frame.count) }
    rest = Array(frame[sent...])
    return .sent
  }

  private func write(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { bytes in
      #if canImport(Glibc)
        Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
      #else
        Darwin.send(descriptor, bytes.baseAddress, bytes.count, MSG_DONTWAIT)
      #endif
    }
  }

  private func outcome(of sent: Int, _ count: Int) -> Outcome {
    if sent == count { return .sent }
    switch errno {
    case EAGAIN, EWOULDBLOCK, ENOBUFS: return .full
    case EMSGSIZE: return .tooLong
    default: return .broken
    }
  }
}
