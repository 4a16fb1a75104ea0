// Requests that Google's and OpenAI's own clients were recorded sending, and what it means that ours have the same shape.
import Foundation
import Simulation
import Testing

@testable import RAGService

struct GoldenRequest: Decodable, Sendable {
  var request_line: String
  var headers: [String]
  var body: JSON

  var method: String { String(request_line.split(separator: " ")[0]) }
  /// Without the query, which Google's REST client uses to ask for numbered enumerations.
  var path: String { String(request_line.split(separator: " ")[1].prefix { $0 != "?" }) }
  var query: String { String(request_line.split(separator: " ")[1].drop { $0 != "?" }) }

  func header(_ name: String) -> String? {
    headers.first { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
  }

  static func all(_ file: String) throws -> [GoldenRequest] {
    guard let url = sharedFile("reference/golden/" + file) else { return [] }
    return try JSONDecoder().decode([GoldenRequest].self, from: Data(contentsOf: url))
  }

  /// The recorded request for `verb`, of the client that is current.
  static func first(_ file: String, where isWanted: (GoldenRequest) -> Bool) throws -> GoldenRequest? {
    try all(file).first(where: isWanted)
  }

  static var areThere: Bool { sharedFile("reference/golden/vertex-aiplatform-2.7-rest.json") != nil }
}

/// The shape of a JSON value: names and types, not values. Elements of a list have one shape together.
indirect enum Shape: Equatable, CustomStringConvertible {
  case null, bool, number, text
  case list(Shape?)
  case object([String: Shape])

  init(_ value: JSON) {
    switch value {
    case .null: self = .null
    case .bool: self = .bool
    case .integer, .number: self = .number
    case .string: self = .text
    case .array(let elements): self = .list(elements.first.map(Shape.init))
    case .object(let members): self = .object(members.mapValues(Shape.init))
    }
  }

  var description: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .number: "number"
    case .text: "text"
    case .list(let element): "[\(element.map(\.description) ?? "")]"
    case .object(let members):
      "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
    }
  }

  /// Everything here is in `other` under the same names with the same types: what a client may leave out is left out.
  func isPart(of other: Shape) -> Bool {
    switch (self, other) {
    case (.list(nil), .list): true
    case (.list(let element?), .list(let theirs?)): element.isPart(of: theirs)
    case (.object(let members), .object(let theirs)):
      members.allSatisfy { name, shape in theirs[name].map(shape.isPart) ?? false }
    default: self == other
    }
  }
}
