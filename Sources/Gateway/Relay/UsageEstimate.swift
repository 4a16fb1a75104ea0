// What tokens an answer cost when the provider did not live, or was not allowed, to say so.

import LLMTelemetry

enum UsageEstimate {
  /// English text runs at about four bytes a token with every current tokenizer.
  private static let bytesPerToken = 4

  /// Fills what the provider did not report, marked as an estimate. Reported figures are never changed, and an exchange
  /// the provider refused stays unknown: nothing was generated, and whether the prompt is billed is the provider's secret.
  ///
  /// - Parameters:
  ///   - answered: the provider began an answer with a success status.
  ///   - isWhole: the provider's last frame was seen.
  static func complete(
    _ usage: TokenUsage, kind: SpanKind, answered: Bool, isWhole: Bool, requestBytes: Int, answerBytes: Int
  ) -> TokenUsage {
    // Counting tokens is no use of the model.
    guard answered, kind != .task else { return usage }
    var result = usage
    if usage.totalInput == nil {
      result.input = tokens(requestBytes)
      result.isEstimated = true
    }
    guard kind == .llm else { return result }
    // Google reports a running count in some chunks; what was seen after the last report is on top, so the larger figure holds.
    if usage.totalOutput == nil || (!isWhole && tokens(answerBytes) > usage.totalOutput ?? 0) {
      result.output = tokens(answerBytes)
      result.isEstimated = true
    }
    return result
  }

  static func tokens(_ bytes: Int) -> Int { (bytes + bytesPerToken - 1) / bytesPerToken }
}
