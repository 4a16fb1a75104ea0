// A descriptor that is written without waiting, whatever it leads to: a file, a pipe, a terminal or a socket.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct LogOutput: ~Copyable {
  private enum Way { case direct, socket, inPieces }

  private let descriptor: Int32
  private let way: Way
  /// True when `descriptor` was opened here.
  private let isOurs: Bool

  init(_ given: Int32) {
    // A reader that has gone is an error of the write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    var status = stat()
    let type = fstat(given, &status) == 0 ? status.st_mode & S_IFMT : 0
    if type == S_IFREG {
      (descriptor, way, isOurs) = (given, .direct, false)
    } else if type == S_IFSOCK {
      (descriptor, way, isOurs) = (given, .socket, false)
    } else {
      // O_NONBLOCK on a descriptor we share would change it for everybody who shares it, so it is opened again.
      let opened = open("/proc/self/fd/\(given)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      (descriptor, way, isOurs) = opened >= 0 ? (opened, .direct, true) : (given, .inPieces, false)
    }
    #if os(Linux)
      // Room for a batch of lines: the usual 64 KiB are full long before the next batch comes. More than the system
      // allows is refused, and the pipe stays as it is.
      if type == S_IFIFO { _ = fcntl(given, Self.setPipeSize, Int32(1 << 20)) }
    #endif
  }

  /// `F_SETPIPE_SZ` of Linux, which Glibc shows to `_GNU_SOURCE` only.
  private static let setPipeSize: Int32 = 1031

  deinit { if isOurs { close(descriptor) } }

  /// Returns how many bytes were taken. `isBroken` when none ever will be.
  func write(_ bytes: UnsafeRawBufferPointer) -> (count: Int, isBroken: Bool) {
    var count = 0
    while count < bytes.count {
      let taken = attempt(UnsafeRawBufferPointer(rebasing: bytes[count...]))
      if taken > 0 {
        count += taken
      } else if taken == 0 || errno == EAGAIN || errno == EWOULDBLOCK {
        break
      } else if errno != EINTR {
        return (count, true)
      }
    }
    return (count, false)
  }

  func waitUntilWritable(_ time: Duration) -> Bool {
    let (seconds, attoseconds) = time.components
    return isWritable(max(1, Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)))
  }

  private func attempt(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch way {
    case .direct: return systemWrite(bytes)
    case .socket:
      #if canImport(Glibc)
        return send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      #else
        return send(descriptor, bytes.baseAddress, bytes.count, MSG_DONTWAIT)
      #endif
    case .inPieces:
      guard isWritable(0) else {
        errno = EAGAIN
        return -1
      }
      // A pipe that is writable has room for this much (POSIX calls it PIPE_BUF; 512 is the least it may be).
      return systemWrite(UnsafeRawBufferPointer(rebasing: bytes.prefix(512)))
    }
  }

  private func isWritable(_ milliseconds: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, milliseconds) > 0
  }

  private func systemWrite(_ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
