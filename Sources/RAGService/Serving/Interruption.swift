// Ends a piece of work in order when the user presses Ctrl-C or the system asks the process to end.
import Foundation

enum Interruption {
  /// Cancels `task` on SIGINT or SIGTERM while `body` waits for it.
  static func cancelling<Success: Sendable, Value>(
    _ task: Task<Success, any Error>, _ body: () async -> Value
  ) async -> Value {
    let sources = [SIGINT, SIGTERM].map { number -> any DispatchSourceSignal in
      // The source sees the signal only when the default, which ends the process, is off.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { task.cancel() }
      source.resume()
      return source
    }
    let value = await body()
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    return value
  }
}
