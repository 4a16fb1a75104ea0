// What a signal does to a program that has not begun to serve.

import Foundation

/// Until the services listen for signals themselves, one ends the program at once: process 1 of a container would not even do that.
/// Nothing is lost by it, since every store is written in transactions.
package enum EarlyExit {
  /// To be called first of all.
  package static func onSignals() {
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
  }
}
