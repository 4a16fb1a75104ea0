// Errors in both directions: what a provider's error is called, and the shape of our own.

import Foundation
import LLMTelemetry
import Testing

@testable import Providers

@Suite struct FailureTests {
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
    for wireProtocol in [WireProtocol.openAI, .gemini] {
      let (meter, _) = MeterTests.meter(wireProtocol, .document, [Array("{\"error\":{\(members)}}".utf8)])
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
    for wireProtocol in [WireProtocol.gemini, .vertex] {
      let google = try error(wireProtocol)
      #expect(google["code"] as? Int == status)
      #expect((google["status"] as? String)?.isEmpty == false)
    }
  }
}
