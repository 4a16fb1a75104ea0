// The command line: one subcommand per thing a person does.

import ArgumentParser
import Foundation
import StrictYAML

package struct CommanderCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "commander",
    abstract: "Treats LLM failures as production incidents: observes, explains, remediates, verifies.",
    discussion: """
      Start with `commander demo`: it shows one failure become an incident that is explained, remediated and closed.
      Exit codes: 0 ok, 1 failed, 2 done with differences, 3 a gate failed, 64 usage, 69 unreachable, 77 not permitted, 78 bad configuration, 130 interrupted.
      """,
    version: CommanderVersion.current,
    subcommands: [
      DemoCommand.self, ServeCommand.self, CheckCommand.self, LintCommand.self, TestCommand.self, SchemaCommand.self,
      BacktestCommand.self, ExplainCommand.self, DatadogCommand.self, KeyCommand.self, IncidentCommand.self, NotifyCommand.self,
      RemediateCommand.self,
      OverrideCommand.self,
      PromptCommand.self, ReplayCommand.self, SLOCommand.self, BudgetCommand.self, CostCommand.self, MetricsCommand.self,
      RiskCommand.self, SimulateCommand.self,
      VersionCommand.self,
    ])

  package init() {}

  /// Runs the process's command line and exits.
  package static func start() async { await main() }
}

/// Exit codes of the command line (`sysexits.h` where one fits).
enum Exit {
  static let failed = ExitCode(1)
  static let differs = ExitCode(2)
  static let unreachable = ExitCode(69)
  static let notPermitted = ExitCode(77)
  static let badConfiguration = ExitCode(78)
}

/// Messages for people go to standard error; standard output carries data only.
enum Say {
  static func message(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
  static func data(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() { Say.data(CommanderVersion.current) }
}

/// `--config`, shared by every command that reads the configuration.
struct ConfigurationOption: ParsableArguments {
  @Option(name: .customLong("config"), help: "The configuration file.")
  var path = "commander.yaml"

  /// Reads the file; prints every problem and exits with 78 when there is one.
  /// - Parameter secrets: what a command does not need, need not be there where it runs.
  func load(secrets: SecretNeed = .all) throws -> CommanderConfiguration {
    do {
      return try CommanderConfiguration.load(path: path, secrets: secrets)
    } catch {
      throw Self.refusal(error)
    }
  }

  static func refusal(_ error: ConfigurationError) -> ExitCode {
    Say.message(error.description)
    let count = error.problems.count
    Say.message("\(count) problem\(count == 1 ? "" : "s") in the configuration; nothing was started.")
    return Exit.badConfiguration
  }
}

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read the configuration as `serve` would, and report every problem.")

  @OptionGroup var configuration: ConfigurationOption

  func run() throws {
    let loaded = try configuration.load()
    for warning in loaded.warnings { Say.message("warning: \(warning)") }
    for monitor in loaded.monitors {
      for diagnostic in monitor.lint() where diagnostic.weight == .warning {
        Say.message("\(configuration.path): warning: \(diagnostic.message)")
      }
    }
    Say.data(
      "\(configuration.path) is good: \(loaded.routes.count) routes, \(loaded.providers.count) providers, \(loaded.prompts.count) prompts, "
        + "\(loaded.monitors.count) monitors, \(loaded.playbooks.count) playbooks")
  }
}
