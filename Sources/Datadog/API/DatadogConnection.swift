// Sends calls to Datadog: waits where it says so, repeats what may be repeated, and turns refusals into words.

import Delivery
import Foundation

package actor DatadogConnection {
  package struct Patience: Sendable {
    /// How often a call is sent at most when no answer or a server's error comes.
    package var attempts = 5
    /// Seconds to wait for a limit in one call before giving up.
    package var longestWait = 900.0

    package init(attempts: Int = 5, longestWait: Double = 900) {
      self.attempts = attempts
      self.longestWait = longestWait
    }
  }

  package nonisolated let account: DatadogAccount
  private let send: DeliverySend
  private let clock: DatadogClock
  private let patience: Patience
  /// Told when there is a pause, for the person who waits.
  private let onPause: @Sendable (_ seconds: Double, _ reason: String) -> Void
  private var limits = RateLimitBook()
  /// Whether the API key alone is good, once that was asked.
  private var apiKeyIsValid: Bool?

  package init(
    account: DatadogAccount, clock: DatadogClock = .system, patience: Patience = Patience(),
    onPause: @escaping @Sendable (Double, String) -> Void = { _, _ in }, send: @escaping DeliverySend
  ) {
    self.account = account
    self.clock = clock
    self.patience = patience
    self.onPause = onPause
    self.send = send
  }

  /// The JSON of a success; null when it has no body.
  package func answer(to call: DatadogCall) async throws(DatadogFailure) -> JSONValue {
    var waited = 0.0
    var failures = 0
    var storms = 0
    while true {
      let pause = limits.pause(call.endpoint, now: clock.now())
      if pause > 0 { try await wait(pause, waited: &waited, call, reason: "Datadog's rate limit") }
      let response: DeliveryResponse
      do {
        response = try await send(call.request(account))
      } catch {
        let words = (error as? DeliveryFailure)?.words ?? "no answer: \(type(of: error))"
        failures += 1
        try await again(call, failures: failures, words: words)
        continue
      }
      let limit = RateLimit(response)
      if let limit { limits.note(limit, endpoint: call.endpoint, now: clock.now()) }
      switch response.status {
      case 200..<300: return try Self.json(response, call)
      case 429:
        // Nothing was done: this may be repeated whatever it is.
        storms += 1
        let told =
          limit?.reset.map(Double.init)
          ?? response.header("retry-after").flatMap(Double.init)
          .flatMap { (0...86_400).contains($0) ? $0 : nil }
        // Some reset headers are rounded down; a little of chance keeps clients apart.
        let pause = (told ?? backoff(storms)) + clock.chance()
        try await wait(max(1, pause), waited: &waited, call, reason: "Datadog's rate limit")
      case 408, 425, 500..<600:
        failures += 1
        try await again(call, failures: failures, words: "\(response.status), \(Self.words(response))")
      default: throw await failure(call, response)
      }
    }
  }

  private func wait(_ seconds: Double, waited: inout Double, _ call: DatadogCall, reason: String) async throws(DatadogFailure) {
    waited += seconds
    guard waited <= patience.longestWait else {
      throw DatadogFailure(
        .limited,
        """
        \(call.subject): \(reason) would have to be waited for \(Int(seconds.rounded(.up))) s more; run it again later: \
        it goes on where it stopped
        """)
    }
    onPause(seconds, reason)
    try await sleep(seconds, call)
  }

  private func sleep(_ seconds: Double, _ call: DatadogCall) async throws(DatadogFailure) {
    do { try await clock.sleep(seconds) } catch { throw DatadogFailure(.limited, "\(call.subject): interrupted while waiting") }
  }

  /// Waits before another attempt, or says that there is none.
  private func again(_ call: DatadogCall, failures: Int, words: String) async throws(DatadogFailure) {
    guard call.isRepeatable, failures < patience.attempts else {
      let times = failures > 1 ? " after \(failures) attempts" : ""
      throw DatadogFailure(.unknown, "\(call.subject): no usable answer from Datadog\(times) (\(words)); run it again")
    }
    let pause = backoff(failures)
    onPause(pause, words)
    try await sleep(pause, call)
  }

  /// 1 s, 2 s, 4 s … 60 s, each up to half longer.
  func backoff(_ failures: Int) -> Double { min(60, Double(1 << min(failures - 1, 6))) * (1 + clock.chance() / 2) }

  /// Waits as before an attempt: for whoever looks whether something was done after all.
  func pauseBeforeLooking(_ failures: Int, _ call: DatadogCall) async throws(DatadogFailure) {
    try await sleep(backoff(failures), call)
  }

  private func failure(_ call: DatadogCall, _ response: DeliveryResponse) async -> DatadogFailure {
    let words = Self.words(response)
    guard response.status == 401 || response.status == 403 else {
      return DatadogFailure.of(call, status: response.status, words: words)
    }
    // Datadog answers alike to a wrong API key and to an application key that may not.
    if await isAPIKeyValid() == false {
      return DatadogFailure(
        .keys,
        "\(call.subject): the API key in DD_API_KEY is not valid at \(account.site) (\(response.status), \(words)); check it and DD_SITE"
      )
    }
    return DatadogFailure.of(call, status: response.status, words: words)
  }

  /// `nil` when Datadog does not say.
  private func isAPIKeyValid() async -> Bool? {
    if let apiKeyIsValid { return apiKeyIsValid }
    let call = DatadogCall(.get, "/api/v1/validate", subject: "the API key", scope: "")
    guard let response = try? await send(call.request(account)) else { return nil }
    let valid = (try? Self.json(response, call))?["valid"]?.truth
    apiKeyIsValid = response.status == 200 ? valid : response.status == 403 || response.status == 401 ? false : nil
    return apiKeyIsValid
  }

  private static func json(_ response: DeliveryResponse, _ call: DatadogCall) throws(DatadogFailure) -> JSONValue {
    if response.body.isEmpty || response.status == 204 { return .null }
    do { return try JSONDecoder().decode(JSONValue.self, from: Data(response.body)) } catch {
      let words = words(response)
      throw DatadogFailure(.unreadable, "\(call.subject): Datadog's answer is no JSON (\(response.status)): \(words)")
    }
  }

  private static func words(_ response: DeliveryResponse) -> String {
    DatadogErrorText.of(status: response.status, contentType: response.header("content-type"), body: response.body)
  }
}
