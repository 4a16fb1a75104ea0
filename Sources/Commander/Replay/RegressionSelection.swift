// Which of an incident's requests belong in its regression set: those that failed or were flagged, each conversation once. Pure.

import Incidents
import LLMMetrics
import LLMTelemetry

package struct RegressionSelection: Hashable, Sendable {
  /// Why requests in the incident's scope are not in the set.
  package struct LeftOut: Hashable, Sendable, Codable {
    /// No text was captured of them, or it has been forgotten since.
    package var withoutText = 0
    /// Only hashes of their texts were captured.
    package var hashed = 0
    /// Nothing was wrong with them.
    package var unaffected = 0
    /// The same messages are in the set already.
    package var repeated = 0
    /// Beyond the limit.
    package var beyondLimit = 0

    package init() {}
  }

  package var requests: [FrozenRequest] = []
  package var leftOut = LeftOut()

  /// - Parameter spans: the exchanges of the incident's scope and time, in any order.
  package init(_ spans: [LLMSpan], exemplars: [String] = [], limit: Int) {
    let shown = Set(exemplars)
    let offending = spans.filter { Self.isOffending($0) || shown.contains($0.traceID.description) }
    // An incident of latency or cost flags no answer: then all of its scope is what it was about, the slowest first.
    leftOut.unaffected = offending.isEmpty ? 0 : spans.count - offending.count
    let candidates = (offending.isEmpty ? spans : offending).sorted { Self.precedes($0, $1) }
    var seen: Set<[ContentMessage]> = []
    for span in candidates {
      guard let content = span.content, !content.input.isEmpty else {
        leftOut.withoutText += 1
        continue
      }
      guard !content.input.contains(where: { Self.isHash($0.text) }) else {
        leftOut.hashed += 1
        continue
      }
      guard seen.insert(content.input).inserted else {
        leftOut.repeated += 1
        continue
      }
      guard requests.count < limit else {
        leftOut.beyondLimit += 1
        continue
      }
      requests.append(FrozenRequest(span, content))
    }
  }

  private static func isOffending(_ span: LLMSpan) -> Bool {
    span.outcome.countsAsError || span.risk.all.contains { $0.score >= RiskThreshold.of($0.scorer) }
  }

  private static func precedes(_ left: LLMSpan, _ right: LLMSpan) -> Bool {
    let (one, two) = (weight(left), weight(right))
    // Times and ids make the order, and so the file, the same every time.
    return one != two ? one > two : (left.start, left.spanID.description) < (right.start, right.spanID.description)
  }

  /// Failures, then what scored worst, then what took longest.
  private static func weight(_ span: LLMSpan) -> Double {
    (span.outcome.countsAsError ? 1_000 : 0) + (span.risk.all.map(\.score).max() ?? 0) * 100 + min(span.duration.inSeconds, 99)
  }

  /// As `ContentHash` writes them.
  private static func isHash(_ text: String) -> Bool {
    let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].hasPrefix("hash:"), parts[1].hasPrefix("bytes:") else { return false }
    return parts[0].dropFirst(5).count == 32 && parts[0].dropFirst(5).allSatisfy(\.isHexDigit)
      && Int(parts[1].dropFirst(6)) != nil
  }
}

extension FrozenRequest {
  fileprivate init(_ span: LLMSpan, _ content: SpanContent) {
    self.init(
      id: "\(span.traceID)/\(span.spanID)", at: span.start, route: span.dimensions.route, model: span.dimensions.model,
      prompt: span.dimensions.prompt, promptVersion: span.dimensions.promptVersion, feature: span.dimensions.feature,
      messages: content.input, documents: content.documents, answer: content.responseText,
      error: span.outcome.countsAsError ? span.outcome.errorClass?.rawValue : nil,
      recorded: Dictionary(span.risk.all.map { ($0.scorer.rawValue, $0.score) }) { first, _ in first })
  }
}

extension Incident {
  /// When users suffered it.
  package func sufferedRange(now: Timestamp) -> Range<Timestamp> {
    let end = mitigatedAt ?? resolvedAt ?? now
    return onsetAt..<max(end, onsetAt)
  }
}
