// The place in the trace that the current task works at, kept where every library of the Swift server looks for it.
import LLMTelemetry
import Tracing

private enum CurrentSpanKey: InstrumentationContextKey {
  typealias Value = TraceContext
  static var nameOverride: String? { "llm-span" }
}

extension InstrumentationContext {
  /// The nearest span of an `LLMTracer` or an `LLMInstrument` around this context; `nil` outside of all.
  ///
  /// It travels with the service context: through structured concurrency, and wherever a library hands the context on.
  public var llmSpan: TraceContext? {
    get { self[CurrentSpanKey.self] }
    set { self[CurrentSpanKey.self] = newValue }
  }
}

/// Headers under lowercase names, as instruments write and read them.
struct HeaderCarrier: Sendable {
  var headers: [(name: String, value: String)] = []

  subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

  /// A header is there once: the first who writes it is right.
  mutating func add(_ name: String, _ value: String) {
    let name = name.lowercased()
    if self[name] == nil { headers.append((name, value)) }
  }
}

struct HeaderInjector: Injector {
  func inject(_ value: String, forKey key: String, into carrier: inout HeaderCarrier) { carrier.add(key, value) }
}

struct HeaderExtractor: Extractor {
  func extract(key: String, from carrier: HeaderCarrier) -> String? { carrier[key.lowercased()] }
}

extension TraceContext {
  /// The ids `instrument` would send to another service for `context`: the only way to learn a foreign tracer's ids. `nil`
  /// when it speaks neither W3C Trace Context nor Datadog's headers.
  init?(sentBy instrument: any Instrument, for context: InstrumentationContext) {
    var carrier = HeaderCarrier()
    instrument.inject(context, into: &carrier, using: HeaderInjector())
    guard let found = TraceContext.extract({ carrier[$0] }) else { return nil }
    self = found
  }
}
