// What came of one try to tell a receiver, and what an HTTP answer means for the next one.

import LLMTelemetry
import NIOSSL

package enum Attempt: Hashable, Sendable {
  /// `reference` is what later messages about the incident need: a thread, an id. It goes into the delivery log.
  case delivered(reference: String?)
  /// For good: another try would be refused too.
  case refused(String)
  /// May pass; not before `retryAfter`, when the receiver said so.
  case failed(String, retryAfter: Duration?)

  /// - Parameter now: for a `Retry-After` that is a date.
  static func judging(_ answer: HTTPAnswer, now: Timestamp, reference: String? = nil) -> Attempt {
    switch answer.status {
    case 200..<300: return .delivered(reference: reference)
    case 408, 425, 429, 500...: return .failed("HTTP \(answer.status)", retryAfter: retryAfter(answer, now: now))
    case 300..<400: return .refused("HTTP \(answer.status): redirects are not followed; name the final address")
    default: return .refused("HTTP \(answer.status)" + excerpt(answer.body))
    }
  }

  /// In words, without the address: it may hold a token.
  static func judging(_ error: any Error) -> Attempt {
    switch error {
    case let failure as ConnectionFailure:
      // A name that leads inside will not do so less at the next try, unless it is somebody's trick to change it.
      if case .forbidden = failure { return .refused("\(failure)") }
      return .failed("\(failure)", retryAfter: nil)
    case is NIOSSLError, is NIOSSLExtraError:
      return .failed("no TLS: the certificate is not trusted, or for another name", retryAfter: nil)
    case is DeadlineExceeded: return .failed("no answer in time", retryAfter: nil)
    default: return .failed("no answer (\(type(of: error)))", retryAfter: nil)
    }
  }

  /// `Retry-After` in seconds or as a date (RFC 9110), or the seconds of Datadog's `X-RateLimit-Reset`.
  static func retryAfter(_ answer: HTTPAnswer, now: Timestamp) -> Duration? {
    if let text = answer.headers["retry-after"] {
      if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
      if let date = httpDate(text) { return max(.zero, date - now) }
    }
    if answer.status == 429, let seconds = answer.headers["x-ratelimit-reset"].flatMap({ Int64($0) }), seconds >= 0 {
      return .seconds(min(seconds, 86_400))
    }
    return nil
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  private static func httpDate(_ text: String) -> Timestamp? {
    let parts = text.split(separator: " ")
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2, let month = months.firstIndex(of: String(parts[2])) else {
      return nil
    }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
  }

  /// The beginning of an answer's text, for the log: receivers say there what they did not like.
  private static func excerpt(_ body: [UInt8]) -> String {
    let text = String(decoding: body.prefix(200), as: UTF8.self)
      .map { $0.isWhitespace ? " " : $0 }.filter {
        $0 == " " || !($0.unicodeScalars.first?.properties.generalCategory == .control)
      }
    return text.isEmpty ? "" : ": " + String(text)
  }
}
