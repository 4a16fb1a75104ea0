// Each vendor's words for why a model stopped and how a call was served, in our vocabulary.

import LLMTelemetry

extension FinishReason {
  init(openAI reason: UnsafeRawBufferPointer) {
    self =
      switch String(decoding: reason, as: UTF8.self) {
      case "stop": .stop
      case "length", "max_output_tokens": .length
      case "tool_calls", "function_call": .toolCalls
      case "content_filter": .contentFilter
      default: .other
      }
  }

  init(anthropic reason: UnsafeRawBufferPointer) {
    self =
      switch String(decoding: reason, as: UTF8.self) {
      case "end_turn", "stop_sequence": .stop
      case "max_tokens", "model_context_window_exceeded": .length
      case "tool_use": .toolCalls
      case "refusal": .contentFilter
      // `pause_turn` and what is to come: the answer stopped, the task did not.
      default: .other
      }
  }

  /// `nil` for the reason that means "not yet".
  init?(google reason: UnsafeRawBufferPointer) {
    switch String(decoding: reason, as: UTF8.self) {
    case "FINISH_REASON_UNSPECIFIED": return nil
    case "STOP": self = .stop
    case "MAX_TOKENS": self = .length
    case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
      "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
      self = .contentFilter
    case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL": self = .malformedToolCall
    default: self = .other
    }
  }

  /// Google's REST clients may ask for enums as numbers (`enum-encoding=int`). Only those that mean the same in the Gemini
  /// API and in Vertex AI are told apart.
  init?(googleNumber number: Int) {
    switch number {
    case 0: return nil
    case 1: self = .stop
    case 2: self = .length
    case 3, 4, 7, 8: self = .contentFilter
    default: self = .other
    }
  }
}

extension ServiceTier {
  /// OpenAI's `service_tier`, Anthropic's, and Google's `serviceTier` and `trafficType`. `nil` when the word leaves the tier
  /// open (`auto`) and for bought capacity (`scale`, `PROVISIONED_THROUGHPUT`), which no price per token holds for.
  init?(vendorWord word: UnsafeRawBufferPointer) {
    switch String(decoding: word, as: UTF8.self) {
    case "default", "standard", "standard_only", "ON_DEMAND", "STANDARD", "SERVICE_TIER_STANDARD": self = .standard
    case "flex", "ON_DEMAND_FLEX", "FLEX", "SERVICE_TIER_FLEX": self = .flex
    case "priority", "ON_DEMAND_PRIORITY", "PRIORITY", "SERVICE_TIER_PRIORITY": self = .priority
    case "batch": self = .batch
    default: return nil
    }
  }
}
