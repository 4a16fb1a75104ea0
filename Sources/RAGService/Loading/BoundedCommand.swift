// Runs a program of the system on a file that comes from outside: with limits on its time, its memory and its output.
import Foundation
import Synchronization

/// What a program wrote, or why it did not.
struct BoundedCommand: Sendable {
  enum Failure: Error, Sendable, Equatable {
    case missing
    case timedOut
    case tooLong
    case failed(status: Int32, message: String)
  }

  var program: String
  var arguments: [String]
  var seconds = 60
  var outputLimit = 64 * 1024 * 1024
  var memoryKilobytes = 1_500_000
  private static let messageLimit = 400

  /// Runs beside the cooperative threads: reading a pipe waits.
  func run() async -> Result<Data, Failure> {
    await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: runAndWait()) }
      thread.start()
    }
  }

  private func runAndWait() -> Result<Data, Failure> {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The shell sets the limits, looks the program up and becomes `timeout`, which ends what waits instead of working. A server
    // ignores SIGTERM, and so do the programs it starts: only SIGKILL ends those.
    process.arguments =
      [
        "-c",
        "command -v \"$0\" >/dev/null || exit 127; ulimit -v \(memoryKilobytes); ulimit -t \(seconds); exec timeout -k 1 -s KILL \(seconds) \"$0\" \"$@\"",
        program,
      ] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { return .failure(.missing) }
    // The second pipe is read elsewhere, or a program that complains much would wait for its reader.
    let complaint = ComplaintReader(errors.fileHandleForReading, limit: Self.messageLimit)
    var data = Data()
    while true {
      let chunk = output.fileHandleForReading.availableData
      if chunk.isEmpty { break }
      data.append(chunk)
      if data.count > outputLimit {
        Self.end(process)
        return .failure(.tooLong)
      }
    }
    process.waitUntilExit()
    if process.terminationReason == .uncaughtSignal { return .failure(.timedOut) }
    switch process.terminationStatus {
    case 0: return .success(data)
    case 127: return .failure(.missing)
    case 124, 137, 152: return .failure(.timedOut)
    case let status: return .failure(.failed(status: status, message: complaint.text()))
    }
  }
}

extension BoundedCommand {
  /// `timeout` leads a process group of its own, with the program in it.
  fileprivate static func end(_ process: Process) {
    if kill(-process.processIdentifier, SIGKILL) != 0 { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
}

/// Reads what a program complains of, and keeps the beginning.
private final class ComplaintReader: Sendable {
  private let done = DispatchSemaphore(value: 0)
  private let kept = Mutex(Data())

  init(_ handle: FileHandle, limit: Int) {
    let thread = Thread { [self] in
      while true {
        let chunk = handle.availableData
        if chunk.isEmpty { break }
        kept.withLock { if $0.count < limit { $0.append(chunk.prefix(limit - $0.count)) } }
      }
      done.signal()
    }
    thread.start()
  }

  /// Waits for the end of the complaint, which is the end of the program.
  func text() -> String {
    done.wait()
    return String(decoding: kept.withLock { $0 }, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: "; ")
  }
}
