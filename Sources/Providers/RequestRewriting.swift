// The few edits the gateway makes to a request body. Each splices bytes in place, so that everything else reaches the
// provider as the client wrote it.

/// One edit: replace a byte range (empty for an insertion) by text.
package struct BodyEdit: Equatable, Sendable {
  package var range: Range<Int>
  package var replacement: String
}

package enum RequestRewriting {
  /// Asks for the usage chunk of a chat.completions stream, which the caller did not ask for. No other format needs asking.
  package static func includeUsage(_ facts: RequestFacts) -> BodyEdit {
    if let value = facts.includeUsageValue { return BodyEdit(range: value, replacement: "true") }
    if let options = facts.streamOptions { return insertion(into: options, #""include_usage":true"#) }
    if let empty = facts.emptyStreamOptions { return BodyEdit(range: empty, replacement: #"{"include_usage":true}"#) }
    return insertion(into: facts.body, #""stream_options":{"include_usage":true}"#)
  }

  /// Replaces the model in the body; `nil` where the body names none that counts.
  package static func replaceModel(_ facts: RequestFacts, by model: String) -> BodyEdit? {
    facts.modelValue.map { BodyEdit(range: $0, replacement: JSONText.quoted(model)) }
  }

  /// Puts a system instruction in front of a request that has none; `nil` where there is no place for one.
  package static func systemInstruction(_ facts: RequestFacts, text: String, bodyFormat: BodyFormat) -> BodyEdit? {
    switch bodyFormat {
    case .openAIChat:
      guard let messages = facts.messages else { return nil }
      return insertion(into: messages, #"{"role":"system","content":\#(JSONText.quoted(text))}"#)
    case .openAIResponses: return member("instructions", JSONText.quoted(text), facts)
    case .anthropicMessages, .anthropicTokenCount: return member("system", JSONText.quoted(text), facts)
    case .googleGenerate, .googleTokenCount:
      return member("systemInstruction", #"{"parts":[{"text":\#(JSONText.quoted(text))}]}"#, facts)
    case .openAIEmbeddings, .googleEmbed, .vertexPredict: return nil
    }
  }

  /// The same for the Gemini API's `countTokens`, which takes a system instruction only within a whole request: contents that stand
  /// alone become one.
  ///
  /// - Parameter model: the one that counts; such a request must name it.
  package static func countedInstruction(_ facts: RequestFacts, text: String, model: String, bodyBytes: Int) -> [BodyEdit] {
    let value = #"{"parts":[{"text":\#(JSONText.quoted(text))}]}"#
    if let counted = facts.countedRequest {
      if let empty = facts.emptySystemInstruction { return [BodyEdit(range: empty, replacement: value)] }
      return [insertion(into: counted, "\"systemInstruction\":\(value)")]
    }
    let named = #""model":\#(JSONText.quoted("models/\(model)"))"#
    let start = facts.body.start
    let instruction =
      facts.emptySystemInstruction.map { [BodyEdit(range: $0, replacement: value), insertion(into: facts.body, named)] }
      ?? [insertion(into: facts.body, #"\#(named),"systemInstruction":\#(value)"#)]
    return [BodyEdit(range: start..<start, replacement: #"{"generateContentRequest":"#)] + instruction
      + [BodyEdit(range: bodyBytes..<bodyBytes, replacement: "}")]
  }

  /// Takes a member out of the body; `nil` where it has none of the name.
  package static func removeMember(_ name: StaticString, from body: UnsafeRawBufferPointer, facts: RequestFacts) -> BodyEdit? {
    var reader = JSONReader(body)
    var previousEnd: Int?
    var found: Range<Int>?
    var isFirst = false
    reader.forEachMember { key, reader in
      guard let value = reader.range() else { return }
      if key == name {
        isFirst = previousEnd == nil
        found = (previousEnd ?? facts.body.start + 1)..<value.upperBound
      }
      previousEnd = value.upperBound
    }
    guard let found, !reader.isMalformed else { return nil }
    // The comma in front of it goes with it, or the one behind the first.
    let rest = body[found.upperBound...].firstIndex { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    let comma = isFirst ? rest.flatMap { body[$0] == UInt8(ascii: ",") ? $0 + 1 : nil } : nil
    return BodyEdit(range: found.lowerBound..<(comma ?? found.upperBound), replacement: "")
  }

  private static func member(_ name: String, _ value: String, _ facts: RequestFacts) -> BodyEdit {
    if let empty = facts.emptySystemInstruction { return BodyEdit(range: empty, replacement: value) }
    return insertion(into: facts.body, "\"\(name)\":\(value)")
  }

  /// Applies edits that do not overlap; what is put in comes before what is taken out at the same place.
  package static func apply(_ edits: [BodyEdit], to body: UnsafeRawBufferPointer) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(body.count + edits.reduce(0) { $0 + $1.replacement.utf8.count })
    var position = 0
    for edit in edits.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      result.append(contentsOf: body[position..<edit.range.lowerBound])
      result.append(contentsOf: edit.replacement.utf8)
      position = edit.range.upperBound
    }
    result.append(contentsOf: body[position...])
    return result
  }

  /// An item at the front of an object or array.
  static func insertion(into container: RequestFacts.Container, _ item: String) -> BodyEdit {
    BodyEdit(range: container.start + 1..<container.start + 1, replacement: container.isEmpty ? item : item + ",")
  }
}
