// What one instrumented call costs: `swift run -c release instrumented-app measure`.
import LLMInstrumentation
import Tracing

enum Measure {
  private static let calls = 200_000

  static func run() async {
    let settings = TracerSettings(service: "measure", env: "dev", version: "1")
    let bare = LLMTracer(settings, exporter: DiscardingExporter())
    let metered = LLMTracer(settings, exporter: DiscardingExporter(), metrics: true)
    let kept = LLMTracer(settings, exporter: InMemoryExporter(capacity: calls * 2))
    await report("chat, span made and forgotten") { await call(bare) }
    await report("chat, with swift-metrics") { await call(metered) }
    await report("chat, span queued") { await call(kept) }
    await withTracer(LLMInstrument(bare)) {
      await report("chat, under our instrument") { await call(bare) }
      await report("withSpan of swift-distributed-tracing, our instrument") {
        await Tracing.withSpan("work") { _ in await nothing() }
      }
    }
    await report("withSpan of swift-distributed-tracing, no tracer") { await Tracing.withSpan("work") { _ in await nothing() } }
  }

  private static func call(_ llm: LLMTracer) async {
    await llm.chat(model: "fake-1", provider: "in-process") { span in
      await nothing()
      span.record(usage: TokenUsage(input: 100, output: 20))
    }
  }

  @inline(never) private static func nothing() async {}

  /// The best of five rounds, in nanoseconds for each call.
  private static func report(_ name: String, _ work: () async -> Void) async {
    var best = Duration.seconds(1000)
    for _ in 0..<5 {
      let took = await ContinuousClock().measure { for _ in 0..<calls / 5 { await work() } }
      best = min(best, took)
    }
    print("\(name): \(best.wholeNanoseconds / Int64(calls / 5)) ns")
  }
}
