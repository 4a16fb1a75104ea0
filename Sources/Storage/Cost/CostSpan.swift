// As much of a stored span as its price and its chart series depend on; bodies and texts stay in the file.

import GRDB
import LLMTelemetry

/// A span as the cost commands read it.
struct CostSpan {
  static let columns = """
    sequence, kind, start, duration, service, env, version, provider, model, route, tenant, feature, prompt, prompt_version,
    region, response_model, error_class, error_message, finish_reason, input_tokens, cache_read_tokens, cache_write_tokens,
    cache_write_hour_tokens, input_audio_tokens, input_image_tokens, output_tokens, reasoning_tokens, output_audio_tokens,
    output_image_tokens, service_tier, cost_nanodollars, cost_exactness, price_version, attempts, accounts_for_exchange, of_judge
    """

  let sequence: Int64
  let span: LLMSpan

  /// `nil` when the row is of a kind this version does not know.
  init?(_ row: Row) {
    guard let kind = SpanKind(rawValue: row["kind"]) else { return nil }
    sequence = row["sequence"]
    var span = LLMSpan(
      traceID: .random(), spanID: .random(), kind: kind, name: "", start: Timestamp(unixNanoseconds: row["start"]),
      duration: .nanoseconds(row["duration"] as Int64))
    span.dimensions.service = row["service"]
    span.dimensions.env = row["env"]
    span.dimensions.version = row["version"]
    span.dimensions.provider = row["provider"]
    span.dimensions.model = row["model"]
    span.dimensions.route = row["route"]
    span.dimensions.tenant = row["tenant"]
    span.dimensions.feature = row["feature"]
    span.dimensions.prompt = row["prompt"]
    span.dimensions.promptVersion = row["prompt_version"]
    span.dimensions.region = row["region"]
    span.responseModel = row["response_model"]
    if let errorClass = (row["error_class"] as String?).flatMap(ErrorClass.init) {
      span.outcome = .failed(errorClass, message: row["error_message"] as String? ?? "")
    }
    span.finishReason = (row["finish_reason"] as String?).flatMap(FinishReason.init)
    span.usage = TokenUsage(
      input: row["input_tokens"], cacheRead: row["cache_read_tokens"], cacheWrite: row["cache_write_tokens"],
      cacheWriteHour: row["cache_write_hour_tokens"], output: row["output_tokens"], reasoning: row["reasoning_tokens"])
    span.usage.inputAudio = row["input_audio_tokens"]
    span.usage.inputImage = row["input_image_tokens"]
    span.usage.outputAudio = row["output_audio_tokens"]
    span.usage.outputImage = row["output_image_tokens"]
    span.serviceTier = (row["service_tier"] as String?).flatMap(ServiceTier.init)
    span.attempts = row["attempts"]
    span.accountsForExchange = row["accounts_for_exchange"]
    span.isOfJudge = row["of_judge"] ?? false
    if let count = row["cost_nanodollars"] as Int64?, let version = row["price_version"] as String? {
      switch row["cost_exactness"] as String {
      case "exact": span.cost = .exact(Nanodollars(count), priceVersion: version)
      case "partial": span.cost = .partial(Nanodollars(count), priceVersion: version)
      case "estimated": span.cost = .estimated(Nanodollars(count), priceVersion: version)
      default: break
      }
    }
    self.span = span
  }
}
