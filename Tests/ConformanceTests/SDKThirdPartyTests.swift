// llama.cpp's server, a provider that nobody here wrote, behind the gateway: what the SDKs are told is what the spans say.

import Foundation
import LLMTelemetry
import Testing

@Suite struct SDKThirdPartyTests {
  private static let openAIScenarios: [VendorSDK.Scenario] = [
    .complete, .stream, .streamUsage, .responses, .responsesStream, .embed, .embedFloat, .embedBatch,
  ]
  private static let anthropicScenarios: [VendorSDK.Scenario] = [.complete, .stream, .countTokens]

  @Test(.timeLimit(.minutes(3)), arguments: [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func aRealServerIsRelayedAndAccountedFor(environment: PythonVerifier.Environment) async throws {
    let llama = try await LlamaServer.start()
    defer { llama.stop() }
    let (reports, spans) = try await Deployment.run(provider: llama.url, extra: Self.routes) { deployment in
      let openAI = try await VendorSDK.openAI.run(
        Self.openAIScenarios, in: environment, baseURL: deployment.gatewayURL, key: Deployment.key, model: "tiny")
      let anthropic = try await VendorSDK.anthropic.run(
        Self.anthropicScenarios, in: environment, baseURL: deployment.gatewayURL, key: Deployment.key, model: "tiny")
      return openAI + anthropic
    }
    let scenarios = Self.openAIScenarios + Self.anthropicScenarios
    try #require(reports.count == scenarios.count)
    try #require(spans.count == scenarios.count, "\(spans.map { "\($0.name) \($0.outcome)" })")
    for (index, scenario) in scenarios.enumerated() {
      let (span, report) = (spans[index], reports[index])
      #expect(span.outcome == .ok && span.httpStatus == 200 && span.attempts == 1, "\(scenario)")
      #expect(span.kind == (scenario.isEmbedding ? .embedding : scenario == .countTokens ? .task : .llm), "\(scenario)")
      if scenario == .countTokens { continue }
      // A model without a price: nothing is made up.
      #expect(!span.usage.isEstimated && span.cost == .unknown, "\(scenario)")
      if let reported = ReportedTokens(report.usage) {
        #expect(ReportedTokens(span) == reported, "\(scenario)")
      } else {
        // The client did not ask for usage; the gateway did, and saw that the answer was cut at the server's limit.
        #expect(scenario == .stream && span.usage.totalOutput == LlamaServer.tokensPerAnswer, "\(scenario)")
      }
      // The server says stop, length or completed, by interface; a random model never ends by itself.
      if !scenario.isEmbedding, scenario != .responses, scenario != .responsesStream {
        #expect(span.finishReason == .length, "\(scenario)")
      }
    }
    #expect(reports[5].vectors == reports[6].vectors, "base64 and decimal numbers are the same vector")
  }

  private static let routes = """
      - {name: tiny-chat, models: [tiny], provider: openai}
      - {name: tiny-messages, models: [tiny], provider: anthropic}

    """
}

/// The server that `scripts/bootstrap test` built, with the tiny model it made.
struct LlamaServer {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// A random model would go on for ever.
  static let tokensPerAnswer = 24

  let url: String
  private let process: Process
  private let folder: URL

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Starts it on a free port and waits until its model is loaded.
  static func start() async throws -> LlamaServer {
    let built = root.appending(path: ".build/llama")
    guard FileManager.default.isExecutableFile(atPath: built.appending(path: "llama-server").path) else {
      throw Failure(description: ".build/llama/llama-server is missing; run scripts/bootstrap test")
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "llama-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let log = folder.appending(path: "log")
    try Data().write(to: log)
    let process = Process()
    process.executableURL = built.appending(path: "llama-server")
    process.arguments = [
      "--model", built.appending(path: "tiny.gguf").path, "--alias", "tiny", "--host", "127.0.0.1", "--port", "0",
      // One thread: several would wait for each other by spinning, on cores that the tests need.
      "--threads", "1", "--threads-http", "4", "--ctx-size", "2048", "--parallel", "2", "--n-predict", String(tokensPerAnswer),
      "--ignore-eos", "--embeddings", "--pooling", "mean", "--no-webui",
    ]
    process.environment = ["PATH": "/usr/bin:/bin"]
    process.standardInput = FileHandle.nullDevice
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let server = LlamaServer(url: "", process: process, folder: folder)
    for _ in 0..<300 {
      let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      if text.contains("model loaded"), let url = address(in: text) {
        return LlamaServer(url: url, process: process, folder: folder)
      }
      guard process.isRunning else {
        server.stop()
        throw Failure(description: "llama-server ended: \(text.suffix(2000))")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    server.stop()
    throw Failure(description: "llama-server did not say where it listens")
  }

  private static func address(in text: String) -> String? {
    text.split(whereSeparator: \.isWhitespace).last { $0.hasPrefix("http://127.0.0.1:") }.map(String.init)
  }

  func stop() {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }
}
