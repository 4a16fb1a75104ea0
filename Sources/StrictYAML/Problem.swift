// One thing that is wrong with a configuration file, with its place and its remedy.

import Synchronization

package struct Problem: Hashable, Sendable, CustomStringConvertible {
  package let file: String
  /// From 1; 0 when the problem is with the file as a whole.
  package let line: Int
  /// From 1, in Unicode scalars.
  package let column: Int
  /// What is wrong; what to do.
  package let message: String

  package init(file: String, line: Int, column: Int, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  package var description: String { line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)" }
}

/// All problems of a configuration: a start is refused with every error at once.
package struct ConfigurationError: Error, CustomStringConvertible {
  package let problems: [Problem]
  package init(problems: [Problem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Collects problems while a file is read to its end.
package final class ProblemList: Sendable {
  private let problems = Mutex<[Problem]>([])

  package init() {}

  package func add(_ problem: Problem) { problems.withLock { $0.append(problem) } }

  /// In file order.
  package var all: [Problem] {
    problems.withLock { $0.sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) } }
  }

  package func throwIfAny() throws(ConfigurationError) {
    let found = all
    if !found.isEmpty { throw ConfigurationError(problems: found) }
  }
}
