// The text of an exchange on a line: an addition to the format that other readers ignore, written and read only where asked for.

extension SpanLine {
  struct ContentKeys: Codable {
    private enum CodingKeys: String, CodingKey { case input, output, documents }

    var input: [ContentMessage]?
    var output: String?
    var documents: [ContentDocument]?

    /// `nil` when there is no text. A raw request body is no text that a reader could tell the format of, and is left out.
    init?(_ content: SpanContent, limit: Int) {
      let content = content.cut(toBytes: limit)
      guard !content.input.isEmpty || !content.responseText.isEmpty || !content.documents.isEmpty else { return nil }
      input = content.input.isEmpty ? nil : content.input
      output = content.responseText.isEmpty ? nil : content.responseText
      documents = content.documents.isEmpty ? nil : content.documents
    }

    /// What is under the same name and not of this shape is another's, and is ignored like every key that is not known.
    init(from decoder: any Decoder) {
      let members = try? decoder.container(keyedBy: CodingKeys.self)
      input = try? members?.decodeIfPresent([ContentMessage].self, forKey: .input)
      output = try? members?.decodeIfPresent(String.self, forKey: .output)
      documents = try? members?.decodeIfPresent([ContentDocument].self, forKey: .documents)
    }

    func content(limit: Int) -> SpanContent? {
      guard input != nil || output != nil || documents != nil else { return nil }
      return SpanContent(input: input ?? [], output: output ?? "", documents: documents ?? []).cut(toBytes: limit)
    }
  }
}

extension SpanContent {
  /// The same with at most so many bytes of text: input first, then the answer, then documents. What has no room at all is left out,
  /// and a message that is cut ends where it was cut.
  package func cut(toBytes limit: Int) -> SpanContent {
    var room = max(0, limit)
    func take(_ text: String) -> String {
      defer { room -= min(room, text.utf8.count) }
      return text.utf8.count <= room ? text : text.prefix(ofBytes: room)
    }
    var content = SpanContent(input: [], output: "")
    for message in input where room > 0 {
      content.input.append(ContentMessage(role: message.role, text: take(message.text)))
    }
    content.responseText = take(responseText)
    for var document in documents where room > 0 {
      document.text = take(document.text)
      content.documents.append(document)
    }
    return content
  }
}

extension String {
  /// As many whole characters as fit.
  fileprivate func prefix(ofBytes limit: Int) -> String {
    var end = utf8.index(utf8.startIndex, offsetBy: limit, limitedBy: utf8.endIndex) ?? utf8.endIndex
    while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end])
  }
}
