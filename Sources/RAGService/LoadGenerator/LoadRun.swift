// Sends the requests of a plan at its pace, with an upper bound on how many are open.
import AsyncHTTPClient
import Foundation
import LLMTelemetry
import NIOCore
import Synchronization

package struct LoadRun: Sendable {
  /// What a run may not exceed, whatever is asked for.
  package static let rateLimit = 500.0
  package static let openLimit = 1000
  package static let durationLimit: Duration = .seconds(7 * 86_400)

  package var service: String
  /// A provider simulator that is given the faults of the scripts; `nil` leaves the provider as it is.
  package var simulator: String?
  package var phases: [LoadPhase]
  package var open: Int
  package var seed: UInt64
  package var questions: [String]
  let httpClient: HTTPClient

  package init(
    service: String, simulator: String?, phases: [LoadPhase], open: Int, seed: UInt64, questions: [String], httpClient: HTTPClient
  ) {
    self.service = service
    self.simulator = simulator
    self.phases = phases
    self.open = open
    self.seed = seed
    self.questions = questions
    self.httpClient = httpClient
  }

  /// Whether an address is of this machine; load is not sent elsewhere by accident.
  package static func isLoopback(_ url: String) -> Bool {
    guard let host = URL(string: url)?.host else { return false }
    if ["localhost", "::1", "[::1]"].contains(host) { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Runs until the end of the plan or until it is cancelled; what came until then is reported.
  package func run(progress: @Sendable (LoadPhase, Int) -> Void = { _, _ in }) async throws -> LoadReport {
    let collected = Mutex(LoadReport())
    var random = LoadRandom(seed: seed)
    do {
      for (number, phase) in phases.enumerated() {
        try Task.checkCancellation()
        progress(phase, number)
        try await inject(LoadPlan.fault(phase.script))
        try await self.run(phase, random: &random) { outcome in
          collected.withLock { $0.add(outcome) }
        } skip: {
          collected.withLock { $0.skipped += 1 }
        }
      }
    } catch is CancellationError {
      // What is left behind must not go on failing.
    }
    await Task { try? await inject(nil) }.value
    return collected.withLock { $0 }
  }

  private func run(
    _ phase: LoadPhase, random: inout LoadRandom, add: @escaping @Sendable (LoadOutcome) -> Void,
    skip: @escaping @Sendable () -> Void
  ) async throws {
    let clock = ContinuousClock()
    let began = clock.now
    let interval = Duration.seconds(1) / max(0.01, min(phase.rate, Self.rateLimit))
    let count = max(1, Int((phase.duration / interval).rounded()))
    let places = Admission(limit: min(open, Self.openLimit))
    try await withThrowingDiscardingTaskGroup { group in
      for number in 0..<count {
        // The pace is the clock's and not the answers': a slow service must not slow its users down.
        try await clock.sleep(until: began + interval * number, tolerance: .milliseconds(2))
        guard let place = places.enter() else {
          skip()
          continue
        }
        let request = LoadRequests.request(phase.script, number: number, questions: questions, random: &random)
        group.addTask {
          add(await send(request, script: phase.script))
          withExtendedLifetime(place) {}
        }
      }
    }
  }

  private struct Reply: Decodable {
    struct Cost: Decodable { var usd: String? }
    struct Grounding: Decodable { var verdict: String }
    var cost: Cost
    var grounding: Grounding
    var declined: String?
  }

  private func send(_ load: LoadRequest, script: LoadScript) async -> LoadOutcome {
    var request = HTTPClientRequest(url: service + "/ask")
    request.method = .POST
    request.headers.add(name: "content-type", value: load.contentType)
    request.body = .bytes(ByteBuffer(string: load.body))
    let began = ContinuousClock.now
    var outcome = LoadOutcome(script: script, status: nil, isAsExpected: false, seconds: 0)
    do {
      let response = try await httpClient.execute(request, timeout: .seconds(120))
      let body = try await response.body.collect(upTo: 8 << 20)
      let status = Int(response.status.code)
      outcome.status = status
      outcome.isAsExpected = load.expected.contains(status)
      if status == 200, let reply = try? JSONDecoder().decode(Reply.self, from: Data(body.readableBytesView)) {
        outcome.dollars = reply.cost.usd.flatMap(Double.init)
        outcome.verdict = reply.grounding.verdict
        outcome.isDeclined = reply.declined != nil
      }
    } catch {
      // A refused connection and a broken one are told by the missing status.
    }
    outcome.seconds = (ContinuousClock.now - began).inSeconds
    return outcome
  }

  private func inject(_ fault: String?) async throws {
    guard let simulator else { return }
    var request = HTTPClientRequest(url: simulator + "/_simulator/faults")
    request.method = .PUT
    request.body = .bytes(ByteBuffer(string: fault.map { "[\($0)]" } ?? "[]"))
    let response = try await httpClient.execute(request, timeout: .seconds(10))
    guard response.status == .ok else {
      throw LoadError("the simulator at \(simulator) refused the fault with \(response.status.code); is it a provider simulator?")
    }
  }
}

package struct LoadError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Runs a plan against a service until its end, or until SIGINT: then what came until then is reported.
package func runLoad(
  service: String, simulator: String?, phases: [LoadPhase], open: Int, seed: UInt64, questions: [String]?,
  progress: @escaping @Sendable (LoadPhase, Int) -> Void
) async throws -> LoadReport {
  let httpClient = makeHTTPClient()
  let result: Result<LoadReport, any Error>
  do {
    let texts =
      if let questions { questions } else { try await LoadQuestions.ofDocuments(service: service, httpClient: httpClient) }
    let run = LoadRun(
      service: service, simulator: simulator, phases: phases, open: open, seed: seed, questions: texts, httpClient: httpClient)
    let work = Task { try await run.run(progress: progress) }
    result = await Interruption.cancelling(work) { await work.result }
  } catch {
    result = .failure(error)
  }
  try await httpClient.shutdown()
  switch result {
  case .failure(let error) where !(error is LoadError):
    throw LoadError("the run ended early: \(type(of: error)); are the service and the simulator running?")
  default: return try result.get()
  }
}
