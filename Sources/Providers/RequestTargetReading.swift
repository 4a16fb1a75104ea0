// Takes a request line's target apart. It comes from outside: what is not plainly a model call is none.

extension RequestTarget {
  static func read(_ uri: UnsafeRawBufferPointer) -> RequestTarget? {
    guard uri.first == UInt8(ascii: "/") else { return nil }
    var segments: [UnsafeRawBufferPointer] = []
    segments.reserveCapacity(9)
    var start = 1
    var pathEnd = uri.count
    var isDoubled = false
    for position in 1...uri.count {
      let byte = position < uri.count ? uri[position] : UInt8(ascii: "?")
      // Nothing that could end a request line or a header goes on to a provider.
      guard byte > 0x20, byte != 0x7f, byte != UInt8(ascii: "#") else { return nil }
      guard position <= pathEnd, byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") else { continue }
      if byte == UInt8(ascii: "?") { pathEnd = position }
      if start < position { segments.append(UnsafeRawBufferPointer(rebasing: uri[start..<position])) } else { isDoubled = true }
      start = position + 1
    }
    guard var target = plain(segments) ?? google(segments) else { return nil }
    if pathEnd < uri.count {
      (target.query, target.queryKey) = withoutKey(UnsafeRawBufferPointer(rebasing: uri[(pathEnd + 1)...]))
    }
    // Doubled slashes come from a base URL that ends in one; a provider may not forgive them.
    if !isDoubled { target.path = String(decoding: uri[..<pathEnd], as: UTF8.self) }
    return target
  }

  /// OpenAI's and Anthropic's own paths.
  private static func plain(_ segments: [UnsafeRawBufferPointer]) -> RequestTarget? {
    guard segments.count == 2 || segments.count == 3, JSONScanner.equal(segments[0], "v1") else { return nil }
    let first = segments[1]
    if segments.count == 3 {
      if JSONScanner.equal(first, "chat"), JSONScanner.equal(segments[2], "completions") {
        return RequestTarget(.openAI, .openAIChat, .chatCompletions, version: "v1")
      } else if JSONScanner.equal(first, "messages"), JSONScanner.equal(segments[2], "count_tokens") {
        return RequestTarget(.anthropic, .anthropicTokenCount, .countMessageTokens, version: "v1")
      }
    } else if JSONScanner.equal(first, "messages") {
      return RequestTarget(.anthropic, .anthropicMessages, .messages, version: "v1")
    } else if JSONScanner.equal(first, "responses") {
      return RequestTarget(.openAI, .openAIResponses, .responses, version: "v1")
    } else if JSONScanner.equal(first, "embeddings") {
      return RequestTarget(.openAI, .openAIEmbeddings, .embeddings, version: "v1")
    }
    return nil
  }

  /// The Gemini API's and Vertex AI's paths: a model and a verb at the end.
  private static func google(_ segments: [UnsafeRawBufferPointer]) -> RequestTarget? {
    guard let last = segments.last, let colon = last.lastIndex(of: UInt8(ascii: ":")), colon > 0,
      let method = Method(rawValue: String(decoding: last[(colon + 1)...], as: UTF8.self)), let version = decoded(segments[0]),
      let model = decoded(UnsafeRawBufferPointer(rebasing: last[..<colon]))
    else { return nil }
    if segments.count == 3, let collection = decoded(segments[1]), collection == "models" || collection == "tunedModels" {
      guard version == "v1" || version == "v1beta" || version == "v1alpha",
        let format = method.bodyFormat(publisher: nil, model: model)
      else { return nil }
      var target = RequestTarget(.gemini, format, method, version: version)
      target.collection = collection
      target.model = model
      return target
    }
    guard segments.count == 9, version == "v1" || version == "v1beta1", JSONScanner.equal(segments[1], "projects"),
      JSONScanner.equal(segments[3], "locations"), JSONScanner.equal(segments[5], "publishers"),
      JSONScanner.equal(segments[7], "models"), let project = decoded(segments[2]), let location = decoded(segments[4]),
      let publisher = decoded(segments[6]), let format = method.bodyFormat(publisher: publisher, model: model)
    else { return nil }
    var target = RequestTarget(.vertex, format, method, version: version)
    target.project = project
    target.location = location
    target.publisher = publisher
    // What counts Anthropic's tokens there is called like a model; the real one is in the body.
    target.model = format == .anthropicTokenCount ? nil : model
    return target
  }

