// Which headers cross the gateway in each direction.

import NIOHTTP1
import Providers

enum ForwardedHeaders {
  /// Headers that belong to one connection (RFC 9110 section 7.6.1).
  private static let hopByHop: Set<String> = [
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
  ]

  /// Client headers that stop here: credentials for us, names for us, ids of the application's trace, and what we set ourselves.
  private static let stopsHere: Set<String> = [
    "authorization", "x-goog-api-key", "x-api-key", "host", "content-length", "accept-encoding", "expect", "traceparent",
    "tracestate", "baggage",
  ]

  /// The request's headers for the provider. Compression is refused, since usage must be read from the answer.
  static func request(_ headers: HTTPHeaders, provider: Provider, bodyLength: Int) -> HTTPHeaders {
    var result = HTTPHeaders()
    result.reserveCapacity(headers.count + 2)
    let isStandardPort = provider.port == (provider.usesTLS ? 443 : 80)
    result.add(name: "host", value: isStandardPort ? provider.host : "\(provider.host):\(provider.port)")
    for (name, value) in headers {
      let lowered = name.lowercased()
      if hopByHop.contains(lowered) || stopsHere.contains(lowered) || lowered.hasPrefix("x-commander-")
        || lowered.hasPrefix("x-datadog-")
      {
        continue
      }
      result.add(name: name, value: value)
    }
    result.add(name: "accept-encoding", value: "identity")
    if let credential = provider.credential {
      let header = provider.wireProtocol.credentialHeader(credential)
      result.add(name: header.name, value: header.value)
    }
    result.add(name: "content-length", value: String(bodyLength))
    return result
  }

  /// The answer's headers for the client. A length that no longer fits, because events are withheld, is dropped.
  static func response(_ headers: HTTPHeaders, dropsLength: Bool) -> HTTPHeaders {
    var result = HTTPHeaders()
    result.reserveCapacity(headers.count + 3)
    for (name, value) in headers {
      let lowered = name.lowercased()
      if hopByHop.contains(lowered) || (dropsLength && lowered == "content-length") { continue }
      result.add(name: name, value: value)
    }
    return result
  }
}
