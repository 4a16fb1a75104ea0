// The program `commander` as a person runs it, against the stub over HTTP, in a folder of its own.

import Foundation
import Testing

@testable import Datadog

final class CommanderProcess: Sendable {
  static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".build/debug/commander")
  static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: program.path) }

  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  let folder: URL
  private let server: StubServer

  init(_ stub: DatadogStub) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "commander-datadog-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    server = try StubServer(stub)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ text: String, to file: String) throws { try Data(text.utf8).write(to: folder.appending(path: file)) }

  func path(_ file: String) -> String { folder.appending(path: file).path }

  /// Everything below a folder, by file.
  func texts(_ name: String) throws -> [String: String] {
    let base = folder.appending(path: name)
    var texts: [String: String] = [:]
    for case let file as String in FileManager.default.enumerator(atPath: base.path) ?? .init() where file.hasSuffix(".json") {
      texts[file] = try String(contentsOf: base.appending(path: file), encoding: .utf8)
    }
    return texts
  }

  func datadog(
    _ arguments: [String], environment: [String: String] = [:], started: @escaping @Sendable (Process) -> Void = { _ in }
  ) async throws -> Outcome {
    try await run(["datadog"] + arguments, environment: environment, started: started)
  }

  /// - Parameter started: told of the running process, which it may end.
  func run(
    _ arguments: [String], environment: [String: String] = [:], started: @escaping @Sendable (Process) -> Void = { _ in }
  ) async throws -> Outcome {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = [
      "PATH": "/usr/bin:/bin", "DD_SITE": server.origin, "DD_API_KEY": "api-key-of-tests", "DD_APP_KEY": "app-key-of-tests",
    ].merging(environment) { $1 }
    let name = UUID().uuidString
    let (output, errors) = (folder.appending(path: "\(name).out"), folder.appending(path: "\(name).err"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do {
        try process.run()
        started(process)
      } catch { continuation.resume(throwing: error) }
    }
    return Outcome(
      code: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}
