// Keeps one Google access token fresh for any number of users: one exchange at a time, early, and never in anybody's way.

import AsyncHTTPClient
import LLMTelemetry
import Logging

package actor GoogleTokenSource {
  /// What Vertex AI and the Gemini API accept.
  package static let cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

  package nonisolated let source: GoogleSource
  private let exchange: TokenExchange
  private let now: @Sendable () -> Timestamp
  private let pause: @Sendable (Duration) async throws -> Void
  private let jitter: @Sendable () -> Double
  private let logger: Logger

  private var renewal = TokenRenewal()
  /// The exchange under way; everyone who needs its outcome waits for the same one.
  private var underWay: Task<Result<AccessToken, GoogleCredentialError>, Never>?

  /// - Parameters:
  ///   - pause: how `run` waits; tests move the clock instead.
  ///   - jitter: 0 to 1.
  package init(
    source: GoogleSource, httpClient: HTTPClient, scopes: [String] = [cloudPlatform], timeouts: GoogleTimeouts = GoogleTimeouts(),
    logger: Logger, now: @escaping @Sendable () -> Timestamp = { .now() },
    pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
  ) {
    self.source = source
    self.now = now
    self.pause = pause
    self.jitter = jitter
    self.logger = logger
    exchange = TokenExchange(source: source, httpClient: httpClient, scopes: scopes, timeouts: timeouts)
  }

  /// A token that has not expired. Waits only when there is none; one that is due is replaced in the background, and stays in use
  /// until its end when that fails.
  package func token() async throws(GoogleCredentialError) -> AccessToken {
    switch renewal.demand(at: now()) {
    case .use(let token): return token
    case .useAndRenew(let token):
      _ = startExchange()
      return token
    case .renew: return try await startExchange().value.get()
    case .fail(let error): throw error
    }
  }

  /// The project the credential belongs to; asked of the file or the metadata server each time.
  package func project() async throws(GoogleCredentialError) -> GoogleProject { try await exchange.project() }

  /// Renews until the task is cancelled, and hands over each new token, the present one first.
  package func run(handOver: @Sendable (AccessToken) async -> Void) async {
    var handedOver: AccessToken?
    while !Task.isCancelled {
      switch renewal.demand(at: now()) {
      case .renew, .useAndRenew: _ = await startExchange().value
      case .use, .fail: break
      }
      if let token = renewal.token, token != handedOver {
        handedOver = token
        await handOver(token)
      }
      // At most a minute at a time: a machine that slept wakes up with another wall clock.
      let wait = min(max(renewal.nextAttempt(after: now()) - now(), .milliseconds(100)), .seconds(60))
      do { try await pause(wait) } catch { return }
    }
  }

  /// Not a child of its caller: when that one gives up, the others still want the token.
  private func startExchange() -> Task<Result<AccessToken, GoogleCredentialError>, Never> {
    if let underWay { return underWay }
    let task = Task { await carryOut() }
    underWay = task
    return task
  }

  private func carryOut() async -> Result<AccessToken, GoogleCredentialError> {
    let askedAt = now()
    let outcome: Result<AccessToken, GoogleCredentialError>
    do throws(GoogleCredentialError) {
      outcome = .success(try await exchange.token(at: askedAt))
    } catch {
      outcome = .failure(error)
    }
    underWay = nil
    switch outcome {
    case .success(let token): renewal.succeeded(token, askedAt: askedAt)
    case .failure(let error):
      let ended = now()
      renewal.failed(error, at: ended, jitter: jitter())
      let isGood = renewal.token.map { ended < $0.expiresAt } ?? false
      logger.log(
        level: isGood ? .warning : .error,
        isGood
          ? "a Google token could not be renewed; the last one is used until it ends"
          : "there is no Google token; calls to its providers fail until one can be had",
        metadata: ["reason": "\(error)", "until": "\(renewal.token?.expiresAt.rfc3339Seconds ?? "-")"])
    }
    return outcome
  }
}
