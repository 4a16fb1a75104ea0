// Asks Datadog's own Python library what it reads in our sketches.

import Foundation
import Testing

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
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let python = root.appending(path: ".build/venvs/test-agent/bin/python")
    try #require(
      FileManager.default.isExecutableFile(atPath: python.path),
      "\(python.path) is missing: run scripts/bootstrap test, which installs Datadog's test agent and its sketches there")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "ulimit -v 2000000 && exec timeout 60 \"$0\" \"$1\"", python.path,
      root.appending(path: "scripts/conformance/latency_sketch.py").path,
    ]
    let standardInput = Pipe()
    let standardOutput = Pipe()
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(self))
    try standardInput.fileHandleForWriting.close()
    let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try output.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Reading.self, from: $0) }
  }
}
