// Container files and programs together: what `scripts/container-test` finds of the Dockerfile, compose files and manifests, and of the
// built programs as containers on a read-only root.

import Foundation
import Testing

// One after the other: each starts whole deployments.
@Suite(.serialized) struct ContainerTests {
  @Test(.timeLimit(.minutes(3)))
  func containerFilesAreReadByTheirUsersToolsAndKeepTheRules() async throws {
    let run = try await Self.run(["lint"])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("everything holds"), "\(run.output)")
  }

  @Test(.enabled(if: canMakeNamespaces, "namespaces need root, on a machine that lets it make them"), .timeLimit(.minutes(6)))
  func programsRunAsContainersWithoutRootHomeOrCapabilities() async throws {
    let run = try await Self.run(["run", "--binaries", Self.binaries.path])
    #expect(run.status == 0, "\(run.output)")
    // A run that checked nothing would end well, too.
    for promise in [
      "commander wrote only below its store", "a stream of commander that runs at SIGTERM is completed",
      "the rag-service's spans came to it",
    ] {
      #expect(run.output.contains("ok   \(promise)"), "\(run.output)")
    }
  }

  /// Namespaces need root, and a machine that lets it make them: within a container it often may not.
  private static let canMakeNamespaces: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = ["--net", "--mount", "/bin/true"]
    process.standardError = FileHandle.nullDevice
    guard geteuid() == 0, (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
  private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let binaries = ServeProcess.executable.deletingLastPathComponent()

  /// Exit code and output of `scripts/container-test`, which is ended after five minutes.
  private static func run(_ arguments: [String]) async throws -> (status: Int32, output: String) {
    let log = FileManager.default.temporaryDirectory.appending(path: "container-test-\(UUID().uuidString).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let output = try FileHandle(forWritingTo: log)
    let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/timeout")
      process.arguments = ["--kill-after=10", "300", project.appending(path: "scripts/container-test").path] + arguments
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { ended.resume(throwing: error) }
    }
    return (status, try String(contentsOf: log, encoding: .utf8))
  }
}
