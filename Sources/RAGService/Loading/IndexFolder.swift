// What `rag-service index` does: one folder into the configured index, with an end on Ctrl-C that the next run goes on from.
import LLMTelemetry
import Logging

package struct IndexingInterrupted: Error, CustomStringConvertible {
  package let description: String
}

package func indexFolder(
  _ folder: String, configuration: RAGConfiguration, logger: Logger,
  progress: @escaping @Sendable (IndexingProgress) -> Void
) async throws -> IndexingReport {
  let httpClient = makeHTTPClient()
  let exporter = TelemetryRoads.exporter(configuration.telemetry, httpClient: httpClient, logger: logger)
  let result: Result<IndexingReport, any Error>
  do {
    let parts = try RAGParts(configuration, httpClient: httpClient, exporter: exporter, logger: logger)
    let work = Task { try await parts.indexer.index(folder: folder, progress: progress) }
    result = await Interruption.cancelling(work) { await work.result }
  } catch {
    result = .failure(error)
  }
  await exporter.shutdown()
  try await httpClient.shutdown()
  switch result {
  case .success(let report): return report
  case .failure(let error as IndexError): throw error
  case .failure(is CancellationError):
    throw IndexingInterrupted(description: "stopped; what is written stays, and the next run goes on from there")
  case .failure(let error as ModelCallError):
    throw IndexingInterrupted(
      description:
        "\(error.spanMessage) (\(error.errorClass.rawValue)); what is written stays, and the next run goes on from there")
  case .failure(let error): throw IndexingInterrupted(description: "the index could not be written: \(error)")
  }
}

extension IndexingReport {
  package var sentence: String {
    var parts = [
      "\(indexed.count) indexed (\(passages) passages)", "\(unchanged) unchanged", "\(removed.count) removed",
    ]
    if !problems.isEmpty { parts.append("\(problems.count) not read") }
    if cost.amount > Nanodollars(0) { parts.append("$\(cost.amount.decimalDollars) of embeddings (\(cost.exactness))") }
    return parts.joined(separator: ", ")
  }
}
