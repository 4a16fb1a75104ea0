// The alert state machine: its story, its edges, and random walks that must never leave the legal table.

import LLMMetrics
import LLMTelemetry
import Monitors
import TestSeries
import Testing

@Suite struct AlertMachineTests {
  /// Drives one monitor by an error rate per step of ten seconds; `nil` is a step without requests.
  struct Walk {
    var definition: MonitorDefinition
    var table = SeriesTable()
    var book = AlertBook()
    var second: Int64 = 0
    var states: [AlertState] = []

    mutating func step(_ errorsOfHundred: Int64?, requests: Int64 = 100) throws {
      if let errors = errorsOfHundred {
        table.count(MetricCatalogue.requests, at: .second(second), requests)
        table.count(MetricCatalogue.errors, at: .second(second), errors)
      }
      second += 10
      let at = Timestamp.second(second)
      let evaluations = try definition.evaluate(at: at, read: table.read)
      for transition in try definition.transitions(at: at, evaluations: evaluations, alerts: book, read: table.read) {
        #expect(transition.from.successors.contains(transition.to), "\(transition)")
        let wasLegal = book.apply(transition)
        #expect(wasLegal)
      }
      states.append(book.state(of: AlertKey(monitor: definition.name)))
    }
  }

  func walk(_ change: (inout MonitorDefinition) -> Void = { _ in }) throws -> Walk {
    Walk(
      definition: try LintTests.monitor {
        $0.window = .seconds(10)
        change(&$0)
      })
  }

  @Test func alertsAfterHoldingAndRecoversAfterHolding() throws {
    var walk = try walk()
    for errors: Int64 in [0, 50, 50, 50, 7, 0, 0, 0, 0] { try walk.step(errors) }
    #expect(walk.states == [.ok, .pending, .pending, .alert, .alert, .alert, .alert, .recovered, .ok])
  }

  @Test func interruptedBreachStartsAgain() throws {
    var walk = try walk()
    for errors: Int64 in [50, 50, 7, 50, 50] { try walk.step(errors) }
    #expect(walk.states == [.pending, .pending, .ok, .pending, .pending])
  }

  @Test func relapseDuringRecoveryKeepsTheAlert() throws {
    var walk = try walk()
    for errors: Int64 in [50, 50, 50, 0, 50, 0, 0] { try walk.step(errors) }
    #expect(walk.states.suffix(5) == [.alert, .alert, .alert, .alert, .alert])
  }

  @Test func noHoldAlertsAtOnce() throws {
    var walk = try walk { $0.holdFor = .zero }
    for errors: Int64 in [50, 0, 0] { try walk.step(errors) }
    #expect(walk.states == [.alert, .recovered, .ok])
  }

  @Test func belowTheGateNothingStartsAndNothingEnds() throws {
    var walk = try walk { $0.holdFor = .zero }
    try walk.step(1, requests: 1)
    try walk.step(50)
    try walk.step(0, requests: 1)
    #expect(walk.states == [.ok, .alert, .alert])
  }

  @Test(arguments: [
    (NoDataPolicy.keep, [AlertState.alert, .alert, .alert]),
    (.ok, [.alert, .recovered, .ok]),
    (.alert, [.alert, .alert, .alert]),
  ])
  func silenceDuringAnAlert(policy: NoDataPolicy, states: [AlertState]) throws {
    var walk = try walk {
      $0.holdFor = .zero
      $0.noData = policy
    }
    for errors: Int64? in [50, nil, nil] { try walk.step(errors) }
    #expect(walk.states == states)
  }

  @Test func silenceAlertsWhereItIsBadNews() throws {
    var walk = try walk { $0.noData = .alert }
    for errors: Int64? in [0, nil, 0, 0] { try walk.step(errors) }
    #expect(walk.states == [.ok, .noData, .recovered, .ok])
  }

  @Test(arguments: 0..<40)
  func randomWalksStayLegalAndNeverAlertWithoutAHeldBreach(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let hold = Int64(random.next() % 4) * 10
    var walk = try walk {
      $0.holdFor = .seconds(hold)
      $0.noData = NoDataPolicy.allCases[Int(random.next() % 3)]
    }
    var breaches: [Bool] = []
    for _ in 0..<60 {
      let before = walk.book.state(of: AlertKey(monitor: walk.definition.name))
      let errors: Int64? = [0, 7, 50, 50, 50, nil][Int(random.next() % 6)]
      try walk.step(errors, requests: random.next() % 5 == 0 ? 1 : 100)
      breaches.append(errors == 50)
      if walk.states.last == .alert, before != .alert { #expect(breaches.last == true) }
    }
  }
}
