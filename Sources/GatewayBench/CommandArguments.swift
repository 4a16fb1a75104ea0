// Reads `--name value` pairs and `--flag` switches of a subcommand.

struct UsageError: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}

struct CommandArguments {
  private var values: [String: String] = [:]
  private static let switches: Set<String> = ["include-usage"]

  init(_ arguments: some Sequence<String>) throws {
    var iterator = arguments.makeIterator()
    while let argument = iterator.next() {
      guard argument.hasPrefix("--") else { throw UsageError("\(argument) is not an option") }
      let name = String(argument.dropFirst(2))
      if Self.switches.contains(name) {
        values[name] = "true"
      } else if let value = iterator.next() {
        values[name] = value
      } else {
        throw UsageError("--\(name) needs a value")
      }
    }
  }

  /// Refuses options that no caller asks for, so that a misspelt one is not a silent default.
  func allow(_ names: Set<String>) throws {
    if let unknown = values.keys.filter({ !names.contains($0) }).sorted().first {
      throw UsageError("--\(unknown) is not an option of this subcommand")
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }
  func text(_ name: String) -> String? { values[name] }
  func text(_ name: String, default value: String) -> String { values[name] ?? value }

  func integer(_ name: String, in range: ClosedRange<Int>, default value: Int? = nil) throws -> Int {
    guard let text = values[name] else {
      if let value { return value }
      throw UsageError("--\(name) is needed")
    }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError("--\(name) \(text): a whole number from \(range.lowerBound) to \(range.upperBound) is needed")
    }
    return number
  }

  func number(_ name: String, in range: ClosedRange<Double>, default value: Double) throws -> Double {
    guard let text = values[name] else { return value }
    guard let number = Double(text), range.contains(number) else {
      throw UsageError("--\(name) \(text): a number from \(range.lowerBound) to \(range.upperBound) is needed")
    }
    return number
  }
}
