// `commander simulate provider` and `commander metrics catalogue`: parts that can be run or printed alone.

import ArgumentParser
import Foundation
import Hummingbird
import LLMMetrics
import Logging
import ServiceLifecycle
import Simulation

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Stand-ins that speak the real wire formats.", subcommands: [SimulateProvider.self])
}

struct SimulateProvider: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "provider",
    abstract: "Run a provider that speaks OpenAI, Anthropic, Gemini API and Vertex AI, with faults on demand.")

  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 takes a free one and prints it.") var port = 9100
  @Option(help: "A JSON file with fault rules; they can be replaced at PUT /_simulator/faults.") var faults: String?

  func run() async throws {
    var rules: [FaultRule] = []
    if let faults {
      guard let data = FileManager.default.contents(atPath: faults) else {
        Say.message("\(faults): no such file")
        throw Exit.badConfiguration
      }
      do {
        rules = try FaultRule.list(parsing: data)
      } catch {
        Say.message("\(faults): \(error)")
        throw Exit.badConfiguration
      }
    }
    var logger = Logger(label: "provider-simulator") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let host = self.host
    let application = ProviderSimulator(faults: rules, pace: .visible).application(host: host, port: port, logger: logger) {
      port in
      Say.data("http://\(host):\(port)")
    }
    try await application.runService()
  }
}

struct MetricsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "The metrics this product emits, and what they cost in Datadog.",
    subcommands: [MetricsForecast.self, MetricsList.self, MetricsCatalogue.self])
}

struct MetricsCatalogue: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue", abstract: "Print every metric: name, type, unit, tags, meaning.")

  @Option(help: "markdown is what docs/reference/metrics.md holds.") var output = Output.markdown

  enum Output: String, ExpressibleByArgument, CaseIterable { case markdown }

  func run() { Say.data(MetricCatalogue.referencePage.trimmingCharacters(in: .newlines)) }
}
