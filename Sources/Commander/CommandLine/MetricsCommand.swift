// `commander metrics forecast` and `commander metrics list`: what Datadog would bill, and what there is.

import ArgumentParser
import Compression
import Foundation
import LLMMetrics
import LLMTelemetry
import Storage

struct MetricsForecast: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast", abstract: "Say how many custom metrics traffic makes in Datadog, before anything is sent.",
    discussion: "Reads recorded traffic, or the spans of a store; the budgets are those of the configuration.")

  @OptionGroup var config: ConfigurationOption
  @Option(help: "A file of recorded traffic; may be given several times.")
  var traffic: [String] = []
  @Option(help: "The folder of a store; that of the configuration when neither this nor --traffic is given.")
  var store: String?
  @Option(help: "The newest spans of a store that are read at most.")
  var limit = 200_000
  @Option(help: "table for people, json for programs.")
  var output = ConsoleOption.Output.table

  func validate() throws {
    if store != nil, !traffic.isEmpty { throw ValidationError("Give --traffic or --store, not both.") }
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  func run() throws {
    // A forecast needs no configuration: without one the budgets are the defaults.
    let hasFile = FileManager.default.fileExists(atPath: config.path)
    let configuration = hasFile || (traffic.isEmpty && store == nil) ? try config.load(secrets: .none) : CommanderConfiguration()
    let spans = try traffic.isEmpty ? storedSpans(store ?? configuration.store) : traffic.flatMap(recordedSpans)
    let forecast = MetricForecast(of: spans, settings: configuration.cardinality)
    if output == .json { return Say.data(try CostOutput.json(forecast)) }
    Say.message(forecast.window)
    Say.data(TableOutput.render(MetricForecast.metricHeader, forecast.metricRows))
    Say.data("")
    Say.data(TableOutput.render(MetricForecast.tagHeader, forecast.tagRows))
  }

  private func recordedSpans(_ file: String) throws -> [LLMSpan] {
    guard let data = FileManager.default.contents(atPath: file) else {
      Say.message("\(file): no such file")
      throw Exit.failed
    }
    do {
      let isCompressed = data.starts(with: [0x1f, 0x8b])
      let data = isCompressed ? Data(try CompressionFormat.gzip.decompress(Array(data), limit: 4 << 30)) : data
      return try RecordedTraffic.records(in: data, file: file).compactMap { if case .span(let span) = $0 { span } else { nil } }
    } catch {
      Say.message("\(error)")
      throw Exit.failed
    }
  }

  private func storedSpans(_ folder: String) throws -> [LLMSpan] {
    let path = folder + "/telemetry.sqlite"
    guard FileManager.default.fileExists(atPath: path) else {
      Say.message("\(path): no telemetry yet; run `commander serve`, or give --traffic")
      throw Exit.failed
    }
    let telemetry = try TelemetryStore(path: path)
    var spans: [LLMSpan] = []
    var cursor: SpanCursor?
    repeat {
      let page = try telemetry.spans(limit: min(5000, limit - spans.count), before: cursor)
      spans += page.spans
      cursor = page.next
    } while cursor != nil && spans.count < limit
    return spans
  }
}

struct MetricsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List every metric with its type, unit, own tags and what Datadog bills for it.")

  @Option(help: "table for people, json for programs.")
  var output = ConsoleOption.Output.table

  func run() throws {
    if output == .json { return Say.data(try CostOutput.json(MetricCatalogue.documents)) }
    Say.data(
      TableOutput.render(
        ["METRIC", "TYPE", "UNIT", "OWN TAGS", "EACH", "MEANING"],
        MetricCatalogue.documents.map { metric in
          [
            metric.name, metric.type, metric.unit, metric.tags.isEmpty ? "-" : metric.tags.joined(separator: " "),
            "\(metric.customMetricsPerSeries)", metric.meaning,
          ]
        }))
  }
}
