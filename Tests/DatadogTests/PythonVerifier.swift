// Runs one of the Python programs of scripts/conformance in its venv, under limits: its input on standard input, its answer from standard output.

import Foundation
import Testing

struct PythonVerifier {
  /// The name of the venv, and what `scripts/bootstrap test` installs there.
  let venv: String
  let holds: String
  let script: String

  func run(_ input: some Encodable) throws -> Data {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let python = root.appending(path: ".build/venvs/\(venv)/bin/python")
    try #require(
      FileManager.default.isExecutableFile(atPath: python.path),
      "\(python.path) is missing: run scripts/bootstrap test, which installs \(holds) there")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "ulimit -v 2000000 && exec timeout 60 \"$0\" \"$1\"", python.path,
      root.appending(path: "scripts/conformance/\(script)").path,
    ]
    let standardInput = Pipe()
    let standardOutput = Pipe()
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(input))
    try standardInput.fileHandleForWriting.close()
    let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return output
  }
}
