// Which call a request line means: the protocol, the model in the path, and whether the answer streams.

/// A recognised model call.
package struct RequestTarget: Equatable, Sendable {
  /// What is called: Google's verbs, and for the others the path below the version.
  package enum Method: String, CaseIterable, Sendable {
    case generateContent, streamGenerateContent, countTokens, embedContent, batchEmbedContents, predict
    /// Vertex AI's door to other makers' models, whose bodies it passes on.
    case rawPredict, streamRawPredict
    case chatCompletions = "chat/completions"
    case responses, embeddings, messages
    case countMessageTokens = "messages/count_tokens"
  }

  package private(set) var wireProtocol: WireProtocol
  package private(set) var bodyFormat: BodyFormat
  package private(set) var method: Method
  /// `v1`, `v1beta`, `v1beta1` …: SDK generations differ, and the provider must see what the client asked for.
  package private(set) var version: String
  /// The model in the path, percent-decoded. OpenAI's and Anthropic's own protocols carry it in the body.
  package var model: String? { didSet { if model != oldValue { path = nil } } }
  /// Vertex AI only.
  package var project: String? { didSet { if project != oldValue { path = nil } } }
  /// Vertex AI only: the location, which is the `region` dimension.
  package var location: String? { didSet { if location != oldValue { path = nil } } }
  /// Vertex AI only: the model's maker, for example `google` or `anthropic`.
  package internal(set) var publisher: String?
  /// Gemini API only: `models` or `tunedModels`.
  var collection = "models"
  /// The query without a leading `?` and without `key`, which is a credential; otherwise byte for byte.
  package internal(set) var query = ""
  /// The credential in `?key=`, which Gemini API clients may use.
  package internal(set) var queryKey: String?
  /// The path as it came; `nil` when something in it was replaced or it was not in its plain form.
  var path: String?

  /// Reads a request target such as `/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`; `nil` when it is no
  /// model call, and when its path has a control character, an invalid percent escape or a segment that climbs.
  package init?(uri: String) {
    var uri = uri
    guard let target = uri.withUTF8({ Self.read(UnsafeRawBufferPointer($0)) }) else { return nil }
    self = target
  }

  init(_ wireProtocol: WireProtocol, _ bodyFormat: BodyFormat, _ method: Method, version: String) {
    self.wireProtocol = wireProtocol
    self.bodyFormat = bodyFormat
    self.method = method
    self.version = version
  }

  /// The request target for the provider, below its base path.
  package var uri: String {
    let path =
      self.path
      ?? Self.path(
        method, wireProtocol, bodyFormat, version: version, collection: collection, model: model ?? "", project: project ?? "",
        location: location ?? "", publisher: publisher)
    return query.isEmpty ? path : path + "?" + query
  }

  /// How the answer of a successful call is framed.
  package func framing(streams: Bool) -> ResponseFraming {
    switch method {
    case .chatCompletions, .responses, .messages, .rawPredict, .streamRawPredict:
      return streams && bodyFormat != .anthropicTokenCount ? .eventStream : .document
    case .streamGenerateContent where streams:
      // Google's REST clients put several parameters into one: `$alt=json;enum-encoding=int`.
      let isEventStream = query.split(separator: "&").contains { item in
        let item = item.first == "$" ? item.dropFirst() : item
        return item == "alt=sse" || item.hasPrefix("alt=sse;")
      }
      return isEventStream ? .eventStream : .jsonArray
    default: return .document
    }
  }

  /// Renders the provider's path for a call that came in another form or goes to another kind of provider.
  ///
  /// - Parameter version: the provider's API version; `nil` takes the one that has the format: `v1beta` of the Gemini API,
  ///   else `v1`.
  package static func upstream(
    bodyFormat: BodyFormat, wireProtocol: WireProtocol, version: String? = nil, model: String, project: String? = nil,
    location: String? = nil, streams: Bool
  ) -> String {
    let isVertex = wireProtocol == .vertex
    let method: Method =
      switch bodyFormat {
      case .openAIChat: .chatCompletions
      case .openAIResponses: .responses
      case .openAIEmbeddings: .embeddings
      case .anthropicMessages: isVertex ? (streams ? .streamRawPredict : .rawPredict) : .messages
      case .anthropicTokenCount: isVertex ? .rawPredict : .countMessageTokens
      case .googleGenerate: streams ? .streamGenerateContent : .generateContent
      case .googleTokenCount: .countTokens
      case .googleEmbed: .embedContent
      case .vertexPredict: .predict
      }
    let path = path(
      method, wireProtocol, bodyFormat, version: version ?? (wireProtocol == .gemini ? "v1beta" : "v1"), collection: "models",
      model: model, project: project ?? "", location: location ?? "", publisher: nil)
    return method == .streamGenerateContent ? path + "?alt=sse" : path
  }

  private static func path(
    _ method: Method, _ wireProtocol: WireProtocol, _ bodyFormat: BodyFormat, version: String, collection: String, model: String,
    project: String, location: String, publisher: String?
  ) -> String {
    switch wireProtocol {
    case .openAI, .anthropic: return "/\(version)/\(method.rawValue)"
    case .gemini: return "/\(version)/\(collection)/\(encoded(model)):\(method.rawValue)"
    case .vertex:
      let isAnthropic = bodyFormat == .anthropicMessages || bodyFormat == .anthropicTokenCount
      let maker = publisher.map(encoded) ?? (isAnthropic ? "anthropic" : "google")
      let name = bodyFormat == .anthropicTokenCount ? Method.anthropicTokenCounter : encoded(model)
      return "/\(version)/projects/\(encoded(project))/locations/\(encoded(location))/publishers/\(maker)/models/\(name):"
        + method.rawValue
    }
  }

  /// A path segment: what a segment may have stays, the rest is escaped, so that no name can change the path around it.
  private static func encoded(_ text: String) -> String {
    func isPlain(_ byte: UInt8) -> Bool {
      switch byte {
      case 48...57, 65...90, 97...122: true
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "@"), UInt8(ascii: ":"): true
      default: false
      }
    }
    let isClimbing = text == "." || text.contains("..")
    if !isClimbing, text.utf8.allSatisfy(isPlain) { return text }
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      if isPlain(byte), byte != UInt8(ascii: ".") || !isClimbing {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
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
