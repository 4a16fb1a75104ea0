// The commands that speak with Datadog: what they refuse before anything is sent.

import ArgumentParser
import Foundation
import Testing

@testable import Commander

@Suite struct DatadogCommandTests {
  @Test func aCheckNeedsDatadog() {
    #expect(throws: (any Error).self) {
      _ = try CommanderCommand.parseAsRoot(["datadog", "plan", "--validate", "--state", "saved"])
    }
    #expect(throws: Never.self) { _ = try CommanderCommand.parseAsRoot(["datadog", "plan", "--validate"]) }
    #expect(throws: Never.self) { _ = try CommanderCommand.parseAsRoot(["datadog", "plan", "--state", "saved", "--prune"]) }
  }

  @Test func everyCommandIsThere() throws {
    for arguments in [
      ["apply", "--yes", "--prune", "--overwrite-drift", "--replace", "--force", "--state-file", "s", "--site", "datadoghq.eu"],
      ["drift", "--output", "json"], ["pull", "--to", "there", "--json", "--ours", "--adopt", "--prune"],
    ] {
      #expect(throws: Never.self) { _ = try CommanderCommand.parseAsRoot(["datadog"] + arguments) }
    }
  }

  /// A key in a file that is not there is said before anything is asked of Datadog.
  @Test func aMissingKeyFileIsSaid() throws {
    var options = try DatadogAccountOptions.parse(["--api-key-file", "/nowhere/at-all"])
    #expect(throws: ValidationError.self) { _ = try options.account(nil) }
    let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("a-key\n".utf8).write(to: file)
    options = try DatadogAccountOptions.parse(
      ["--api-key-file", file.path, "--app-key-file", file.path, "--site", "us5.datadoghq.com"])
    #expect(try options.account(nil).site == "us5.datadoghq.com")
  }
}
