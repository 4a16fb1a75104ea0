// Reads and writes combinations of monitors: `requests-failing && !(provider-errors || provider-timeouts)`.

extension CompositeExpression: CustomStringConvertible {
  /// At most this many signs and brackets within each other.
  private static let depthLimit = 50

  /// `&&` binds closer than `||`, `!` closer than both. A name that has other characters than letters, digits and `-_.` stands in
  /// single quotes.
  package init(parsing text: String) throws(QueryError) {
    guard text.utf8.count <= 4_096 else { throw QueryError(column: 1, message: "a composite has at most 4,096 bytes") }
    var parser = CompositeParser(text)
    self = try parser.whole()
  }

  /// Parsing it gives the same expression.
  package var description: String {
    switch self {
    case .monitor(let name): CompositeParser.isPlain(name) ? name : "'\(name.replacing("'", with: "''"))'"
    case .not(let inner): "!\(inner.bracketed(ifWeakerThan: 3, isRight: false))"
    case .and(let left, let right):
      "\(left.bracketed(ifWeakerThan: 2, isRight: false)) && \(right.bracketed(ifWeakerThan: 2, isRight: true))"
    case .or(let left, let right):
      "\(left.bracketed(ifWeakerThan: 1, isRight: false)) || \(right.bracketed(ifWeakerThan: 1, isRight: true))"
    }
  }

  private var strength: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .not, .monitor: 3
    }
  }

  /// A chain is read from the left, so what stands on the right of its own kind keeps its brackets.
  private func bracketed(ifWeakerThan least: Int, isRight: Bool) -> String {
    strength < least || isRight && strength == least && strength < 3 ? "(\(description))" : description
  }

  private struct CompositeParser {
    private let characters: [Character]
    private var index = 0
    private var depth = 0

    init(_ text: String) { characters = Array(text) }

    static func isPlain(_ name: String) -> Bool {
      !name.isEmpty && name.allSatisfy(isPart)
    }

    private static func isPart(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || "-_.".contains(character)
    }

    mutating func whole() throws(QueryError) -> CompositeExpression {
      let expression = try alternatives()
      guard index == characters.count else { throw failure("expected && or || here; a composite combines monitors with them") }
      return expression
    }

    private func failure(_ message: String) -> QueryError { QueryError(column: index + 1, message: message) }

    private mutating func skipSpaces() {
      while index < characters.count, characters[index].isWhitespace { index += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
      skipSpaces()
      let wanted = Array(text)
      guard index + wanted.count <= characters.count, Array(characters[index..<index + wanted.count]) == wanted else {
        return false
      }
      index += wanted.count
      return true
    }

    private mutating func alternatives() throws(QueryError) -> CompositeExpression {
      var left = try conjunction()
      while take("||") { left = .or(left, try conjunction()) }
      skipSpaces()
      return left
    }

    private mutating func conjunction() throws(QueryError) -> CompositeExpression {
      var left = try operand()
      while take("&&") { left = .and(left, try operand()) }
      return left
    }

    private mutating func operand() throws(QueryError) -> CompositeExpression {
      depth += 1
      defer { depth -= 1 }
      guard depth <= CompositeExpression.depthLimit else {
        throw failure("brackets and signs are more than \(CompositeExpression.depthLimit) deep")
      }
      if take("!") { return .not(try operand()) }
      if take("(") {
        let inner = try alternatives()
        guard take(")") else { throw failure("expected \")\" to close the bracket") }
        return inner
      }
      if take("'") { return .monitor(try quoted()) }
      let start = index
      while index < characters.count, Self.isPart(characters[index]) { index += 1 }
      guard index > start else { throw failure("expected the name of a monitor, as in requests-failing && !provider-errors") }
      return .monitor(String(characters[start..<index]))
    }

    private mutating func quoted() throws(QueryError) -> String {
      let start = index
      var name = ""
      while index < characters.count {
        let next = characters[index]
        index += 1
        if next != "'" {
          name.append(next)
        } else if index < characters.count, characters[index] == "'" {
          name.append("'")
          index += 1
        } else if name.isEmpty {
          break
        } else {
          return name
        }
      }
      index = start - 1
      throw failure("this name is empty or never closed: a name in quotes is 'like this'")
    }
  }
}
