// The real rag-service, started as its own process beside this executable.

import AsyncHTTPClient
import Foundation
import NIOCore

struct RAGProcess {
  private let process: Process
  let address: String

  /// Starts `rag-service serve` and waits until its documents are indexed.
  static func start(configuration: String, listen: String, environment: [String: String], log: URL) async throws -> RAGProcess {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("rag-service")
    guard FileManager.default.isExecutableFile(atPath: executable.path) else {
      throw DemoFailure(
        "rag-service is not beside the commander executable (\(executable.path)); build both with `make build` or `swift build`.")
    }
    try Data().write(to: log)
    let process = Process()
    process.executableURL = executable
    process.arguments = ["serve", "--config", configuration]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let started = RAGProcess(process: process, address: "http://\(listen)")
    for _ in 0..<100 {
      if process.isRunning, let response = try? await HTTPClient.shared.get(url: started.address + "/ready").get(),
        response.status == .ok
      {
        return started
      }
      if !process.isRunning { break }
      try await Task.sleep(for: .milliseconds(100))
    }
    started.stop()
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    throw DemoFailure("rag-service did not start:\n\(text.suffix(2000))")
  }

  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }
}

/// Why the demo cannot go on, in words for the person who started it.
struct DemoFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
