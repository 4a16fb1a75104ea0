// Sends every span to Datadog LLM Observability, failed, blocked and cancelled ones included.

import Delivery
import LLMTelemetry
import Synchronization

/// A sink of ingest: encodes on its thread and never waits. Sampling does not matter here, since Datadog's LLM metrics are made of
/// all spans.
package final class LLMObservabilitySpans: Sendable {
  /// For its status and its drops; it is run by `run`.
  package let lane: DeliveryLane
  private let settings: LLMObservabilitySettings
  private let event: SpanEvent
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async throws -> Void
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var line = ByteBuffer()
    var names: ApplicationNames
    var tree: SpanTree<[UInt8]>
    var tooOld = 0
    var isShutDown = false

    init(_ settings: LLMObservabilitySettings, _ tree: SpanTree<[UInt8]>) {
      names = ApplicationNames(settings)
      self.tree = tree
    }
  }

  package convenience init(
    intake: LLMObservabilityIntake, settings: LLMObservabilitySettings, send: @escaping DeliverySend,
    now: @escaping @Sendable () -> Timestamp = { .now() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.init(intake: intake, settings: settings, tree: SpanTree(), send: send, now: now, sleep: sleep)
  }

  init(
    intake: LLMObservabilityIntake, settings: LLMObservabilitySettings, tree: SpanTree<[UInt8]>, send: @escaping DeliverySend,
    now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    self.settings = settings
    self.now = now
    self.sleep = sleep
    event = SpanEvent(settings)
    state = Mutex(State(settings, tree))
    var limits = DeliveryLimits()
    // The SDKs send at most 5 MiB at once.
    (limits.batchItems, limits.batchBytes) = (1_000, 4 << 20)
    // Room for 40,000 spans a second without content.
    (limits.itemCapacity, limits.byteCapacity, limits.interval) = (20_000, 32 << 20, .milliseconds(500))
    lane = DeliveryLane(
      name: "llm_observability", limits: limits,
      assemble: { items in
        intake.request(subdomain: "llmobs-intake", path: "/api/v2/llmobs", body: DeliveryItem.array(of: items))
      },
      send: send, sleep: sleep)
  }

  package func add(_ spans: [LLMSpan]) {
    let time = now()
    let oldest = time - settings.oldest
    let items = state.withLock { state in
      var items: [DeliveryItem] = []
      items.reserveCapacity(spans.count)
      // What is too old is not sent, so it is nobody's parent.
      for index in spans.indices where spans[index].start >= oldest {
        let places = state.tree.remember(spans[index].traceID, spans[index].spanID, parent: spans[index].parentSpanID)
        Self.append(places, to: &items)
      }
      for index in spans.indices {
        guard spans[index].start >= oldest else {
          state.tooOld += 1
          continue
        }
        let mlApp = state.names.name(service: spans[index].dimensions.service)
        event.write(spans[index], mlApp: mlApp, to: &state.line)
        switch state.tree.verdict(spans[index].traceID, spans[index].spanID, parent: spans[index].parentSpanID) {
        case .wait(let parent) where !state.isShutDown:
          let bytes = state.line.bytes()
          let places = state.tree.hold(
            bytes, spans[index].traceID, parent: parent, size: bytes.count,
            until: time + settings.parentPatience)
          Self.append(places, to: &items)
        case .top, .wait:
          SpanEvent.close(&state.line, parent: nil)
          items.append(DeliveryItem(state.line.bytes()))
        case .under(let parent):
          SpanEvent.close(&state.line, parent: parent)
          items.append(DeliveryItem(state.line.bytes()))
        }
      }
      Self.append(state.tree.release(at: time), to: &items)
      return items
    }
    if !items.isEmpty { lane.offer(items) }
  }

  /// How many spans were dropped since this was last asked, by reason: those of the lane, and `too_old`.
  package func takeDrops() -> [String: Int] {
    let tooOld = state.withLock { state in
      defer { state.tooOld = 0 }
      return state.tooOld
    }
    return lane.takeDrops(and: tooOld)
  }

  /// Spans that wait for their parent.
  package var heldSpans: Int { state.withLock { $0.tree.count } }

  /// Sends until `shutDown` or the task's cancellation, and lets go of spans whose parent does not come. Call once.
  package func run() async {
    // In a task of its own, so that a cancellation does not close the lane before the held spans are in it.
    let sending = Task { await lane.run() }
    while !Task.isCancelled, !state.withLock({ $0.isShutDown }) {
      do { try await sleep(.seconds(1)) } catch { break }
      letGo(at: now())
    }
    shutDown()
    sending.cancel()
    await sending.value
  }

  /// Ends `run`: held spans go as they are, and what waits is sent once more.
  package func shutDown() {
    letGo(at: nil)
    lane.shutDown()
  }

  /// All when there is no time, which is the end.
  private func letGo(at time: Timestamp?) {
    let items = state.withLock { state in
      if time == nil { state.isShutDown = true }
      var items: [DeliveryItem] = []
      Self.append(time.map { state.tree.release(at: $0) } ?? state.tree.releaseAll(), to: &items)
      return items
    }
    if !items.isEmpty { lane.offer(items) }
  }

  private static func append(_ places: [SpanTree<[UInt8]>.Place], to items: inout [DeliveryItem]) {
    for place in places {
      var bytes = place.held
      SpanEvent.close(&bytes, parent: place.parent)
      items.append(DeliveryItem(bytes))
    }
  }
}
