// A span as recorded traffic writes it: the keys of the format, and the way from and to the record.
import Foundation

struct SpanLine: Codable {
  var type = "span"
  // Required.
  var start: Timestamp
  var durationMilliseconds: Decimal
  var kind: SpanKind
  var provider: String?
  var model: String?
  var status: String
  // Optional; a missing key is unknown.
  var traceID: String?
  var spanID: String?
  var parentID: String?
  var name: String?
  var service: String?
  var env: String?
  var version: String?
  var region: String?
  var route: String?
  var tenant: String?
  var feature: String?
  var prompt: String?
  var promptVersion: String?
  var override: String?
  var responseModel: String?
  var timeToFirstTokenMilliseconds: Decimal?
  var longestGapMilliseconds: Decimal?
  var isStreaming: Bool?
  var httpStatus: Int?
  var errorClass: ErrorClass?
  var errorMessage: String?
  var finishReason: FinishReason?
  var attempts: Int?
  var fallbackFrom: String?
  var usage: UsageKeys?
  var serviceTier: ServiceTier?
  var virtualKey: String?
  var session: String?
  var costUSD: Decimal?
  var costExactness: String?
  var priceVersion: String?
  var risk: RiskKeys?
  var retrieval: RetrievalKeys?
  /// Left out when true: another span is the record of the exchange when it is false.
  var accountsForExchange: Bool?
  /// `-1`, `0`, `1` or `2`, and who decided (`-4`): left out when nobody has.
  var samplingPriority: Int?
  var samplingMechanism: String?
  /// Only where the writer was asked for it.
  var content: ContentKeys?

  enum CodingKeys: String, CodingKey {
    case type, start, kind, provider, model, status, name, service, env, version, region, route, tenant, feature, prompt,
      attempts, usage
    case risk, retrieval, session, content, override
    case durationMilliseconds = "duration_ms"
    case traceID = "trace_id"
    case spanID = "span_id"
    case parentID = "parent_id"
    case promptVersion = "prompt_version"
    case responseModel = "response_model"
    case timeToFirstTokenMilliseconds = "ttft_ms"
    case longestGapMilliseconds = "max_gap_ms"
    case isStreaming = "stream"
    case httpStatus = "http_status"
    case errorClass = "error_class"
    case errorMessage = "error_message"
    case finishReason = "finish_reason"
    case fallbackFrom = "fallback_from"
    case serviceTier = "service_tier"
    case virtualKey = "virtual_key"
    case costUSD = "cost_usd"
    case costExactness = "cost_exactness"
    case priceVersion = "price_version"
    case accountsForExchange = "accounts_for_exchange"
    case samplingPriority = "sampling_priority"
    case samplingMechanism = "sampling_mechanism"
  }

  struct UsageKeys: Codable {
    var input: Int?
    var cacheRead: Int?
    var cacheWrite: Int?
    var cacheWriteHour: Int?
    var inputAudio: Int?
    var inputImage: Int?
    var output: Int?
    var reasoning: Int?
    var outputAudio: Int?
    var outputImage: Int?

    enum CodingKeys: String, CodingKey {
      case input, output, reasoning
      case cacheRead = "cache_read"
      case cacheWrite = "cache_write"
      case cacheWriteHour = "cache_write_hour"
      case inputAudio = "input_audio"
      case inputImage = "input_image"
      case outputAudio = "output_audio"
      case outputImage = "output_image"
    }
  }

  /// One key for each scorer; what the format calls shorter than we do keeps the format's name.
  struct RiskKeys: Codable {
    var scores = RiskScores()

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ scorer: RiskScorer) { stringValue = scorer == .sensitiveData ? "sensitive" : scorer.rawValue }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(_ scores: RiskScores) { self.scores = scores }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for scorer in RiskScorer.allCases {
        scores[scorer] = try container.decodeIfPresent(Double.self, forKey: Key(scorer))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      for (scorer, score) in scores.all { try container.encode(score, forKey: Key(scorer)) }
    }
  }

  struct RetrievalKeys: Codable {
    var documents: Int
    var topScore: Double?
    var empty: Bool?

    enum CodingKeys: String, CodingKey {
      case documents, empty
      case topScore = "top_score"
    }
  }
}
