// The shapes of what goes in and comes out, as the OpenAPI document gives them.

enum OpenAPISchemas {
  private static let text: JSON = ["type": "string"]
  private static let whole: JSON = ["type": "integer"]
  private static let number: JSON = ["type": "number"]
  private static let name: JSON = ["type": "string", "pattern": "^[A-Za-z0-9._/-]{1,100}$"]

  private static func list(_ items: JSON) -> JSON { ["type": "array", "items": items] }
  private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

  private static func object(_ properties: [String: JSON], required: [String]) -> JSON {
    [
      "type": "object", "properties": .object(properties), "required": .array(required.sorted().map(JSON.string)),
      "additionalProperties": false,
    ]
  }

  private static let tags: JSON = ["type": "object", "additionalProperties": list(name)]

  static let all: [String: JSON] = [
    "AskRequest": object(
      [
        "question": ["type": "string", "minLength": 1, "maxLength": 4000], "tenant": name, "feature": name, "session": name,
        "restricts": ["type": "array", "maxItems": 20, "items": reference("Restrict")],
      ], required: ["question"]),
    "Restrict": object(["namespace": name, "allow": list(name), "deny": list(name)], required: ["namespace"]),
    "Answer": object(
      [
        "answer": text, "declined": ["type": "string", "enum": ["nothing_found", "too_distant", "withheld", "ungrounded"]],
        "sources": list(reference("Source")), "withheld": list(reference("Withheld")), "citations": list(reference("Citation")),
        "attributions": list(object(["uri": text, "title": text], required: [])), "grounding": reference("Grounding"),
        "tools": list(reference("ToolUse")), "model": text, "prompt": text, "prompt_version": text, "prompt_label": text,
        "session": text, "standalone_question": text, "trace_id": ["type": "string", "pattern": "^[0-9a-f]{32}$"],
        "usage": object(["input": whole, "cache_read": whole, "output": whole, "reasoning": whole], required: []),
        "cost": object(
          ["usd": text, "exactness": ["type": "string", "enum": ["exact", "estimated", "partial", "unknown"]]],
          required: ["exactness"]), "latency_ms": number,
        "facts": list(object(["name": text, "value": text], required: ["name", "value"])),
      ],
      required: [
        "answer", "sources", "withheld", "citations", "attributions", "grounding", "tools", "model", "prompt",
        "standalone_question",
        "trace_id", "usage", "cost", "latency_ms",
      ]),
    "Source": object(
      [
        "number": whole, "id": text, "document": text, "title": text, "text": text, "similarity": number, "score": number,
        "cited": ["type": "boolean"], "injection": number, "injected": ["type": "boolean"],
      ], required: ["number", "id", "document", "title", "text", "similarity", "score", "cited"]),
    "Withheld": object(
      ["id": text, "document": text, "title": text, "similarity": number, "injection": number],
      required: ["id", "document", "title", "similarity", "injection"]),
    "Citation": object(
      ["number": whole, "source": text, "start": whole, "end": whole], required: ["number", "source", "start", "end"]),
    "Grounding": object(
      [
        "score": number, "verdict": text,
        "doubtful": list(object(["text": text, "score": number], required: ["text", "score"])),
      ], required: ["verdict", "doubtful"]),
    "ToolUse": object(
      ["name": text, "arguments": ["type": "object"], "output": ["type": "object"]], required: ["name", "arguments", "output"]),
    "NewDocument": object(
      ["id": name, "text": text, "title": text, "media_type": text, "tags": tags], required: ["id", "text"]),
    "DocumentContent": object(["text": text, "title": text, "media_type": text, "tags": tags], required: ["text"]),
    "Document": object(
      [
        "id": text, "title": text, "media_type": text, "origin": ["type": "string", "enum": ["folder", "api"]],
        "tags": ["type": "object", "additionalProperties": list(text)], "passages": whole, "fingerprint": text,
        "updated_at": text,
        "content": list(object(["id": text, "title": text, "text": text], required: ["id", "title", "text"])),
      ], required: ["id", "title", "media_type", "origin", "tags", "passages", "fingerprint", "updated_at"]),
    "DocumentList": object(["documents": list(reference("Document")), "next": text], required: ["documents"]),
    "Health": object(["status": text], required: ["status"]),
    "Ready": object(
      ["status": text, "documents": whole, "passages": whole, "message": text], required: ["status"]),
    "Error": object(
      [
        "error": object(
          [
            "class": text, "message": text, "trace_id": text,
            "fields": list(object(["field": text, "message": text], required: ["field", "message"])),
          ], required: ["class", "message"])
      ], required: ["error"]),
  ]
}
