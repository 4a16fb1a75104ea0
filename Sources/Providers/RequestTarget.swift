// Which call a request line means: the protocol, the model in the path, and whether the answer streams.

/// A recognised model call.
package struct RequestTarget: Equatable, Sendable {
  package enum Method: String, Sendable {
    case chatCompletions
    case generateContent
    case streamGenerateContent
  }

  package var wireProtocol: WireProtocol
  package var method: Method
  /// `v1`, `v1beta` or `v1beta1`: SDK generations differ, and the provider must see what the client asked for.
  package var version: String
  /// Google forms carry the model in the path; OpenAI carries it in the body.
  package var model: String?
  /// Vertex AI only.
  package var project: String?
  /// Vertex AI only: the location, which is the `region` dimension.
  package var location: String?
  /// Vertex AI only, for example `google`.
  package var publisher: String?
  /// The query without a leading `?` and without `key`, which is a credential.
  package var query: String
  /// The credential in `?key=`, which Gemini API clients may use.
  package var queryKey: String?

  /// Reads a request target such as `/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`; `nil` when it is no model call.
  package init?(uri: String) {
    let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let segments = parts[0].split(separator: "/", omittingEmptySubsequences: true)
    query = ""
    if parts.count == 2 {
      var kept: [Substring] = []
      for item in parts[1].split(separator: "&") {
        if item.hasPrefix("key=") {
          queryKey = String(item.dropFirst(4))
        } else {
          kept.append(item)
        }
      }
      query = kept.joined(separator: "&")
    }
    guard let first = segments.first, ["v1", "v1beta", "v1beta1"].contains(first) else { return nil }
    version = String(first)
    if segments.count == 3, segments[0] == "v1", segments[1] == "chat", segments[2] == "completions" {
      wireProtocol = .openAI
      method = .chatCompletions
      return
    }
    guard let last = segments.last, let colon = last.lastIndex(of: ":"), colon > last.startIndex,
      let method = Method(rawValue: String(last[last.index(after: colon)...])), method != .chatCompletions
    else { return nil }
    self.method = method
    model = String(last[..<colon])
    if segments.count == 3, segments[1] == "models" {
      wireProtocol = .gemini
    } else if segments.count == 9, segments[1] == "projects", segments[3] == "locations", segments[5] == "publishers",
      segments[7] == "models"
    {
      wireProtocol = .vertex
      project = String(segments[2])
      location = String(segments[4])
      publisher = String(segments[6])
    } else {
      return nil
    }
  }

  /// The request target for the provider, below its base path.
  package var uri: String {
    let path =
      switch wireProtocol {
      case .openAI: "/\(version)/chat/completions"
      case .gemini: "/\(version)/models/\(model ?? ""):\(method.rawValue)"
      case .vertex:
        "/\(version)/projects/\(project ?? "")/locations/\(location ?? "")/publishers/\(publisher ?? "google")/models/\(model ?? ""):\(method.rawValue)"
      }
    return query.isEmpty ? path : path + "?" + query
  }

  /// How the answer of a successful streaming call is framed.
  package func framing(streams: Bool) -> ResponseFraming {
    guard streams else { return .document }
    switch method {
    case .chatCompletions: return .eventStream
    case .generateContent: return .document
    case .streamGenerateContent:
      return query.split(separator: "&").contains("alt=sse") ? .eventStream : .jsonArray
    }
  }
}

/// How the bytes of an answer are cut into JSON documents.
package enum ResponseFraming: Sendable {
  /// One JSON document.
  case document
  /// Server-sent events whose `data` is a JSON document.
  case eventStream
  /// One JSON array whose elements arrive one by one (Google, without `alt=sse`).
  case jsonArray
}
