// Runs a third-party Python client against a server of ours and gives back what it printed, one JSON value a line.
import Foundation

/// The Python programs under `scripts/conformance`, each in a venv that `scripts/bootstrap test` made.
struct PythonVerifier {
  /// A venv under `.build/venvs`, named by what is pinned in it.
  enum Environment: String, CaseIterable {
    case datadog
    case datadogAPI = "datadog-api"
    case testAgent = "test-agent"
    case openTelemetry = "otel"
    case sdkCurrent = "sdk-current"
    case sdkPrevious = "sdk-previous"
    case langChainCurrent = "langchain-current"
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  var environment: Environment
  /// When the program is ended; a verifier that hangs must not hang the test run.
  var timeout: Duration = .seconds(120)

  /// Runs `script` (a path below `scripts/conformance`) to its end and decodes every line of its standard output.
  ///
  /// Throws a `Failure` with the program's standard error when it exits with anything but 0 or prints a line of another shape.
  func run<Line: Decodable>(_ script: String, _ arguments: [String], decoding: Line.Type = Line.self) async throws -> [Line] {
    let conformance = Self.conformanceFolder
    let command = [environment.rawValue, conformance.appending(path: script).path] + arguments
    let run = try await Self.execute(conformance.appending(path: "run_verifier"), command, timeout: timeout)
    guard run.status == 0 else {
      throw Failure(
        description: """
          \(script) in \(environment.rawValue) exited with \(run.status)\(run.status == 124 ? " because its \(timeout) were up" : "")
          standard error: \(run.standardError)
          standard output: \(run.standardOutput)
          """)
    }
    return try run.standardOutput.split(separator: "\n").map { line in
      do {
        return try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      } catch {
        throw Failure(description: "\(script) printed a line that is no \(Line.self): \(line)\n\(error)")
      }
    }
  }

  private struct Run {
    var status: Int32
    var standardOutput: String
    var standardError: String
  }

  private static let conformanceFolder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "scripts/conformance")

  /// Output goes through files, so a program that fills one stream while we read the other cannot block.
  private static func execute(_ executable: URL, _ arguments: [String], timeout: Duration) async throws -> Run {
    let folder = FileManager.default.temporaryDirectory.appending(path: "verifier-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let outputFile = folder.appending(path: "output")
    let errorFile = folder.appending(path: "error")
    try Data().write(to: outputFile)
    try Data().write(to: errorFile)

    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    // `run_verifier` keeps the deadline, so that it ends the program and not only its shell.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["VERIFIER_TIMEOUT_SECONDS": String(timeout.components.seconds)]) { _, ours in ours }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in ended.resume() }
      do { try process.run() } catch { ended.resume(throwing: error) }
    }
    return Run(
      status: process.terminationStatus,
      standardOutput: try beginning(of: outputFile),
      standardError: try beginning(of: errorFile))
  }

  /// The first megabyte: more than any verifier has to say.
  private static func beginning(of file: URL) throws -> String {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    return String(decoding: try handle.read(upToCount: 1 << 20) ?? Data(), as: UTF8.self)
  }
}
