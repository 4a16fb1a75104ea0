// Time and chance for whoever speaks with Datadog, injected so that tests wait for nothing.

package struct DatadogClock: Sendable {
  /// Seconds from some moment on.
  package let now: @Sendable () -> Double
  package let sleep: @Sendable (_ seconds: Double) async throws -> Void
  /// 0..<1, for pauses of several clients not to end at once.
  package let chance: @Sendable () -> Double

  package init(
    now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void,
    chance: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.chance = chance
  }

  package static let system: DatadogClock = {
    let start = ContinuousClock.now
    return DatadogClock(
      now: {
        let time = ContinuousClock.now - start
        return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
      },
      sleep: { try await Task.sleep(for: .seconds($0)) }, chance: { Double.random(in: 0..<1) })
  }()
}
