// JSON Schema 2020-12, as much of it as structured outputs and tools use: whether a value is valid, and where it is not.

/// Keywords that need another document, dynamic scope or evaluated locations are not read: a schema that has one gives no verdict.
package struct JSONSchema: Sendable {
  package struct Violation: Sendable, Equatable {
    /// A JSON pointer into the value.
    package var place: String
    package var reason: String
  }

  package enum Verdict: Sendable, Equatable {
    case valid
    case invalid(Violation)
    /// The schema uses what is not read here; the keyword's name.
    case unsupported(String)
  }

  private let root: JSONText

  package init(_ schema: JSONText) { root = schema }

  package func verdict(on value: JSONText) -> Verdict {
    var work = Work(root: root)
    do {
      try work.check(value, root, place: "", depth: 0)
      return .valid
    } catch {
      switch error {
      case .violation(let violation): return .invalid(violation)
      case .unsupported(let keyword): return .unsupported(keyword)
      }
    }
  }
}

private enum SchemaStop: Error {
  case violation(JSONSchema.Violation)
  case unsupported(String)
}

private struct Work {
  let root: JSONText
  /// Steps are bounded, since references may lead in circles.
  private var steps = 0

  init(root: JSONText) { self.root = root }

  private static let unread: Set<String> = [
    "$dynamicRef", "$dynamicAnchor", "$anchor", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems", "contentSchema",
    "$vocabulary",
  ]

  mutating func check(_ value: JSONText, _ schema: JSONText, place: String, depth: Int) throws(SchemaStop) {
    steps += 1
    guard depth < 60, steps < 20_000 else { throw .unsupported("references that lead in circles") }
    switch schema {
    case .bool(true): return
    case .bool(false): throw fail(place, "nothing is allowed here")
    case .object(let members):
      for member in members where Self.unread.contains(member.name) { throw .unsupported(member.name) }
    default: throw .unsupported("a schema that is no object")
    }
    if depth > 0, schema["$id"] != nil { throw .unsupported("$id") }
    if let dialect = schema["$schema"]?.string, !dialect.hasPrefix("https://json-schema.org/draft/"),
      !dialect.hasPrefix("http://json-schema.org/")
    {
      throw .unsupported("$schema of its own")
    }
    if let reference = schema["$ref"]?.string {
      try check(value, try resolve(reference), place: place, depth: depth + 1)
    }
    try checkAny(value, schema, place)
    switch value {
    case .number(let text): try checkNumber(text, schema, place)
    case .string(let text): try checkString(text, schema, place)
    case .array(let elements): try checkArray(elements, schema, place, depth)
    case .object(let members): try checkObject(members, schema, place, depth)
    default: break
    }
    try checkCombinations(value, schema, place, depth)
  }

  private func fail(_ place: String, _ reason: String) -> SchemaStop {
    .violation(JSONSchema.Violation(place: place.isEmpty ? "/" : place, reason: reason))
  }

  private mutating func isValid(_ value: JSONText, _ schema: JSONText, _ depth: Int) throws(SchemaStop) -> Bool {
    do {
      try check(value, schema, place: "", depth: depth + 1)
      return true
    } catch {
      if case .unsupported = error { throw error }
      return false
    }
  }

