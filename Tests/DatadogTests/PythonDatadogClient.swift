// Asks Datadog's own Python client what it would send, for byte comparison.

import Foundation

/// What `scripts/conformance/dogstatsd_golden.py` reads.
struct PythonDatadogClient: Encodable {
  enum Value: Encodable {
    case integer(Int64), number(Double), text(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .text(let value): try container.encode(value)
      }
    }
  }

  /// The arguments of one call; those that are nil are not given.
  struct Call: Encodable {
    let type: String
    var name: String?
    var value: Value?
    var tags: [String]?
    var timestamp: Int64?
    var rate: Double?
    var title: String?
    var text: String?
    var date_happened: Int64?
    var hostname: String?
    var aggregation_key: String?
    var priority: String?
    var source_type_name: String?
    var alert_type: String?
    var status: Int?
    var message: String?
  }

  let transport: String
  let constant_tags: [String]
  var container: String?
  var external: String?
  var cardinality: String?
  let calls: [Call]

  /// The bytes that arrive, one datagram after the other.
  func run() throws -> [UInt8] {
    Array(try PythonVerifier(venv: "datadog", holds: "the Datadog Python client", script: "dogstatsd_golden.py").run(self))
  }
}
