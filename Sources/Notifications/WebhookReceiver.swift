// Delivers one notification to one signed webhook: bounded attempts, bounded waits, and a verdict for the ledger in any case.

import AsyncHTTPClient
import LLMTelemetry
import NIOCore
import Remediation

package struct WebhookReceiver: Sendable {
  package struct Policy: Sendable {
    package var attempts: Int
    package var timeout: Duration
    /// The wait before attempt n + 1 is random between half and all of base · 2ⁿ, at most `longestWait`.
    package var base: Duration
    package var longestWait: Duration

    package init(
      attempts: Int = 5, timeout: Duration = .seconds(5), base: Duration = .milliseconds(500), longestWait: Duration = .seconds(30)
    ) {
      self.attempts = attempts
      self.timeout = timeout
      self.base = base
      self.longestWait = longestWait
    }
  }

  /// As configured; the ledger remembers deliveries by it.
  package let name: String
  private let url: String
  private let secret: WebhookSecret
  private let consoleURL: String?
  private let client: HTTPClient
  private let policy: Policy

  /// `client` should not follow redirects: a redirect is a failure, since the body must not go where it was not sent.
  package init(
    name: String, url: String, secret: WebhookSecret, consoleURL: String? = nil, client: HTTPClient, policy: Policy = Policy()
  ) {
    self.name = name
    self.url = url
    self.secret = secret
    self.consoleURL = consoleURL
    self.client = client
    self.policy = policy
  }

  private enum Attempt {
    case delivered
    case refused(String)
    case failed(String)
  }

  /// Returns when delivered, refused for good, or given up; `nil` only when cancelled, so that a restart tries again.
  package func deliver(_ notification: Notification) async -> Delivery? {
    func verdict(_ outcome: Delivery.Outcome, _ attempts: Int, _ detail: String?) -> Delivery {
      Delivery(key: notification.key, receiver: name, at: .now(), outcome: outcome, attempts: attempts, detail: detail)
    }
    let body: [UInt8]
    do { body = try WebhookPayload(notification, consoleURL: consoleURL).json() } catch {
      return verdict(.failed, 0, "the payload could not be encoded")
    }
    var last = "no attempt was made"
    for attempt in 0..<policy.attempts {
      if attempt > 0 {
        do { try await Task.sleep(for: wait(before: attempt)) } catch { return nil }
      }
      switch await send(body, id: notification.messageID) {
      case .delivered: return verdict(.delivered, attempt + 1, nil)
      case .refused(let detail): return verdict(.failed, attempt + 1, detail)
      case .failed(let detail): last = detail
      }
      if Task.isCancelled { return nil }
    }
    return verdict(.failed, policy.attempts, "gave up: \(last)")
  }

  private func wait(before attempt: Int) -> Duration {
    let longest = min(policy.longestWait, policy.base * (1 << min(attempt - 1, 20)))
    return longest * Double.random(in: 0.5...1)
  }

  private func send(_ body: [UInt8], id: String) async -> Attempt {
    let seconds = Timestamp.now().unixSeconds
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.headers.add(name: "user-agent", value: "llm-incident-commander")
    request.headers.add(name: "webhook-id", value: id)
    request.headers.add(name: "webhook-timestamp", value: String(seconds))
    request.headers.add(name: "webhook-signature", value: secret.signature(id: id, unixSeconds: seconds, body: body))
    request.body = .bytes(body)
    do {
      let response = try await client.execute(request, timeout: .nanoseconds(policy.timeout.wholeNanoseconds))
      let status = response.status.code
      switch status {
      case 200..<300: return .delivered
      case 408, 425, 429, 500...: return .failed("HTTP \(status)")
      default: return .refused("HTTP \(status)")
      }
    } catch {
      // The error may quote the URL, which may hold a token.
      return .failed("no answer (\(type(of: error)))")
    }
  }
}
