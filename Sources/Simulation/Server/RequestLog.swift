// The last requests exactly as they arrived, so that a test can compare what a gateway forwarded byte for byte.
import Foundation
import Hummingbird
import Synchronization

/// A request as it arrived.
package struct RecordedRequest: Sendable {
  package var method: String
  /// The path with its query.
  package var target: String
  /// In order of arrival; the `Host` header comes first.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  /// The value of the first header with this name, in any case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// Keeps the last 1,000 requests.
package final class RequestLog: Sendable {
  static let limit = 1000
  private let recorded = Mutex<[RecordedRequest]>([])

  package var requests: [RecordedRequest] { recorded.withLock { $0 } }
  package func clear() { recorded.withLock { $0.removeAll() } }

  func append(_ request: Request, body: ByteBuffer) {
    var headers: [(name: String, value: String)] = []
    if let authority = request.head.authority { headers.append(("Host", authority)) }
    headers += request.headers.map { ($0.name.rawName, $0.value) }
    let entry = RecordedRequest(
      method: request.method.rawValue, target: request.head.path ?? "/", headers: headers, body: Array(body.readableBytesView))
    recorded.withLock {
      $0.append(entry)
      if $0.count > Self.limit { $0.removeFirst($0.count - Self.limit) }
    }
  }

  var json: JSONValue {
    [
      "requests": .array(
        requests.map { request in
          [
            "method": .string(request.method), "target": .string(request.target),
            "headers": .array(request.headers.map { [.string($0.name), .string($0.value)] }),
            "body_base64": .string(Data(request.body).base64EncodedString()),
          ]
        })
    ]
  }
}
