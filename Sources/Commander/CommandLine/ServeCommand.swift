// `commander serve`: the gateway, the engine and the console in one process, until it is told to stop.

import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import ServiceStart
import StrictYAML

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the gateway, the monitors, the incident engine and the console.")

  @OptionGroup var configuration: ConfigurationOption
  @Option(help: "Least severity of log lines on standard error: debug, info, warning, error.")
  var logLevel: Logger.Level = .info

  func run() async throws {
    EarlyExit.onSignals()
    let loaded = try configuration.load()
    for warning in loaded.warnings { Say.message("warning: \(warning)") }
    var logger = Logger(label: "commander") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logLevel
    let server: CommanderServer
    do {
      let path = configuration.path
      server = try await CommanderServer.start(loaded, logger: logger) { () throws(ConfigurationError) in
        try CommanderConfiguration.load(path: path)
      }
    } catch let error as ConfigurationError {
      throw ConfigurationOption.refusal(error)
    }
    Task {
      let console = try await server.consoleAddress()
      Say.message("gateway  http://\(server.gatewayAddress)  (the base URL of your SDK; OpenAI's ends in /v1)")
      Say.message("console  http://\(console)")
    }
    do {
      try await server.serviceGroup(signals: true).run()
    } catch let error as ConfigurationError {
      throw ConfigurationOption.refusal(error)
    }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
