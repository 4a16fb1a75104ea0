// Arithmetic for models, which are bad at it: sums of prices, percentages, days.
import Foundation

package struct CalculatorTool: AnswerTool {
  package init() {}

  package let declaration = ToolDeclaration(
    name: ToolName.calculate.rawValue,
    description:
      "Evaluates an arithmetic expression exactly. Use it for every calculation: prices times quantities, percentages, sums of days.",
    parameters: [
      "type": "object",
      "properties": [
        "expression": [
          "type": "string",
          "description": "Numbers with . as decimal point, + - * / ^ and parentheses; 15% is 0.15. Example: (4.90 + 12) * 3",
        ]
      ],
      "required": ["expression"],
    ])

  package func call(_ arguments: JSON, question _: String) async -> JSON {
    guard let expression = arguments["expression"]?.string else { return Self.failure("`expression` must be text") }
    do throws(Arithmetic.Failure) {
      return ["expression": .string(expression), "value": .string(try Arithmetic.evaluate(expression))]
    } catch {
      return Self.failure(error.message)
    }
  }
}

/// Decimal arithmetic, so that 0.1 + 0.2 is 0.3.
package enum Arithmetic {
  package struct Failure: Error { package let message: String }

  package static func evaluate(_ expression: String) throws(Failure) -> String {
    guard expression.utf8.count <= 500 else { throw Failure(message: "the expression has more than 500 characters") }
    var parser = Parser(
      rest: Array(expression.replacingOccurrences(of: "×", with: "*").replacingOccurrences(of: "−", with: "-").utf8))
    let value = try parser.sum(depth: 0)
    guard parser.isAtEnd else { throw Failure(message: "the expression cannot be read from character \(parser.position + 1) on") }
    guard !value.isNaN, value.magnitude < Decimal(sign: .plus, exponent: 30, significand: 1) else {
      throw Failure(message: "the result is no number that can be written")
    }
    var rounded = Decimal()
    var exact = value
    NSDecimalRound(&rounded, &exact, 12, .plain)
    return "\(rounded)"
  }

  private struct Parser {
    let rest: [UInt8]
    var position = 0

    init(rest: [UInt8]) { self.rest = rest }

    var isAtEnd: Bool { mutating get { skipSpace(); return position == rest.count } }

    private mutating func skipSpace() { while position < rest.count, rest[position] == 0x20 { position += 1 } }

    private mutating func take(_ character: Character) -> Bool {
      skipSpace()
      guard position < rest.count, rest[position] == character.asciiValue else { return false }
      position += 1
      return true
    }

    mutating func sum(depth: Int) throws(Failure) -> Decimal {
      guard depth < 50 else { throw Failure(message: "the parentheses are nested too deeply") }
      var value = try product(depth: depth)
      while true {
        if take("+") {
          value += try product(depth: depth)
        } else if take("-") {
          value -= try product(depth: depth)
        } else {
          return value
        }
      }
    }

    private mutating func product(depth: Int) throws(Failure) -> Decimal {
      var value = try power(depth: depth)
      while true {
        if take("*") {
          value *= try power(depth: depth)
        } else if take("/") {
          let divisor = try power(depth: depth)
          guard divisor != 0 else { throw Failure(message: "a division by zero") }
          value /= divisor
        } else {
          return value
        }
      }
    }

    private mutating func power(depth: Int) throws(Failure) -> Decimal {
      if take("-") { return -(try power(depth: depth + 1)) }
      let base = try atom(depth: depth)
      guard take("^") else { return base }
      let exponent = try power(depth: depth + 1)
      guard let whole = Int("\(exponent)"), (0...64).contains(whole) else {
        throw Failure(message: "an exponent must be a whole number from 0 to 64")
      }
      return pow(base, whole)
    }

    private mutating func atom(depth: Int) throws(Failure) -> Decimal {
      guard depth < 50 else { throw Failure(message: "the expression is nested too deeply") }
      if take("(") {
        let value = try sum(depth: depth + 1)
        guard take(")") else { throw Failure(message: "a parenthesis is not closed") }
        return percent(value)
      }
      skipSpace()
      let start = position
      while position < rest.count, (48...57).contains(rest[position]) || rest[position] == UInt8(ascii: ".") { position += 1 }
      let text = String(decoding: rest[start..<position], as: UTF8.self)
      guard !text.isEmpty, text.count <= 30, text.count(where: { $0 == "." }) <= 1, let value = Decimal(string: text) else {
        throw Failure(message: "a number is expected at character \(start + 1)")
      }
      return percent(value)
    }

    private mutating func percent(_ value: Decimal) -> Decimal { take("%") ? value / 100 : value }
  }
}
