// A YAML value that knows its place: reading it as the wrong type records a problem instead of guessing.

import Yams

/// One value of a YAML file. Each `read` returns `nil` after recording what is wrong, so that reading goes on.
package struct YAMLValue {
  let node: Node
  let file: String
  /// `gateway.limits.idle_timeout`: how messages call the value.
  package let path: String
  let problems: ProblemList

  /// Parses a file's text; `nil` after a syntax error, which is recorded with its place.
  package static func parse(_ text: String, file: String, problems: ProblemList) -> YAMLValue? {
    do {
      guard let node = try Yams.compose(yaml: text) else {
        problems.add(Problem(file: file, line: 0, column: 0, message: "the file is empty; write a mapping of settings"))
        return nil
      }
      return YAMLValue(node: node, file: file, path: "", problems: problems)
    } catch let error as YamlError {
      problems.add(error.problem(in: file))
      return nil
    } catch {
      problems.add(Problem(file: file, line: 0, column: 0, message: "not readable as YAML: \(error)"))
      return nil
    }
  }

  package func problem(_ message: String) {
    problems.add(Problem(file: file, line: node.mark?.line ?? 0, column: node.mark?.column ?? 0, message: message))
  }

  /// The value written anew, without comments and places: equal for values that are.
  package var text: String { (try? Yams.serialize(node: node)) ?? "" }

  /// The value's own name in messages.
  var name: String { path.isEmpty ? "the file" : "`\(path)`" }

  /// A mapping with no keys but `known`.
  package func mapping(_ known: [String]) -> YAMLMapping? {
    guard let mapping = node.mapping else {
      problem("\(name) must be a mapping with \(known.map { "`\($0)`" }.joined(separator: ", "))")
      return nil
    }
    var members: [String: YAMLValue] = [:]
    for (key, value) in mapping {
      let keyName = key.scalar?.string ?? ""
      let place = YAMLValue(node: key, file: file, path: path, problems: problems)
      guard known.contains(keyName) else {
        let nearest = Spelling.nearest(to: keyName, in: known).map { "did you mean `\($0)`?" }
        place.problem("unknown key `\(keyName)`; \(nearest ?? "known here: \(known.joined(separator: ", "))")")
        continue
      }
      members[keyName] = YAMLValue(
        node: value, file: file, path: path.isEmpty ? keyName : "\(path).\(keyName)", problems: problems)
    }
    return YAMLMapping(value: self, members: members)
  }

  /// A mapping whose keys are the user's own names, in file order.
  package func namedMembers() -> [(name: String, value: YAMLValue)]? {
    guard let mapping = node.mapping else {
      problem("\(name) must be a mapping of names to values")
      return nil
    }
    return mapping.map { key, value in
      let keyName = key.scalar?.string ?? ""
      return (keyName, YAMLValue(node: value, file: file, path: "\(path).\(keyName)", problems: problems))
    }
  }

  package func list() -> [YAMLValue]? {
    guard let sequence = node.sequence else {
      problem("\(name) must be a list")
      return nil
    }
    return sequence.enumerated().map { YAMLValue(node: $1, file: file, path: "\(path)[\($0)]", problems: problems) }
  }

  package func string() -> String? {
    guard let scalar = node.scalar, node.null == nil || scalar.style != .plain else {
      problem("\(name) must be text")
      return nil
    }
    guard !scalar.string.isEmpty else {
      problem("\(name) must not be empty")
      return nil
    }
    return scalar.string
  }

  package func strings() -> [String]? { list()?.compactMap { $0.string() } }

  package func integer(_ range: ClosedRange<Int>) -> Int? {
    guard let value = node.int, range.contains(value) else {
      problem("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  /// `20%`: a whole number of per cent from 0 to 100.
  package func percent() -> Int? {
    let text = node.scalar?.string ?? ""
    guard text.hasSuffix("%"), let value = Int(text.dropLast()), (0...100).contains(value) else {
      problem("\(name) must be a whole percentage from 0% to 100%")
      return nil
    }
    return value
  }

  package func number() -> Double? {
    guard node.scalar?.style == .plain, let value = node.float, value.isFinite else {
      problem("\(name) must be a number")
      return nil
    }
    return value
  }

  package func boolean() -> Bool? {
    guard node.scalar?.style == .plain, let value = node.bool else {
      problem("\(name) must be true or false")
      return nil
    }
    return value
  }

  /// `250ms`, `30s`, `5m`, `2h`, `7d`.
  package func duration() -> Duration? {
    let text = node.scalar?.string ?? ""
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    if let count = Int64(digits), count < 1_000_000 {
      let units: [Substring: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
      if let unit = units[text.dropFirst(digits.count)] {
        // Longer than ten years is a slip of the pen, and sums of such times overflow.
        if count * unit <= 3650 * 86_400_000 { return .milliseconds(count * unit) }
      }
    }
    problem("\(name) must be a duration such as 250ms, 30s, 5m, 2h or 7d")
    return nil
  }

  /// One of the raw values of an enumeration.
  package func choice<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) -> Choice? where Choice.RawValue == String {
    guard let text = node.scalar?.string, let choice = Choice(rawValue: text) else {
      problem("\(name) must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    return choice
  }
}

/// A mapping whose keys have been checked.
package struct YAMLMapping {
  package let value: YAMLValue
  let members: [String: YAMLValue]

  package subscript(key: String) -> YAMLValue? { members[key] }

  /// The member, or a recorded problem that says what to write.
  package func required(_ key: String, _ remedy: String) -> YAMLValue? {
    if let member = members[key] { return member }
    value.problem("\(value.name) needs `\(key)`: \(remedy)")
    return nil
  }
}

extension YamlError {
  fileprivate func problem(in file: String) -> Problem {
    switch self {
    case .scanner(_, let text, let mark, _), .parser(_, let text, let mark, _), .composer(_, let text, let mark, _):
      Problem(
        file: file, line: mark.line, column: mark.column,
        message: "not well-formed YAML: \(text); check indentation and quotes here")
    case .duplicatedKeysInMapping(let duplicates, let context):
      Problem(
        file: file, line: context.mark.line, column: context.mark.column,
        message: "this mapping has a key twice: \(duplicates.map { "\($0)" }.joined(separator: ", ")); keep one")
    default: Problem(file: file, line: 0, column: 0, message: "not readable as YAML: \(self)")
    }
  }
}

extension YAMLValue {
  /// The value's place without a message, for errors that show only later.
  package var place: Problem { Problem(file: file, line: node.mark?.line ?? 0, column: node.mark?.column ?? 0, message: "") }
}

extension YAMLValue {
  /// The texts of one member over the mappings of a list, without any check: what a user meant to name, so that a mistake
  /// inside one item is not reported again by everything that refers to it.
  package func declared(_ key: String) -> Set<String> {
    Set((node.sequence.map(Array.init) ?? []).compactMap { $0.mapping?[key]?.scalar?.string })
  }
}
