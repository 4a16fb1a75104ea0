// An end to anything that takes too long.

import LLMTelemetry

struct DeadlineExceeded: Error {}

/// `body`, cancelled and thrown out of after `limit`.
func withDeadline<Output: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Output
) async throws -> Output {
  try await withThrowingTaskGroup(of: Output?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let output = first else { throw DeadlineExceeded() }
    return output
  }
}
