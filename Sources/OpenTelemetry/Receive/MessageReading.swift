// Messages as the conventions write them, as text with roles: from JSON in a text attribute or from a structured one.

import LLMTelemetry
import Providers

enum MessageReading {
  /// `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.prompt`, `gen_ai.completion`: `[{role, parts: [{type, …}]}]`, or
  /// the
  /// older `[{role, content}]`. Text that is no such document is one message.
  static func messages(_ value: OTLPValue, role: String) -> [ContentMessage] {
    guard let tree = tree(value) else { return value.text.map { [ContentMessage(role: role, text: $0)] } ?? [] }
    let elements = tree.elements ?? [tree]
    // A list of parts alone is one message (`gen_ai.system_instructions`).
    if !elements.isEmpty, elements.allSatisfy({ $0["role"] == nil && $0["parts"] == nil && $0["message"] == nil }) {
      let text = self.text(.array(elements))
      return text.isEmpty ? [] : [ContentMessage(role: role, text: text)]
    }
    return elements.map { element in
      let message = element["message"] ?? element
      return ContentMessage(
        role: (message["role"] ?? element["role"])?.text ?? role,
        text: [message["parts"], message["content"], message["tool_calls"]].compactMap { $0 }.map(text)
          .filter { !$0.isEmpty }.joined(separator: "\n"))
    }
  }

  /// JSON that a text holds, or the structure itself.
  static func tree(_ value: OTLPValue) -> JSONTree? {
    switch value {
    case .text(let text):
      guard let first = text.utf8.first(where: { $0 != 0x20 && $0 != 0x0a }), first == 0x5b || first == 0x7b else { return nil }
      return JSONTree(parsing: text)
    case .list, .members: return JSONTree(value)
    case .flag, .integer, .double, .other: return nil
    }
  }

  /// What a part says, in words a person reads and a scorer compares.
  private static func text(_ part: JSONTree) -> String {
    switch part {
    case .string(let text): return text
    case .array(let parts): return parts.map(text).filter { !$0.isEmpty }.joined(separator: "\n")
    case .object:
      if let text = (part["content"] ?? part["text"])?.text { return text }
      // What the model thought is no part of its answer.
      if part["type"]?.text == "reasoning" { return "" }
      let call = part["function"] ?? part
      if let name = call["name"]?.text { return name + "(" + (call["arguments"].map(json) ?? "") + ")" }
      return (part["response"] ?? part["result"]).map(json) ?? ""
    case .number, .bool, .null: return ""
    }
  }

  private static func json(_ tree: JSONTree) -> String {
    tree.text ?? String(decoding: tree.serialised, as: UTF8.self)
  }
}

extension JSONTree {
  /// A structured attribute as the JSON it stands for.
  fileprivate init(_ value: OTLPValue) {
    switch value {
    case .text(let text): self = .string(text)
    case .flag(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(number)
    case .double(let number): self = number.isFinite ? .number("\(number)") : .null
    case .list(let values): self = .array(values.map { JSONTree($0) })
    case .members(let members): self = .object(members.map { Member($0.key, JSONTree($0.value)) })
    case .other: self = .null
    }
  }
}
