// Errors in both directions: what a provider's error is called, and the shape of our own.

import Foundation
import LLMTelemetry
import Testing

@testable import Providers

@Suite struct FailureTests {
  private static func error(_ body: String, _ wireProtocol: WireProtocol = .openAI) -> ResponseMeter {
    var meter = ResponseMeter(errorsOf: wireProtocol)
    withBytes(of: body) { meter.consume($0, at: Timestamp(unixSeconds: 1), stripsUsage: false) { _ in } }
    _ = meter.finish(at: Timestamp(unixSeconds: 1), stripsUsage: false)
    return meter
  }

  @Test(arguments: [
    (
      529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}"#,
      "overloaded_error" as String?, ErrorClass.overloaded
    ),
    (429, #"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#, "rate_limit_error", .rateLimited),
    (
      400, #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 > 1"}}"#,
      "invalid_request_error", .contextOverflow
    ),
    (
      400, #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to"}}"#,
      "invalid_request_error", .quotaExhausted
    ),
    (403, #"{"error":{"type":"billing_error","message":"x"}}"#, "billing_error", .quotaExhausted),
    (402, #"{"error":"pay"}"#, nil, .quotaExhausted),
    (
      400,
      #"[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
      "INVALID_ARGUMENT", .auth
    ),
    (
      429,
      #"{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProject"}]}]}}"#,
      "RESOURCE_EXHAUSTED", .rateLimited
    ),
    (
      429,
      #"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"RequestsPerDay"}]}]}}"#,
      "RESOURCE_EXHAUSTED", .quotaExhausted
    ),
    (
      403, #"{"error":{"status":"PERMISSION_DENIED","message":"m","details":[{"reason":"BILLING_DISABLED"}]}}"#,
      "PERMISSION_DENIED", .quotaExhausted
    ),
    (
      400, #"{"object":"error","message":"maximum context length is 9","type":"BadRequestError","code":400}"#, "BadRequestError",
      .contextOverflow
    ),
    (422, #"{"detail":"no such field"}"#, nil, .invalidRequest),
    (400, #"{"error":{"code":"content_filter","message":"m"}}"#, "content_filter", .blocked),
    (200, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "overloaded_error", .overloaded),
    (200, #"{"error":{"status":"RESOURCE_EXHAUSTED","message":"m"}}"#, "RESOURCE_EXHAUSTED", .rateLimited),
  ])
  func readsEveryShapeOfError(status: Int, body: String, code: String?, expected: ErrorClass) throws {
    let failure = try #require(Self.error(body).error)
    #expect(failure.code == code && !failure.message.isEmpty)
    #expect(ErrorClassification.errorClass(status: status, failure: failure) == expected)
  }

  @Test func googleSaysHowLongToWait() {
    func wait(_ delay: String) -> Duration? {
      Self.error(#"{"error":{"message":"m","details":[{"@type":"RetryInfo","retryDelay":"\#(delay)"}]}}"#).error?.retryAfter
    }
    #expect(wait("34s") == .seconds(34) && wait("0.5s") == .milliseconds(500))
    #expect(wait("soon") == nil && wait("-1s") == nil && wait("1e300s") == nil && wait("nans") == nil)
  }

  @Test(arguments: ["", "<html>", "[]", "[1]", "{}", "null", #"{"error":null}"#, #"{"error":[]}"#, "[{\"error\""])
  func whatIsNoErrorBodyGivesNone(body: String) { #expect(Self.error(body).error == nil) }

  @Test(arguments: [
    (401, nil as String?, "", ErrorClass.auth), (403, nil, "", .auth), (429, "rate_limit_exceeded", "slow down", .rateLimited),
    (429, "insufficient_quota", "", .quotaExhausted),
    (429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute", .rateLimited),
    (503, nil, "", .overloaded),
    (529, nil, "", .overloaded), (504, nil, "", .timeout), (408, nil, "", .timeout), (500, nil, "", .providerError),
    (302, nil, "", .providerError),
    (400, "context_length_exceeded", "", .contextOverflow), (400, nil, "exceeds the maximum number of tokens", .contextOverflow),
    (404, nil, "", .invalidRequest), (400, nil, "", .invalidRequest),
  ])
  func classifiesErrors(status: Int, code: String?, message: String, expected: ErrorClass) {
    var members = #""message":\#(JSONText.quoted(message))"#
    if let code { members += #","code":"\#(code)","status":"\#(code)""# }
    for wireProtocol in WireProtocol.allCases {
      let meter = Self.error("{\"error\":{\(members)}}", wireProtocol)
      // OpenAI's codes come in `code`, Google's in `status`; the figure in Google's `code` is the HTTP status again.
      #expect(ErrorClassification.errorClass(status: status, failure: meter.error) == expected)
    }
    #expect(ErrorClassification.errorClass(status: 200, failure: nil) == nil)
  }

  @Test(arguments: [400, 401, 403, 404, 405, 413, 429, 502, 503, 504])
  func ourOwnErrorsHaveTheProvidersShape(status: Int) throws {
    let failure = GatewayFailure(status: status, errorClass: .network, message: "say \"why\"\n")
    func error(_ wireProtocol: WireProtocol) throws -> [String: Any] {
      let json = try JSONSerialization.jsonObject(with: Data(failure.body(for: wireProtocol).utf8)) as? [String: Any]
      return try #require(json?["error"] as? [String: Any])
    }
    let openAI = try error(.openAI)
    #expect(openAI["message"] as? String == failure.message)
    #expect((openAI["type"] as? String)?.hasSuffix("error") == true)
    let anthropic = try error(.anthropic)
    #expect(anthropic["message"] as? String == failure.message && failure.body(for: .anthropic).hasPrefix(#"{"type":"error""#))
    #expect((anthropic["type"] as? String)?.contains("_") == true)
    for wireProtocol in [WireProtocol.gemini, .vertex] {
      let google = try error(wireProtocol)
      #expect(google["code"] as? Int == status)
      #expect((google["status"] as? String)?.isEmpty == false)
    }
  }
}
