// A thread of its own for ingest: it computes without pause and writes files, and Swift's pool has only one thread a core.

import Foundation

/// Runs the jobs of the tasks that prefer it, one after the other, until `end`.
final class IngestThread: TaskExecutor, @unchecked Sendable {
  // Guards the two variables.
  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []
  private var hasEnded = false

  init() {
    Thread.detachNewThread { [self] in
      Thread.current.name = "ingest"
      while let batch = take() {
        for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
      }
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.withLock {
      jobs.append(job)
      condition.signal()
    }
  }

  /// To be called when the tasks have ended.
  func end() {
    condition.withLock {
      hasEnded = true
      condition.signal()
    }
  }

  /// Waits; `nil` at the end.
  private func take() -> [UnownedJob]? {
    condition.withLock {
      while jobs.isEmpty {
        if hasEnded { return nil }
        condition.wait()
      }
      defer { jobs = [] }
      return jobs
    }
  }
}
