// The times one exchange may take: the route's where it says so, else the gateway's.

import LLMTelemetry
import NIOCore

struct EffectiveLimits {
  let connect: Duration
  let firstToken: Duration
  let idle: Duration
  let total: Duration
  let firstTokenAmount: TimeAmount
  let idleAmount: TimeAmount
  let totalAmount: TimeAmount

  init(_ limits: GatewayLimits, _ route: Route.Timeouts) {
    connect = route.connect ?? limits.connectTimeout
    firstToken = route.firstToken ?? limits.firstByteTimeout
    idle = route.idle ?? limits.idleTimeout
    total = route.total ?? limits.totalTimeout
    firstTokenAmount = .nanoseconds(firstToken.wholeNanoseconds)
    idleAmount = .nanoseconds(idle.wholeNanoseconds)
    totalAmount = .nanoseconds(total.wholeNanoseconds)
  }
}

/// `Retry-After` in seconds, or OpenAI's `retry-after-ms`. A date, which no provider of models sends, is not read.
enum RetryAfter {
  static func read(_ headers: HeaderBlock) -> Duration? {
    if let text = headers.first("retry-after-ms"), let milliseconds = Double(text), milliseconds >= 0, milliseconds < 1e9 {
      return .milliseconds(Int64(milliseconds))
    }
    guard let text = headers.first("retry-after"), let seconds = Double(text), seconds >= 0, seconds < 1e6 else { return nil }
    return .milliseconds(Int64(seconds * 1000))
  }
}
