// One request to Datadog's API as a value: what is sent, and what may be done when no answer comes.

import Delivery

package struct DatadogCall: Hashable, Sendable {
  package enum Method: String, Hashable, Sendable {
    case get = "GET", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
  }

  package let method: Method
  /// `/api/v1/monitor/123`
  package let path: String
  package let query: [URLItem]
  package let body: JSONValue?
  /// What it is about, for errors: `monitor requests-failing`.
  package let subject: String
  /// What the application key has to be allowed to: `monitors_write`.
  package let scope: String
  /// Whether sending it twice is as good as once. A creation makes two, but for what is known by its name.
  package let isRepeatable: Bool

  package struct URLItem: Hashable, Sendable {
    package let name: String
    package let value: String
  }

  package init(
    _ method: Method, _ path: String, query: [(String, String)] = [], body: JSONValue? = nil, subject: String, scope: String,
    isRepeatable: Bool? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query.map { URLItem(name: $0.0, value: $0.1) }
    self.body = body
    self.subject = subject
    self.scope = scope
    self.isRepeatable = isRepeatable ?? (method != .post || path.hasSuffix("/validate"))
  }

  /// Limits are counted by endpoint: numbers in a path do not make another one.
  var endpoint: String {
    let parts = path.split(separator: "/").map { part in
      part.contains(where: \.isNumber) && part != "v1" && part != "v2" ? "*" : String(part)
    }
    return "\(method.rawValue) \(parts.joined(separator: "/"))"
  }

  func request(_ account: DatadogAccount) -> DeliveryRequest {
    var url = account.origin + path
    if !query.isEmpty {
      url += "?" + query.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
    }
    var headers = [
      (name: "DD-API-KEY", value: account.apiKey), (name: "DD-APPLICATION-KEY", value: account.applicationKey),
      (name: "Accept", value: "application/json"),
    ]
    var bytes: [UInt8] = []
    if let body {
      headers.append((name: "Content-Type", value: "application/json"))
      bytes = Array(ObjectText.text(of: body).utf8)
    }
    return DeliveryRequest(method: method.rawValue, url: url, headers: headers, body: bytes)
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }
}
