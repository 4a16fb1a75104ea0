// Detection and the default pack belong together: every signal is listened to, by one monitor, and charted by a query that exists.

import Monitors
import Testing

@testable import Commander

@Suite struct DetectionPackTests {
  private static let listeners = MonitorPack.default.monitors.map(\.definition).compactMap { definition in
    if case .detection(let filter) = definition.kind { (definition, filter) } else { nil }
  }

  @Test(arguments: DetectionFilter.knownSignals)
  func everySignalIsListenedToOnce(_ signal: String) {
    #expect(Self.listeners.count { $0.1.signals.contains(signal) } == 1)
  }

  @Test func nobodyListensToASignalThatThereIsNot() {
    let known = Set(DetectionFilter.knownSignals)
    for (definition, filter) in Self.listeners {
      #expect(Set(filter.signals).isSubset(of: known), "\(definition.name)")
      #expect(definition.lint().isEmpty)
    }
  }
}
