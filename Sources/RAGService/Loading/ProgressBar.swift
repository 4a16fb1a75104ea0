// A bar on a terminal, a line now and then where standard error goes elsewhere.
import Foundation
import Synchronization

package final class ProgressBar: Sendable {
  private let isShown: Bool
  private let isTerminal: Bool
  private let write: @Sendable (String) -> Void
  private let lastTenth = Mutex(-1)

  package init(
    isShown: Bool, isTerminal: Bool = isatty(2) == 1,
    write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
  ) {
    self.isShown = isShown
    self.isTerminal = isTerminal
    self.write = write
  }

  package func show(_ progress: IndexingProgress) {
    guard isShown, progress.total > 0 else { return }
    if isTerminal {
      write("\r\u{1B}[K" + Self.line(progress, width: 24))
      return
    }
    let tenth = progress.done * 10 / progress.total
    let isNew = lastTenth.withLock { last in
      defer { last = tenth }
      return last != tenth
    }
    if isNew { write("\(progress.done) of \(progress.total) files\n") }
  }

  package func clear() { if isShown, isTerminal { write("\r\u{1B}[K") } }

  static func line(_ progress: IndexingProgress, width: Int) -> String {
    let filled = progress.done * width / progress.total
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    // Names come from outside: what moves a terminal's cursor is left out.
    let name = String(progress.current.filter { !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }.suffix(40))
    return "\(bar) \(progress.done)/\(progress.total) \(name)"
  }
}