  /// A pointer within this document.
  private func resolve(_ reference: String) throws(SchemaStop) -> JSONText {
    guard reference.hasPrefix("#") else { throw .unsupported("$ref to another document") }
    var found = root
    for part in reference.dropFirst().split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~").replacing("%25", with: "%").replacing(
        "%22", with: "\"")
      if let next = found[name] {
        found = next
      } else if let index = Int(name), let elements = found.elements, elements.indices.contains(index) {
        found = elements[index]
      } else {
        throw .unsupported("$ref to nothing")
      }
    }
    if reference.count > 1, !reference.hasPrefix("#/") { throw .unsupported("$ref by an anchor") }
    return found
  }

  private func checkAny(_ value: JSONText, _ schema: JSONText, _ place: String) throws(SchemaStop) {
    if let type = schema["type"] {
      let names = type.string.map { [$0] } ?? type.elements?.compactMap(\.string) ?? []
      guard names.contains(where: { Self.isOfType(value, $0) }) else {
        throw fail(place, "it is not of type \(names.joined(separator: " or "))")
      }
    }
    if let allowed = schema["enum"]?.elements, !allowed.contains(where: { Self.equal($0, value) }) {
      throw fail(place, "it is none of the allowed values")
    }
    if let constant = schema["const"], !Self.equal(constant, value) { throw fail(place, "it is not the one allowed value") }
  }

  private static func isOfType(_ value: JSONText, _ name: String) -> Bool {
    switch value {
    case .null: name == "null"
    case .bool: name == "boolean"
    case .string: name == "string"
    case .array: name == "array"
    case .object: name == "object"
    case .number(let text): name == "number" || (name == "integer" && (Double(text).map { $0 == $0.rounded() } ?? false))
    }
  }

  /// As JSON Schema means it: 1 and 1.0 are equal, members have no order.
  private static func equal(_ left: JSONText, _ right: JSONText) -> Bool {
    switch (left, right) {
    // Letter by letter: a string that only looks the same is another.
    case (.string(let one), .string(let other)): return one.utf8.elementsEqual(other.utf8)
    case (.number(let one), .number(let other)): return one == other || Double(one) == Double(other)
    case (.array(let one), .array(let other)): return one.count == other.count && zip(one, other).allSatisfy { equal($0, $1) }
    case (.object(let one), .object(let other)):
      return one.count == other.count
        && one.allSatisfy { member in
          other.contains { $0.name.utf8.elementsEqual(member.name.utf8) && equal($0.value, member.value) }
        }
    default: return left == right
    }
  }

  private func checkNumber(_ text: String, _ schema: JSONText, _ place: String) throws(SchemaStop) {
    guard let number = Double(text) else { return }
    if let least = schema["minimum"]?.double, number < least { throw fail(place, "it is less than \(least)") }
    if let most = schema["maximum"]?.double, number > most { throw fail(place, "it is more than \(most)") }
    if let bound = schema["exclusiveMinimum"]?.double, number <= bound { throw fail(place, "it is not more than \(bound)") }
    if let bound = schema["exclusiveMaximum"]?.double, number >= bound { throw fail(place, "it is not less than \(bound)") }
    if let factor = schema["multipleOf"]?.double, factor > 0 {
      let quotient = number / factor
      guard quotient.isFinite, abs(quotient - quotient.rounded()) < 1e-9 else {
        throw fail(place, "it is no multiple of \(factor)")
      }
    }
  }

  private func checkString(_ text: String, _ schema: JSONText, _ place: String) throws(SchemaStop) {
    let length = Double(text.unicodeScalars.count)
    if let least = schema["minLength"]?.double, length < least { throw fail(place, "it is shorter than \(Int(least))") }
    if let most = schema["maxLength"]?.double, length > most { throw fail(place, "it is longer than \(Int(most))") }
    if let pattern = schema["pattern"]?.string, !(try matches(text, pattern)) {
      throw fail(place, "it does not match \(pattern)")
    }
  }

  private func matches(_ text: String, _ pattern: String) throws(SchemaStop) -> Bool {
    // Properties of Unicode and look-behind differ between the dialects of patterns.
    guard !pattern.contains("\\p"), !pattern.contains("\\P"), let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar)
    else {
      throw .unsupported("pattern \(pattern)")
    }
    return text.firstMatch(of: regex) != nil
  }

  private mutating func checkArray(_ elements: [JSONText], _ schema: JSONText, _ place: String, _ depth: Int) throws(SchemaStop) {
    let count = Double(elements.count)
    if let least = schema["minItems"]?.double, count < least { throw fail(place, "it has fewer than \(Int(least)) elements") }
    if let most = schema["maxItems"]?.double, count > most { throw fail(place, "it has more than \(Int(most)) elements") }
    if schema["uniqueItems"]?.bool == true {
      for (index, element) in elements.enumerated() where elements[..<index].contains(where: { Self.equal($0, element) }) {
        throw fail("\(place)/\(index)", "it is there twice")
      }
    }
    let prefix = schema["prefixItems"]?.elements ?? []
    for (index, element) in elements.enumerated() {
      if index < prefix.count {
        try check(element, prefix[index], place: "\(place)/\(index)", depth: depth + 1)
      } else if let items = schema["items"] {
        try check(element, items, place: "\(place)/\(index)", depth: depth + 1)
      }
    }
    if let wanted = schema["contains"] {
      var found = 0.0
      for element in elements where try isValid(element, wanted, depth) { found += 1 }
      if found < schema["minContains"]?.double ?? 1 { throw fail(place, "it contains too few of what it must contain") }
      if let most = schema["maxContains"]?.double, found > most {
        throw fail(place, "it contains too many of what it may contain")
      }
    }
  }

  private mutating func checkObject(_ members: [JSONText.Member], _ schema: JSONText, _ place: String, _ depth: Int)
    throws(SchemaStop)
  {
    let names = Set(members.map(\.name))
    let count = Double(names.count)
    if let least = schema["minProperties"]?.double, count < least { throw fail(place, "it has fewer than \(Int(least)) members") }
    if let most = schema["maxProperties"]?.double, count > most { throw fail(place, "it has more than \(Int(most)) members") }
    for name in schema["required"]?.elements?.compactMap(\.string) ?? [] where !names.contains(name) {
      throw fail(place, "the member \(name) is missing")
    }
    if case .object(let rules)? = schema["dependentRequired"] {
      for rule in rules where names.contains(rule.name) {
        for name in rule.value.elements?.compactMap(\.string) ?? [] where !names.contains(name) {
          throw fail(place, "the member \(name) is missing, which \(rule.name) needs")
        }
      }
    }
    if case .object(let rules)? = schema["dependentSchemas"] {
      for rule in rules where names.contains(rule.name) {
        try check(.object(members), rule.value, place: place, depth: depth + 1)
      }
    }
    for member in members {
      let inside = "\(place)/\(member.name.replacing("~", with: "~0").replacing("/", with: "~1"))"
      var isKnown = false
      if let rule = schema["properties"]?[member.name] {
        isKnown = true
        try check(member.value, rule, place: inside, depth: depth + 1)
      }
      if case .object(let patterns)? = schema["patternProperties"] {
        for pattern in patterns where try matches(member.name, pattern.name) {
          isKnown = true
          try check(member.value, pattern.value, place: inside, depth: depth + 1)
        }
      }
      if !isKnown, let rule = schema["additionalProperties"] { try check(member.value, rule, place: inside, depth: depth + 1) }
      if let rule = schema["propertyNames"] { try check(.string(member.name), rule, place: inside, depth: depth + 1) }
    }
  }

  private mutating func checkCombinations(_ value: JSONText, _ schema: JSONText, _ place: String, _ depth: Int) throws(SchemaStop)
  {
    for rule in schema["allOf"]?.elements ?? [] { try check(value, rule, place: place, depth: depth + 1) }
    if let rules = schema["anyOf"]?.elements {
      var isFound = false
      for rule in rules where try isValid(value, rule, depth) { isFound = true }
      if !isFound { throw fail(place, "it fits none of the alternatives") }
    }
    if let rules = schema["oneOf"]?.elements {
      var count = 0
      for rule in rules where try isValid(value, rule, depth) { count += 1 }
      if count != 1 { throw fail(place, count == 0 ? "it fits none of the alternatives" : "it fits more than one alternative") }
    }
    if let rule = schema["not"], try isValid(value, rule, depth) { throw fail(place, "it is what it must not be") }
    if let condition = schema["if"] {
      if try isValid(value, condition, depth) {
        if let rule = schema["then"] { try check(value, rule, place: place, depth: depth + 1) }
      } else if let rule = schema["else"] {
        try check(value, rule, place: place, depth: depth + 1)
      }
    }
  }
}