  /// A path segment without its percent escapes; `nil` when an escape is invalid or the result could break a line or climb.
  private static func decoded(_ segment: UnsafeRawBufferPointer) -> String? {
    var isPlain = true
    for byte in segment where byte == UInt8(ascii: "%") || byte == UInt8(ascii: ".") || byte >= 0x80 || byte == UInt8(ascii: "\\")
    {
      isPlain = isPlain && byte == UInt8(ascii: ".")
    }
    let isDots = JSONScanner.equal(segment, ".") || JSONScanner.equal(segment, "..")
    if isPlain { return isDots ? nil : String(decoding: segment, as: UTF8.self) }
    var result: [UInt8] = []
    var position = 0
    while position < segment.count {
      if segment[position] == UInt8(ascii: "%") {
        guard position + 2 < segment.count, let high = hexDigit(segment[position + 1]), let low = hexDigit(segment[position + 2])
        else { return nil }
        result.append(high << 4 | low)
        position += 3
      } else {
        result.append(segment[position])
        position += 1
      }
    }
    guard let text = String(validating: result, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
    else { return nil }
    // A server that undoes the escapes before it takes the path apart would climb.
    let parts = result.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    return parts.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) } ? nil : text
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }

  /// Takes `key` out of a query, also when its name is written with escapes; every other byte stays.
  private static func withoutKey(_ query: UnsafeRawBufferPointer) -> (String, key: String?) {
    guard query.contains(UInt8(ascii: "k")) || query.contains(UInt8(ascii: "%")) else {
      return (String(decoding: query, as: UTF8.self), nil)
    }
    var key: String?
    var kept: [UInt8] = []
    var isFirst = true
    for item in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      let item = UnsafeRawBufferPointer(rebasing: item)
      let end = item.firstIndex(of: UInt8(ascii: "=")) ?? item.count
      let name = UnsafeRawBufferPointer(rebasing: item[..<end])
      if JSONScanner.equal(name, "key") || (name.contains(UInt8(ascii: "%")) && decoded(name) == "key") {
        key = end < item.count ? decoded(UnsafeRawBufferPointer(rebasing: item[(end + 1)...])) : ""
      } else {
        if !isFirst { kept.append(UInt8(ascii: "&")) }
        isFirst = false
        kept.append(contentsOf: item)
      }
    }
    return (String(decoding: kept, as: UTF8.self), key)
  }
}

extension RequestTarget.Method {
  /// The name Vertex AI gives the counter of Anthropic's tokens in a model's place.
  static let anthropicTokenCounter = "count-tokens"

  /// What the bodies of one of Google's verbs look like; `nil` for what is none and for bodies the gateway cannot read.
  ///
  /// - Parameter publisher: `nil` for the Gemini API.
  fileprivate func bodyFormat(publisher: String?, model: String) -> BodyFormat? {
    switch self {
    case .generateContent, .streamGenerateContent: return .googleGenerate
    case .countTokens: return .googleTokenCount
    case .embedContent: return .googleEmbed
    case .batchEmbedContents: return publisher == nil ? .googleEmbed : nil
    case .predict: return publisher == nil ? nil : .vertexPredict
    case .rawPredict where publisher == "anthropic":
      return model == Self.anthropicTokenCounter ? .anthropicTokenCount : .anthropicMessages
    case .streamRawPredict where publisher == "anthropic": return .anthropicMessages
    default: return nil
    }
  }
}
