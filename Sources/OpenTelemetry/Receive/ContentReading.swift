// The text of an exchange, which senders give only when they are told to: in attributes, in numbered attributes, or in events.
// It is raw here; the redaction stage of Ingest comes after.

import LLMTelemetry
import Providers

struct ContentReading {
  /// Bytes of all texts of a span together; what is beyond is cut.
  var limit: Int

  private static let inputNames: Set<String> = ["gen_ai.input.messages", "gen_ai.prompt"]
  private static let outputNames: Set<String> = ["gen_ai.output.messages", "gen_ai.completion"]
  /// The one input and output of a step: OpenInference, Traceloop, the conventions' tools and retrievals.
  private static let inputValues: Set<String> = [
    "input.value", "traceloop.entity.input", "gen_ai.tool.call.arguments", "gen_ai.retrieval.query.text",
  ]
  private static let outputValues: Set<String> = ["output.value", "traceloop.entity.output", "gen_ai.tool.call.result"]

  func content(_ span: OTLPSpan, kind: SpanKind) -> SpanContent? {
    var found = Found()
    for attribute in span.attributes { found.take(attribute) }
    for event in span.events { take(event, &found) }
    return found.content(limit: limit)
  }

  private struct Found {
    var system: [ContentMessage] = []
    var input: [ContentMessage] = []
    var output: [ContentMessage] = []
    var inputValue: String?
    var outputValue: String?
    var numberedInput: [Int: ContentMessage] = [:]
    var numberedOutput: [Int: ContentMessage] = [:]
    var documents: [Int: ContentDocument] = [:]

    mutating func take(_ attribute: OTLPAttribute) {
      let key = attribute.key
      guard
        key.hasPrefix("gen_ai.") || key.hasPrefix("llm.") || key.hasPrefix("retrieval.") || key.hasSuffix("put.value")
          || key.hasPrefix("traceloop.entity.")
      else { return }
      if inputNames.contains(key) {
        input += MessageReading.messages(attribute.value, role: "user")
      } else if outputNames.contains(key) {
        output += MessageReading.messages(attribute.value, role: "assistant")
      } else if key == "gen_ai.system_instructions" {
        system += MessageReading.messages(attribute.value, role: "system")
      } else if inputValues.contains(key) {
        inputValue = text(attribute.value)
      } else if outputValues.contains(key) {
        outputValue = text(attribute.value)
      } else if key == "gen_ai.retrieval.documents" {
        for (place, document) in (MessageReading.tree(attribute.value)?.elements ?? []).enumerated() where place < numberLimit {
          documents[place] = ContentDocument(
            id: document["id"]?.text, name: document["name"]?.text ?? document["title"]?.text,
            text: document["content"]?.text ?? document["text"]?.text ?? "", score: document["score"]?.double)
        }
      } else {
        takeNumbered(key, attribute.value)
      }
    }

    /// Numbers come from outside.
    private var numberLimit: Int { 256 }

    private func text(_ value: OTLPValue) -> String? {
      value.text ?? MessageReading.tree(value).map { String(decoding: $0.serialised, as: UTF8.self) }
    }

    /// Traceloop's `gen_ai.prompt.0.content`, OpenInference's `llm.input_messages.0.message.content` and
    /// `retrieval.documents.0.document.content`.
    private mutating func takeNumbered(_ key: String, _ value: OTLPValue) {
      func place(_ prefix: String) -> (Int, Substring)? {
        guard key.hasPrefix(prefix) else { return nil }
        let rest = key.dropFirst(prefix.count)
        let digits = rest.prefix { $0 != "." }
        guard let number = Int(digits), (0..<numberLimit).contains(number) else { return nil }
        return (number, rest.dropFirst(digits.count + 1))
      }
      if let (number, name) = place("gen_ai.prompt.") ?? place("llm.input_messages.") {
        Self.set(name, value.text, &numberedInput[number, default: ContentMessage(role: "user", text: "")])
      } else if let (number, name) = place("gen_ai.completion.") ?? place("llm.output_messages.") {
        Self.set(name, value.text, &numberedOutput[number, default: ContentMessage(role: "assistant", text: "")])
      } else if let (number, name) = place("retrieval.documents.") {
        switch name {
        case "document.id": documents[number, default: ContentDocument(text: "")].id = value.text
        case "document.content": documents[number, default: ContentDocument(text: "")].text = value.text ?? ""
        case "document.score": documents[number, default: ContentDocument(text: "")].score = value.double
        default: break
        }
      }
    }

    private static func set(_ name: Substring, _ text: String?, _ message: inout ContentMessage) {
      guard let text else { return }
      switch name {
      case "role", "message.role": message.role = text
      case "content", "message.content": message.text = text
      default:
        // One part of several; images have none.
        if name.hasPrefix("message.contents."), name.hasSuffix(".message_content.text") {
          message.text += message.text.isEmpty ? text : "\n" + text
        }
      }
    }

    func content(limit: Int) -> SpanContent? {
      var messages = system + (input.isEmpty ? numberedInput.sorted { $0.key < $1.key }.map(\.value) : input)
      var answers = (output.isEmpty ? numberedOutput.sorted { $0.key < $1.key }.map(\.value) : output).map(\.text)
      // A whole request or response as a document is the last resort: the messages are in it.
      if messages.isEmpty, let inputValue { messages = [ContentMessage(role: "user", text: inputValue)] }
      if answers.isEmpty, let outputValue { answers = [outputValue] }
      let documents = documents.sorted { $0.key < $1.key }.map(\.value)
      guard !messages.isEmpty || !answers.isEmpty || !documents.isEmpty else { return nil }
      var left = max(0, limit)
      var content = SpanContent(input: [], output: "")
      content.responseText = Self.cut(answers.joined(separator: "\n"), &left)
      for message in messages where left > 0 {
        content.input.append(ContentMessage(role: String(message.role.prefix(20)), text: Self.cut(message.text, &left)))
      }
      for var document in documents where left > 0 {
        document.text = Self.cut(document.text, &left)
        content.documents.append(document)
      }
      return content
    }

    private static func cut(_ text: String, _ left: inout Int) -> String {
      guard text.utf8.count > left else {
        left -= text.utf8.count
        return text
      }
      // At a character's border: what stands before it is whole.
      var end = text.utf8.index(text.startIndex, offsetBy: left)
      while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
      left = 0
      return String(text[..<end])
    }
  }

  /// Events of the conventions from 1.28 on that senders put on spans, and of those before.
  private func take(_ event: OTLPEvent, _ found: inout Found) {
    func message(_ role: String) -> ContentMessage? {
      guard let value = event.attributes["content"] ?? event.attributes["gen_ai.event.content"] else { return nil }
      return MessageReading.messages(value, role: event.attributes["role"]?.text ?? role).first
    }
    switch event.name {
    case "gen_ai.system.message": found.system += message("system").map { [$0] } ?? []
    case "gen_ai.user.message": found.input += message("user").map { [$0] } ?? []
    case "gen_ai.assistant.message": found.input += message("assistant").map { [$0] } ?? []
    case "gen_ai.tool.message": found.input += message("tool").map { [$0] } ?? []
    case "gen_ai.choice":
      if let value = event.attributes["message"] ?? event.attributes["content"] ?? event.attributes["gen_ai.event.content"] {
        found.output += MessageReading.messages(value, role: "assistant")
      }
    case "gen_ai.content.prompt", "gen_ai.content.completion", "gen_ai.client.inference.operation.details":
      for attribute in event.attributes { found.take(attribute) }
    default: break
    }
  }
}
