// Whether a request goes on: its key, route and prompt are looked up, and its budgets are asked.

import Budgets
import LLMTelemetry
import Providers

/// Joins the pure decisions to what one event loop remembers. Nothing is sent before both steps have passed.
struct RequestDecision {
  let loop: LoopState
  let snapshot: GatewaySnapshot
  let target: Shared<RequestTarget>
  let facts: AdmittedFacts
  let traceID: TraceID

  func admit(_ request: IncomingRequest, memory: inout ConnectionMemory) throws(GatewayFailure) -> AdmittedCall {
    let headers = request.head.headers
    let context = AdmissionContext(
      snapshot: snapshot, knownKey: memory.key(of: headers, loop), ticket: loop.random.next(), traceTicket: traceID.low,
      at: request.start)
    // withUnsafeReadableBytes does not carry typed errors, so the decision travels as a Result.
    let decision: Result<AdmittedCall, GatewayFailure> = request.body.withUnsafeReadableBytes { bytes in
      do throws(GatewayFailure) {
        return .success(
          try Admission.admit(target: target, headers: headers, body: bytes, context: context, facts: facts) { presented in
            let key = loop.key(presented)
            if let key { memory.remember(key, presented: presented, in: headers, loop) }
            return key
          } isOpen: {
            loop.health.isOpen($0.health, at: request.start, policy: $1)
          } take: {
            loop.health.take(override: $0, perMinute: $1, at: request.start)
          })
      } catch {
        return .failure(error)
      }
    }
    switch consume decision {
    case .success(let call): return call
    case .failure(let failure): throw failure
    }
  }

  func reserve(_ call: AdmittedCall, _ request: IncomingRequest) throws(GatewayFailure) -> BudgetReservation {
    guard
      let demand = BudgetDemand.request(
        call, facts: facts, bodyBytes: request.body.readableBytes, prices: loop.budgets.countsMoney ? snapshot.prices : nil,
        at: request.start)
    else {
      return .none
    }
    switch loop.budgets.reserve(demand, at: request.start) {
    case .success(let reservation): return reservation
    case .failure(let refusal):
      throw GatewayFailure(
        status: 429, errorClass: snapshot.overrides.isBudget(refusal.budget) ? .withheld : .quotaExhausted,
        message: refusal.message,
        // Waiting helps only where time is what is missing.
        retryAfter: refusal.reason == .overLimit ? refusal.retryAfter : nil)
    }
  }
}
