// The JSON Schema of a YAML file, made of the same description of its keys that the reader holds it to.

import Datadog

enum ShapeSchema {
  enum Document: String, CaseIterable {
    case pack, configuration, tests
  }

  static func schema(_ document: Document) -> JSONValue {
    var definitions: [String: JSONValue] = [:]
    var members: [String: JSONValue]
    switch document {
    case .pack:
      members = mapping(.packFile, &definitions)
      members["title"] = .string("A pack of monitors, SLOs and dashboards")
    case .tests:
      members = mapping(.testFile, &definitions)
      members["title"] = .string("Unit tests of monitors")
    case .configuration:
      // The sections of a pack; the others have a form that only the reader knows, and keys that only it may name.
      members = mapping(.packFile, &definitions)
      var properties = members["properties"]?.members ?? [:]
      for section in CommanderConfiguration.sections where properties[section] == nil { properties[section] = .bool(true) }
      members["properties"] = .object(properties)
      members["title"] = .string("The configuration of one commander")
    }
    members["$schema"] = .string("https://json-schema.org/draft/2020-12/schema")
    members["$defs"] = .object(definitions)
    return .object(members)
  }

  private static func reference(_ shape: MappingShape, _ definitions: inout [String: JSONValue]) -> JSONValue {
    if definitions[shape.name] == nil {
      // Stands there before its members are looked at, so that a shape may hold itself.
      definitions[shape.name] = .bool(true)
      definitions[shape.name] = .object(mapping(shape, &definitions))
    }
    return .object(["$ref": .string("#/$defs/\(shape.name)")])
  }

  private static func mapping(_ shape: MappingShape, _ definitions: inout [String: JSONValue]) -> [String: JSONValue] {
    var properties: [String: JSONValue] = [:]
    for field in shape.fields {
      var form = schema(of: field.form, &definitions).members ?? [:]
      form["description"] = .string(field.meaning)
      properties[field.name] = .object(form)
    }
    var members: [String: JSONValue] = [
      "type": .string("object"), "additionalProperties": .bool(false), "properties": .object(properties),
    ]
    let required = shape.fields.filter(\.isRequired).map(\.name)
    if !required.isEmpty { members["required"] = .strings(required) }
    let choices = shape.choices.map(choice)
    if !choices.isEmpty { members["allOf"] = .array(choices) }
    return members
  }

  private static func choice(_ choice: MappingShape.Choice) -> JSONValue {
    func has(_ key: String) -> JSONValue { .object(["required": .strings([key])]) }
    switch choice {
    case .exactlyOne(let keys): return .object(["oneOf": .array(keys.map(has))])
    case .atMostOne(let keys):
      let none = JSONValue.object(["not": .object(["anyOf": .array(keys.map(has))])])
      return .object(["oneOf": .array(keys.map(has) + [none])])
    }
  }

  private static func schema(of form: FieldShape.Form, _ definitions: inout [String: JSONValue]) -> JSONValue {
    func text(_ pattern: String) -> JSONValue { .object(["type": .string("string"), "pattern": .string(pattern)]) }
    switch form {
    case .text: return .object(["type": .string("string"), "minLength": .number(1)])
    case .number(let least, let most):
      return .object(
        JSONValue(members: [
          "type": .string("number"), "minimum": least.map(JSONValue.number), "maximum": most.map(JSONValue.number),
        ]).members ?? [:])
    case .integer(let range):
      return .object([
        "type": .string("integer"), "minimum": .number(Double(range.lowerBound)), "maximum": .number(Double(range.upperBound)),
      ])
    case .duration: return text("^[0-9]{1,6}(ms|s|m|h|d)$")
    case .time: return text("^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$")
    case .truth: return .object(["type": .string("boolean")])
    case .word(let words): return .object(["enum": .strings(words)])
    case .tag: return text("^[^:\\s]+:\\S+$")
    case .texts: return .object(["type": .string("object"), "additionalProperties": .object(["type": .string("string")])])
    case .list(let item): return .object(["type": .string("array"), "items": schema(of: item, &definitions)])
    case .mapping(let shape): return reference(shape, &definitions)
    case .anything: return .object([:])
    }
  }
}
