// Container files and programs together: what `scripts/container-test` finds of the Dockerfile, compose files and manifests, and of the
// built programs as containers on a read-only root.

import Foundation
import Testing

// One after the other: each starts whole deployments.
@Suite(.serialized) struct ContainerTests {
  @Test(.timeLimit(.minutes(3)))
  func containerFilesAreReadByTheirUsersToolsAndKeepTheRules() throws {
    let run = try Self.run(["lint"])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("everything holds"), "\(run.output)")
  }

  /// Namespaces and a root folder of its own need root, which continuous integration is; `scripts/container-test run` says so elsewhere.
  @Test(.enabled(if: geteuid() == 0, "namespaces need root"), .timeLimit(.minutes(6)))
  func programsRunAsContainersWithoutRootHomeOrCapabilities() throws {
    let run = try Self.run(["run", "--binaries", Self.binaries.path])
    #expect(run.status == 0, "\(run.output)")
    // A run that checked nothing would end well, too.
    for promise in [
      "commander wrote only below its store", "a stream of commander that runs at SIGTERM is completed",
      "the rag-service's spans came to it through console-proxy",
    ] {
      #expect(run.output.contains("ok   \(promise)"), "\(run.output)")
    }
  }

  private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let binaries = ServeProcess.executable.deletingLastPathComponent()

  private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let log = FileManager.default.temporaryDirectory.appending(path: "container-test-\(UUID().uuidString).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = ["--kill-after=10", "300", project.appending(path: "scripts/container-test").path] + arguments
    process.standardInput = FileHandle.nullDevice
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
  }
}
