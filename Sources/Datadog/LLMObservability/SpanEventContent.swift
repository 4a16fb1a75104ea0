// The input and output of a span in the form that its kind has in LLM Observability; nothing where content was not captured.

import LLMTelemetry

enum SpanEventContent {
  enum Extent { case none, whole, dropped }

  /// What stands in the place of content that is too large, in the words of the SDKs.
  private static let droppedMember: StaticString =
    "\"value\":\"[This value has been dropped because this span's size exceeds the 1MB size limit.]\""

  /// Bytes of content before they are escaped.
  static func size(_ span: borrowing LLMSpan) -> Int {
    guard let content = span.content else { return 0 }
    var size = content.responseText.utf8.count
    for message in content.input { size += message.text.utf8.count + 32 }
    for document in content.documents { size += document.text.utf8.count + 64 }
    return size
  }

  static func append(
    _ span: borrowing LLMSpan, kind: SpanKind, mlApp: String, _ extent: Extent, to line: inout ByteBuffer
  ) {
    appendInput(span, kind, mlApp, extent, &line)
    guard extent == .dropped || (extent == .whole && span.content.map { hasOutput($0, kind) } == true) else { return }
    line.append(",\"output\":{")
    if extent == .dropped {
      line.append(droppedMember)
    } else if let content = span.content {
      appendOutput(content, kind, &line)
    }
    line.append("}")
  }

  private static func appendInput(
    _ span: borrowing LLMSpan, _ kind: SpanKind, _ mlApp: String, _ extent: Extent, _ line: inout ByteBuffer
  ) {
    let prompt = kind == .llm ? span.dimensions.prompt : nil
    let hasContent = extent == .dropped || (extent == .whole && span.content?.input.isEmpty == false)
    guard hasContent || prompt != nil else { return }
    line.append(",\"input\":{")
    if extent == .dropped {
      line.append(droppedMember)
    } else if extent == .whole, let content = span.content {
      appendInput(content, kind, &line)
    }
    // A name and a version are no content: they are there without capture.
    if let prompt {
      line.append(hasContent ? ",\"prompt\":{\"id\":\"" : "\"prompt\":{\"id\":\"")
      line.append(escaped: prompt, limit: ByteBuffer.memberLimit)
      line.append("\"")
      line.appendMember("version", span.dimensions.promptVersion)
      line.appendMember("ml_app", mlApp)
      line.append("}")
    }
    line.append("}")
  }

  private static func hasOutput(_ content: SpanContent, _ kind: SpanKind) -> Bool {
    !content.responseText.isEmpty || (kind == .retrieval && !content.documents.isEmpty)
  }

  private static func appendInput(_ content: SpanContent, _ kind: SpanKind, _ line: inout ByteBuffer) {
    guard !content.input.isEmpty else { return }
    switch kind {
    case .llm: appendMessages(content.input, &line)
    case .embedding:
      line.append("\"documents\":[")
      for (index, message) in content.input.enumerated() {
        line.append(index == 0 ? "{\"text\":\"" : ",{\"text\":\"")
        line.append(escaped: message.text)
        line.append("\"}")
      }
      line.append("]")
    case .retrieval, .tool, .agent, .workflow, .task:
      line.append("\"value\":\"")
      for (index, message) in content.input.enumerated() {
        if index > 0 { line.append("\\n") }
        line.append(escaped: message.text)
      }
      line.append("\"")
    }
  }

  private static func appendOutput(_ content: SpanContent, _ kind: SpanKind, _ line: inout ByteBuffer) {
    if kind == .retrieval, !content.documents.isEmpty {
      appendDocuments(content.documents, &line)
    } else if kind == .llm {
      line.append("\"messages\":[{\"content\":\"")
      line.append(escaped: content.responseText)
      line.append("\",\"role\":\"assistant\"}]")
    } else {
      line.append("\"value\":\"")
      line.append(escaped: content.responseText)
      line.append("\"")
    }
  }

  private static func appendMessages(_ messages: [ContentMessage], _ line: inout ByteBuffer) {
    line.append("\"messages\":[")
    for (index, message) in messages.enumerated() {
      line.append(index == 0 ? "{\"content\":\"" : ",{\"content\":\"")
      line.append(escaped: message.text)
      line.append("\"")
      line.appendMember("role", message.role)
      line.append("}")
    }
    line.append("]")
  }

  private static func appendDocuments(_ documents: [ContentDocument], _ line: inout ByteBuffer) {
    line.append("\"documents\":[")
    for (index, document) in documents.enumerated() {
      line.append(index == 0 ? "{\"text\":\"" : ",{\"text\":\"")
      line.append(escaped: document.text)
      line.append("\"")
      line.appendMember("name", document.name)
      line.appendMember("id", document.id)
      if let score = document.score, score.isFinite {
        line.append(",\"score\":")
        line.append(escaped: score.description)
      }
      line.append("}")
    }
    line.append("]")
  }
}
