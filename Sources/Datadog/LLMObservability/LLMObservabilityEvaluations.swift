// Sends what the scorers said about each exchange to Datadog LLM Observability, as evaluations of its span.

import Delivery
import LLMTelemetry
import Synchronization

/// A sink of ingest: encodes on its thread and never waits.
package final class LLMObservabilityEvaluations: Sendable {
  package let lane: DeliveryLane
  private let settings: LLMObservabilitySettings
  private let now: @Sendable () -> Timestamp
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var line = ByteBuffer()
    var names: ApplicationNames
    var tooOld = 0
    init(_ settings: LLMObservabilitySettings) { names = ApplicationNames(settings) }
  }

  package init(
    intake: LLMObservabilityIntake, settings: LLMObservabilitySettings, send: @escaping DeliverySend,
    now: @escaping @Sendable () -> Timestamp = { .now() }
  ) {
    self.settings = settings
    self.now = now
    state = Mutex(State(settings))
    var limits = DeliveryLimits()
    (limits.batchItems, limits.interval) = (500, .milliseconds(500))
    lane = DeliveryLane(
      name: "llm_observability_evaluations", limits: limits,
      assemble: { items in
        let body = DeliveryItem.array(
          of: items, after: "{\"data\":{\"type\":\"evaluation_metric\",\"attributes\":{\"metrics\":[", before: "]}}}")
        return intake.request(
          subdomain: "api", path: "/api/intake/llm-obs/v2/eval-metric", body: body, usesOldestProxy: true)
      },
      send: send)
  }

  package func add(_ spans: [LLMSpan]) {
    let oldest = now() - settings.oldest
    let items = state.withLock { state in
      var items: [DeliveryItem] = []
      for index in spans.indices where !spans[index].risk.isEmpty {
        if spans[index].start < oldest {
          state.tooOld += spans[index].risk.all.count
          continue
        }
        state.line.removeAll()
        let mlApp = state.names.name(service: spans[index].dimensions.service)
        let count = append(spans[index], mlApp: mlApp, to: &state.line)
        items.append(DeliveryItem(state.line.bytes(), count: count))
      }
      return items
    }
    if !items.isEmpty { lane.offer(items) }
  }

  /// How many evaluations were dropped since this was last asked, by reason: those of the lane, and `too_old`.
  package func takeDrops() -> [String: Int] {
    let tooOld = state.withLock { state in
      defer { state.tooOld = 0 }
      return state.tooOld
    }
    return lane.takeDrops(and: tooOld)
  }

  /// One object for each score, with commas between them. Returns how many.
  private func append(_ span: borrowing LLMSpan, mlApp: String, to line: inout ByteBuffer) -> Int {
    var count = 0
    for (scorer, score) in span.risk.all {
      line.begin()
      line.append(count == 0 ? "{" : ",{")
      count += 1
      line.append("\"event_kind\":\"evaluation\",\"eval_scope\":\"span\",\"join_on\":{\"span\":{\"span_id\":\"")
      line.append(decimal: span.spanID.bits)
      line.append("\",\"trace_id\":\"")
      line.appendHexadecimal(span.traceID)
      line.append("\"}},\"label\":\"")
      line.append(escaped: scorer.rawValue)
      line.append("\",\"metric_type\":\"score\",\"score_value\":")
      line.append(escaped: score.description)
      if let threshold = settings.failsFrom[scorer] {
        line.append(score >= threshold ? ",\"assessment\":\"fail\"" : ",\"assessment\":\"pass\"")
      }
      line.append(",\"timestamp_ms\":")
      line.append(decimal: max(0, span.end.unixNanoseconds / 1_000_000))
      line.appendMember("ml_app", mlApp)
      line.append(",\"tags\":[")
      EventTags.append(span, mlApp: mlApp, settings, to: &line)
      line.append("]}")
    }
    return count
  }
}
