// An apply that is cut off anywhere, limited, or answered with nonsense: applied again, everything is there once.

import Delivery
import Foundation
import Synchronization
import Testing

@testable import Datadog

@Suite struct ApplyFaultTests {
  private let wanted = SmallPack.objects

  /// From the given request on nothing is answered any more, whether the last one was done or not; then all is well again.
  @Test(arguments: [true, false])
  func cutOffAnywhereItGoesOn(isDone: Bool) async throws {
    let whole = ApplyRunner(DatadogStub())
    try await whole.apply(wanted)
    let count = whole.stub.requests.count
    for cut in 0..<count {
      let runner = ApplyRunner(
        DatadogStub {
          $0.fault = { index, _ in index < cut ? nil : index == cut && isDone ? .lostOnTheWayBack : .lostOnTheWay }
        })
      // The list itself may be what is cut off.
      _ = try? await runner.apply(wanted)
      runner.stub.set { $0.fault = { _, _ in nil } }
      let report = try await runner.apply(wanted)
      #expect(report.isComplete, "cut at \(cut): \(report.results.map(\.line))")
      #expect(runner.identities == wanted.map(\.id).sorted(), "cut at \(cut)")
      #expect(try await runner.plan(wanted).isEmpty, "cut at \(cut)")
    }
  }

  /// As when the program is killed: what it had remembered is lost too.
  @Test func withoutAStateNothingIsMadeTwice() async throws {
    for cut in 3..<12 {
      let stub = DatadogStub { $0.fault = { index, _ in index < cut ? nil : .lostOnTheWayBack } }
      _ = try? await ApplyRunner(stub).apply(wanted)
      stub.set { $0.fault = { _, _ in nil } }
      let runner = ApplyRunner(stub)
      #expect(try await runner.apply(wanted).isComplete)
      #expect(runner.identities == wanted.map(\.id).sorted(), "cut at \(cut)")
    }
  }

  /// Every fault at random, run after run, with seeds that can be repeated.
  @Test(arguments: 0..<40)
  func randomFaultsNeverMakeTwo(seed: Int) async throws {
    let random = Mutex(SeededRandom(state: UInt64(seed) &* 7_919 &+ 1))
    let stub = DatadogStub {
      $0.longestPage = seed % 3 + 1
      $0.knowsOffsets = seed % 2 == 0
      $0.fault = { _, _ in
        switch random.withLock({ Int.random(in: 0..<16, using: &$0) }) {
        case 0: .lostOnTheWay
        case 1: .lostOnTheWayBack
        case 2: .answer(status: 503, body: "<html><title>Unavailable</title></html>")
        case 3: .answer(status: 502, body: "", done: true)
        case 4: .answer(status: 429, body: #"{"errors":["Too many requests"]}"#, headers: [("X-RateLimit-Reset", "3")])
        case 5: .answer(status: 200, body: "not json", done: true)
        default: nil
        }
      }
    }
    let runner = ApplyRunner(stub)
    for _ in 0..<25 {
      let report = try? await runner.apply(wanted)
      let identities = runner.identities
      #expect(Set(identities).count == identities.count, "seed \(seed): \(identities)")
      if report?.isComplete == true { break }
    }
    stub.set { $0.fault = { _, _ in nil } }
    #expect(try await runner.apply(wanted, options: .init(overwritesDrift: true)).isComplete)
    #expect(runner.identities == wanted.map(\.id).sorted())
    #expect(try await runner.plan(wanted).isEmpty)
  }

  /// A creation whose answer is lost is found by its identity, even when lists show it late.
  @Test func aLostAnswerToACreationIsNotACreationMore() async throws {
    let runner = ApplyRunner(
      DatadogStub {
        $0.listsLag = 2
        $0.fault = { _, request in request.method == "POST" ? .lostOnTheWayBack : nil }
      })
    let report = try await runner.apply([SmallPack.monitor("plain"), SmallPack.slo("availability")])
    #expect(report.count(.created) == 2, "\(report.results.map(\.line))")
    #expect(runner.stub.all.count == 2)
  }

  // MARK: Limits

  @Test func aStormOfLimitsIsSatOut() async throws {
    let runner = ApplyRunner(DatadogStub { $0.limit = .init(requests: 2, period: 10) })
    let report = try await runner.apply(wanted)
    #expect(report.isComplete && report.count(.created) == wanted.count)
    let refused = runner.stub.requests.count - runner.stub.slept.count
    #expect(runner.stub.slept.allSatisfy { $0 > 0 && $0 <= 12 } && refused > 0 && !runner.stub.slept.isEmpty)
  }

  /// What would take too long ends the run at once, and says when it goes on.
  @Test func aLimitWithoutEndEndsTheRun() async throws {
    let runner = ApplyRunner(
      DatadogStub {
        $0.fault = { _, request in
          request.method == "POST"
            ? .answer(status: 429, body: "{}", headers: [("X-RateLimit-Reset", "3600"), ("X-RateLimit-Remaining", "0")]) : nil
        }
      })
    let report = try await runner.apply(wanted)
    #expect(report.count(.failed) == 1 && report.count(.untried) + report.count(.skipped) == wanted.count - 1)
    #expect(report.end?.contains("Datadog's rate limit would have to be waited for") == true)
    #expect(runner.stub.requests.count { $0.method == "POST" } == 1)
  }

  // MARK: Keys

  @Test func keysAreToldApart() async throws {
    func words(_ change: (inout DatadogStub.Settings) -> Void) async throws -> String {
      do {
        _ = try await DatadogStub(change).objects().list(.monitor)
        return ""
      } catch let error as DatadogFailure {
        #expect(error.reason == .keys)
        return error.description
      }
    }
    #expect(try await words { $0.apiKey = "another" }.contains("API key in DD_API_KEY is not valid at datadoghq.com"))
    let application = try await words { $0.applicationKey = "another" }
    #expect(
      application.contains("application key in DD_APP_KEY needs the scope monitors_read")
        && application.hasPrefix("the list of monitors"))
    #expect(try await words { $0.scopes = ["slos_read"] }.contains("monitors_read"))
    let account = try DatadogAccount(site: "datadoghq.eu", apiKey: "secret-1", applicationKey: "secret-2")
    var text = ""
    dump(account, to: &text)
    #expect(!"\(account) \(String(reflecting: account)) \(text)".contains("secret"))
  }

  /// A key that may read and not write: the first refusal ends it.
  @Test func aMissingScopeEndsTheRunOnce() async throws {
    let runner = ApplyRunner(DatadogStub { $0.scopes = ["monitors_read", "slos_read", "dashboards_read"] })
    let report = try await runner.apply(wanted)
    #expect(report.end?.contains("slos_write") == true && report.count(.failed) == 1)
    #expect(runner.stub.requests.count { $0.method == "POST" } == 1)
  }
}

struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
