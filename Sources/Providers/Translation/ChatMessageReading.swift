// Reads the messages, content parts, tools and tool calls of a chat.completions body.

extension ChatRequest.Message {
  /// `nil` for a message that says nothing: both vendors refuse empty turns, which OpenAI takes.
  init?(_ message: JSONTree, path: String) throws(TranslationError) {
    guard let role = message["role"]?.text else { throw TranslationError("\(path).role", "is missing") }
    for name in ["audio", "function_call"] where message.present(name) != nil {
      throw TranslationError("\(path).\(name)", "cannot be translated")
    }
    let content = message.present("content")
    switch role {
    case "system", "developer":
      let text = try Self.texts(content, "\(path).content").joined(separator: "\n")
      if text.isEmpty { return nil }
      self = .system(text)
    case "user":
      let parts = try ChatRequest.Part.parts(content, "\(path).content")
      if parts.isEmpty { return nil }
      self = .user(parts)
    case "assistant":
      var text = try Self.texts(content, "\(path).content")
      if text.isEmpty, let refusal = message.present("refusal")?.text, !refusal.isEmpty { text = [refusal] }
      var calls: [ChatRequest.ToolCall] = []
      if let list = message.present("tool_calls") {
        guard let elements = list.elements else { throw TranslationError("\(path).tool_calls", "is not an array") }
        for (index, call) in elements.enumerated() {
          calls.append(try ChatRequest.ToolCall(call, path: "\(path).tool_calls[\(index)]"))
        }
      }
      if text.isEmpty, calls.isEmpty { return nil }
      self = .assistant(text: text, calls: calls)
    case "tool":
      guard let id = message["tool_call_id"]?.text else { throw TranslationError("\(path).tool_call_id", "is missing") }
      self = .tool(callID: id, content: try ChatRequest.Part.parts(content, "\(path).content"), path: path)
    default: throw TranslationError("\(path).role", "\"\(role)\" is not one of system, developer, user, assistant, tool")
    }
  }

  /// The content of a message that can only hold text; a refusal counts as what the model said.
  private static func texts(_ content: JSONTree?, _ path: String) throws(TranslationError) -> [String] {
    guard let content else { return [] }
    if let text = content.text { return text.isEmpty ? [] : [text] }
    guard let elements = content.elements else { throw TranslationError(path, "is neither a string nor an array") }
    var result: [String] = []
    for (index, part) in elements.enumerated() {
      let type = part["type"]?.text
      guard type == "text" || type == "refusal", let text = (part["text"] ?? part["refusal"])?.text else {
        throw TranslationError("\(path)[\(index)].type", "\"\(type ?? "")\" cannot be translated here; only text can")
      }
      if !text.isEmpty { result.append(text) }
    }
    return result
  }
}

extension ChatRequest.Part {
  static func parts(_ content: JSONTree?, _ path: String) throws(TranslationError) -> [ChatRequest.Part] {
    guard let content else { return [] }
    if let text = content.text { return text.isEmpty ? [] : [ChatRequest.Part(content: .text(text), path: path)] }
    guard let elements = content.elements else { throw TranslationError(path, "is neither a string nor an array") }
    var parts: [ChatRequest.Part] = []
    for (index, element) in elements.enumerated() {
      let path = "\(path)[\(index)]"
      let content = try Self.content(element, path)
      if case .text("") = content { continue }
      parts.append(ChatRequest.Part(content: content, path: path))
    }
    return parts
  }

  private static func content(_ part: JSONTree, _ path: String) throws(TranslationError) -> Content {
    switch part["type"]?.text {
    case "text":
      guard let text = part["text"]?.text else { throw TranslationError("\(path).text", "is missing") }
      return .text(text)
    case "image_url":
      guard let url = part["image_url"]?["url"]?.text else { throw TranslationError("\(path).image_url.url", "is missing") }
      if url.hasPrefix("data:") { return try inline(url, "\(path).image_url.url", isImage: true, fileName: nil) }
      guard url.hasPrefix("https://") || url.hasPrefix("http://") || url.hasPrefix("gs://") else {
        throw TranslationError("\(path).image_url.url", "is neither a data: URL nor a web address")
      }
      return .imageURL(url)
    case "input_audio":
      guard let data = part["input_audio"]?["data"]?.text, let format = part["input_audio"]?["format"]?.text else {
        throw TranslationError("\(path).input_audio", "data or format is missing")
      }
      guard format == "wav" || format == "mp3" else {
        throw TranslationError("\(path).input_audio.format", "\"\(format)\" is not one of wav, mp3")
      }
      return .audio(format: format, base64: data)
    case "file":
      guard let data = part["file"]?.present("file_data")?.text, data.hasPrefix("data:") else {
        throw TranslationError("\(path).file", "only files whose data: URL is in file_data can be translated")
      }
      return try inline(data, "\(path).file.file_data", isImage: false, fileName: part["file"]?.present("filename")?.text)
    case let type: throw TranslationError("\(path).type", "\"\(type ?? "")\" cannot be translated")
    }
  }

  /// `data:<media type>[;parameter…];base64,<data>` (RFC 2397).
  private static func inline(
    _ url: String, _ path: String, isImage: Bool, fileName: String?
  ) throws(TranslationError) -> Content {
    let bytes = url.utf8
    guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else { throw TranslationError(path, "is not a data: URL") }
    let header = String(url[bytes.index(bytes.startIndex, offsetBy: 5)..<comma]).lowercased()
    let fields = header.split(separator: ";", omittingEmptySubsequences: false)
    guard let mediaType = fields.first, mediaType.contains("/"), fields.dropFirst().contains("base64") else {
      throw TranslationError(path, "the data: URL names no media type, or is not in base64")
    }
    let type = mediaType == "image/jpg" ? "image/jpeg" : String(mediaType)
    let data = String(url[bytes.index(after: comma)...])
    return .inline(mediaType: type, base64: data, isImage: isImage, fileName: fileName)
  }
}

extension ChatRequest.ToolCall {
  init(_ call: JSONTree, path: String) throws(TranslationError) {
    guard call["type"] == nil || call["type"] == "function" else {
      throw TranslationError("\(path).type", "only function calls can be translated")
    }
    guard let id = call["id"]?.text, let name = call["function"]?["name"]?.text else {
      throw TranslationError(path, "id or function.name is missing")
    }
    self.id = id
    self.name = name
    let text = call["function"]?.present("arguments")?.text ?? ""
    let parsed = text.isEmpty ? JSONTree.object([]) : JSONTree(parsing: text)
    guard let parsed, parsed.members != nil else {
      throw TranslationError("\(path).function.arguments", "is not a JSON object in a string")
    }
    arguments = parsed
    thoughtSignature = call["extra_content"]?["google"]?["thought_signature"]?.text
  }
}

extension ChatRequest.Tool {
  /// `strict` is left out: both vendors follow a schema closely, neither promises it in these terms.
  init(_ tool: JSONTree, path: String) throws(TranslationError) {
    guard tool["type"] == "function" else {
      throw TranslationError("\(path).type", "\"\(tool["type"]?.text ?? "")\" cannot be translated; only function can")
    }
    guard let name = tool["function"]?["name"]?.text else { throw TranslationError("\(path).function.name", "is missing") }
    self.name = name
    self.path = path
    description = tool["function"]?.present("description")?.text
    parameters = tool["function"]?.present("parameters")
    if let parameters, parameters.members == nil {
      throw TranslationError("\(path).function.parameters", "is not a JSON Schema object")
    }
  }
}
