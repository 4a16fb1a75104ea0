// A limit on the whole time of one exchange: an HTTP client's own ends with the head of an answer, and a body may come a byte at a time.

package enum DeliveryDeadline {
  /// The same way out, which gives up after `time`.
  package static func bounded(
    within time: Duration = .seconds(10),
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    _ send: @escaping DeliverySend
  ) -> DeliverySend {
    { request in
      try await withThrowingTaskGroup(of: DeliveryResponse.self) { group in
        group.addTask { try await send(request) }
        group.addTask {
          try await sleep(time)
          throw late
        }
        defer { group.cancelAll() }
        guard let response = try await group.next() else { throw late }
        return response
      }
    }
  }

  private static let late = DeliveryFailure("no whole answer in time")
}
