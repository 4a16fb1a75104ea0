// Asks Datadog's own Python library what it reads in our sketches.

import Foundation

/// What `scripts/conformance/latency_sketch.py` reads.
struct PythonSketchReader: Encodable {
  struct Reading: Decodable {
    let count: Double
    let zero: Double
    let gamma: Double
    let offset: Double
    let values: [Double?]
  }

  let sketches: [Data]
  let quantiles: [Double]

  func run() throws -> [Reading] {
    let verifier = PythonVerifier(
      venv: "test-agent", holds: "Datadog's test agent and its sketches", script: "latency_sketch.py")
    return try verifier.run(self).split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Reading.self, from: $0) }
  }
}
