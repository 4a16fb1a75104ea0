// The requests of an exchange: within a time and a size, and with errors that name the place.

import AsyncHTTPClient
import LLMTelemetry
import NIOCore
import NIOHTTP1

extension TokenExchange {
  private static let replyLimit = 64 << 10

  func send(
    _ request: HTTPClientRequest, place: String, timeout: Duration
  ) async throws(GoogleCredentialError) -> (status: Int, headers: HTTPHeaders, body: ByteBuffer) {
    do {
      guard let reply = try await Self.reply(to: request, httpClient: httpClient, timeout: timeout) else {
        throw GoogleCredentialError(
          .timedOut, "\(place) did not answer within \(timeout.inSeconds.formattedSeconds) s; \(unreachableRemedy)")
      }
      return reply
    } catch let error as GoogleCredentialError {
      throw error
    } catch is NIOTooManyBytesError {
      throw GoogleCredentialError(.unintelligible, "\(place) answered with more than \(Self.replyLimit) bytes, which is no token")
    } catch {
      throw GoogleCredentialError(.unreachable, "\(place) cannot be reached; \(unreachableRemedy)")
    }
  }

  /// `nil` when the time is up. The client's own deadline ends with the head of the response; a body may trickle for ever.
  private static func reply(
    to request: HTTPClientRequest, httpClient: HTTPClient, timeout: Duration
  ) async throws -> (status: Int, headers: HTTPHeaders, body: ByteBuffer)? {
    try await withThrowingTaskGroup(of: (status: Int, headers: HTTPHeaders, body: ByteBuffer)?.self) { group in
      group.addTask {
        // Longer than the race it runs in, so that there is one place where time ends.
        let deadline = NIODeadline.now() + .nanoseconds(2 * timeout.wholeNanoseconds)
        let response = try await httpClient.execute(request, deadline: deadline)
        return (Int(response.status.code), response.headers, try await response.body.collect(upTo: replyLimit))
      }
      group.addTask {
        try await Task.sleep(for: timeout)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  private var unreachableRemedy: String {
    switch source.place {
    case .file: "check that this machine may reach it"
    case .metadataServer: "away from Google's machines, \(Self.elsewhere)"
    }
  }
}

/// How long one exchange may take, from the connection to the end of the reply.
package struct GoogleTimeouts: Hashable, Sendable {
  /// On the same machine; what has not answered by then is not there.
  package var metadataServer: Duration = .seconds(3)
  package var tokenEndpoint: Duration = .seconds(10)

  package init() {}
}

/// `application/x-www-form-urlencoded`
struct FormBody {
  let text: String

  init(_ members: [(name: String, value: String)]) {
    text = members.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
  }

  /// Everything but RFC 3986's unreserved characters as `%XX`.
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Double {
  /// `3`, `0.2`
  fileprivate var formattedSeconds: String { self == rounded() ? String(Int64(self)) : String(self) }
}
