// The words a span is described with: by its kind, and by who decided about its trace.

import LLMTelemetry

/// The words of a kind of span. Names are few, since a trace metric is made of each; what was called is in the resource.
struct SpanWords {
  let name: StaticString
  let kind: StaticString
  let role: StaticString
  /// A call to something outside.
  let isCall: Bool
  /// Counted by the Agent although another span of the same service is above it.
  let isMeasured: Bool

  init(_ kind: SpanKind) {
    switch kind {
    case .llm: (name, self.kind, role, isCall, isMeasured) = ("llm.request", "llm", "client", true, true)
    case .embedding: (name, self.kind, role, isCall, isMeasured) = ("llm.embedding", "embedding", "client", true, true)
    case .retrieval: (name, self.kind, role, isCall, isMeasured) = ("llm.retrieval", "retrieval", "client", true, true)
    case .tool: (name, self.kind, role, isCall, isMeasured) = ("llm.tool", "tool", "internal", false, true)
    case .agent: (name, self.kind, role, isCall, isMeasured) = ("llm.agent", "agent", "internal", false, true)
    case .workflow: (name, self.kind, role, isCall, isMeasured) = ("llm.workflow", "workflow", "internal", false, false)
    case .task: (name, self.kind, role, isCall, isMeasured) = ("llm.task", "task", "internal", false, false)
    }
  }
}

extension TraceDecision {
  /// `_dd.p.dm`; `nil`: the caller's, and nobody told it.
  var mechanism: SamplingMechanism? {
    switch maker {
    case .caller(let mechanism): mechanism
    case .standard: .standard
    case .agent: .agentRate
    case .failureRule: .rule
    }
  }
}

extension TraceDecision {
  /// `_dd.p.ksr`: the rate that was applied, with at most six decimals.
  var rateText: String? {
    switch maker {
    case .caller, .standard: return nil
    case .failureRule: return "1"
    case .agent(let rate):
      let millionths = Int((rate * 1e6 + 0.5).rounded(.down))
      if millionths >= 1_000_000 { return "1" }
      if millionths <= 0 { return "0" }
      let digits = String(millionths)
      var text = "0." + String(repeating: "0", count: 6 - digits.utf8.count) + digits
      while text.hasSuffix("0") { text.removeLast() }
      return text
    }
  }
}
