// What is read before and after: the wall's clock, or the time the processor spent on us where the machine has other work as well.

import Foundation

enum BenchClock {
  /// Waiting counts too, as it does for whoever waits. For a machine that does nothing else.
  case wall
  /// Of the thread that is measured, or of the process where a pipeline has several: what a core of its own would take.
  case processor

  func seconds(ofProcess: Bool) -> Double {
    var time = timespec()
    switch self {
    case .wall: clock_gettime(CLOCK_MONOTONIC, &time)
    case .processor: clock_gettime(ofProcess ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &time)
    }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
