// Fits a JSON Schema to what Google's JSON Schema members take.

/// Google has two members for a schema. The older `parameters` and `responseSchema` take a subset of OpenAPI and refuse
/// `additionalProperties`, `$ref`, type lists and more; the newer `parametersJsonSchema` and `responseJsonSchema` take JSON
/// Schema itself. The newer ones carry what OpenAI's clients send without loss. Sources: ai.google.dev/api/caching
/// (FunctionDeclaration) and ai.google.dev/api/generate-content (GenerationConfig, `responseJsonSchema`); Vertex AI
/// FunctionDeclaration v1 and v1beta1. Both are also what google-genai 3.4 sends. On the Gemini API they need v1beta.
enum GoogleSchema {
  /// Two changes: `$schema` and `strict`, which say nothing about values, go; and beside `$ref` only members that begin
  /// with `$` stay, which Google demands. Pydantic writes descriptions there.
  static func fit(_ schema: JSONTree) -> JSONTree {
    guard let members = schema.members else {
      if let elements = schema.elements { return .array(elements.map(fit)) }
      return schema
    }
    let isReference = schema["$ref"]?.text != nil
    var result: [JSONTree.Member] = []
    for member in members {
      switch member.name {
      case "$schema", "strict": continue
      case let name where isReference && !name.hasPrefix("$"): continue
      // Values, not schemas: whatever they hold stays.
      case "enum", "const", "default", "example", "examples", "required": result.append(member)
      // Names of the client's choice lead to schemas here.
      case "properties", "patternProperties", "$defs", "definitions":
        let named = (member.value.members ?? []).map { JSONTree.Member($0.name, fit($0.value)) }
        result.append(JSONTree.Member(member.name, .object(named)))
      default: result.append(JSONTree.Member(member.name, fit(member.value)))
      }
    }
    return .object(result)
  }

  /// The parameters of a function, or `nil` when it takes none: then Google wants the member unset.
  static func parameters(_ schema: JSONTree?) -> JSONTree? {
    guard let schema, let members = schema.members else { return nil }
    let isEmpty = members.allSatisfy { member in
      switch member.name {
      case "type", "required", "title", "description", "$schema", "strict": true
      case "properties": member.value.members?.isEmpty == true
      case "additionalProperties": member.value == false
      default: false
      }
    }
    return isEmpty ? nil : fit(schema)
  }
}
