// How an exchange ended: well, with a classified error, or cancelled by the client.

/// Why an exchange failed, in one vocabulary for all providers. An open set on the wire, closed here: see `reference` docs.
public enum ErrorClass: String, CaseIterable, Hashable, Sendable, Codable {
  case rateLimited = "rate_limited"
  case quotaExhausted = "quota_exhausted"
  case timeout
  case overloaded
  case providerError = "provider_error"
  case invalidRequest = "invalid_request"
  case contextOverflow = "context_overflow"
  case auth
  case network
  /// The client went away; not a failure of the service, and not counted in `llm.errors`.
  case cancelled
  /// A safety filter of the provider refused the prompt or the answer.
  case blocked
  /// Refused by the gateway because of an override in force, on purpose; not counted in `llm.errors` either, so that what an
  /// incident's remedy refuses is not taken for more of the failure.
  case withheld
}

extension ErrorClass {
  /// False for what the client did (`cancelled`) and what an override did on purpose (`withheld`).
  public var countsAsError: Bool { self != .cancelled && self != .withheld }
}

/// Why the model stopped, in one vocabulary for all providers.
public enum FinishReason: String, CaseIterable, Hashable, Sendable, Codable {
  case stop
  case length
  case toolCalls = "tool_calls"
  case contentFilter = "content_filter"
  case malformedToolCall = "malformed_tool_call"
  case other
}

/// How an exchange ended.
public enum Outcome: Hashable, Sendable {
  case ok
  /// `message` is the provider's or our own short text, without content of the request and without credentials.
  case failed(ErrorClass, message: String)

  public var errorClass: ErrorClass? {
    switch self {
    case .ok: nil
    case .failed(let errorClass, _): errorClass
    }
  }

  public var message: String? {
    switch self {
    case .ok: nil
    case .failed(_, let message): message
    }
  }

  /// True for every failure that is the service's: all but `cancelled` and `withheld`.
  public var countsAsError: Bool { errorClass.map(\.countsAsError) ?? false }
}
