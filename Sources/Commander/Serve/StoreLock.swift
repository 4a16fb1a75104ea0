// One commander for one store: the mark of whoever serves from it, which the system takes away with the process, however it ends.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import ServiceLifecycle
import Synchronization

/// Held for as long as the store is used. Two commanders on one store would both take turns on its ledger, and each would put its own
/// overrides in force.
final class StoreLock: Service, Sendable {
  /// Another process has it.
  struct Taken: Error {
    /// As the other wrote it down; `nil` when it has not yet.
    var process: Int?
  }

  private let descriptor: Mutex<Int32?>

  /// - Parameter folder: of the store; the file `commander.lock` in it has the number of the process that serves.
  /// - Throws: `Taken`. A file system that cannot lock does not keep a commander from its store.
  init(folder: String) throws(Taken) {
    let file = open(folder + "/commander.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      descriptor = Mutex(nil)
      return
    }
    if flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      let process = Self.process(file)
      close(file)
      throw Taken(process: process)
    }
    let text = Array("\(getpid())\n".utf8)
    ftruncate(file, 0)
    _ = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    descriptor = Mutex(file)
  }

  deinit { release() }

  /// The first to start and the last to end.
  func run() async throws {
    try? await gracefulShutdown()
    release()
  }

  private func release() {
    descriptor.withLock { file in
      // Closing lets go. The file stays: another may hold it open already.
      if let file { close(file) }
      file = nil
    }
  }

  private static func process(_ file: Int32) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 24)
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return Int(String(decoding: bytes[..<count], as: UTF8.self).prefix { $0.isNumber })
  }
}
