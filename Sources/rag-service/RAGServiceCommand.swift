// The command line of rag-service.
import ArgumentParser
import Foundation
import Logging
import RAGService

@main
struct RAGServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rag-service",
    abstract: "Answers questions from a folder of documents with Gemini on Vertex AI, and leaves traces.",
    subcommands: [Serve.self])

  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Listen for POST /ask until SIGTERM.")

    @Option(help: "The YAML configuration file.") var config: String
    @Option(help: "Listen on this port instead of the configured one; 0 takes a free one.") var port: Int?

    func run() async throws {
      LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
      var service: RAGConfiguration
      do {
        service = try ConfigurationReader.read(path: config, environment: ProcessInfo.processInfo.environment)
      } catch {
        FileHandle.standardError.write(Data((error.description + "\n").utf8))
        throw ExitCode(78)
      }
      if let port { service.port = port }
      try await serveRAG(service, logger: Logger(label: "rag-service"))
    }

    func validate() throws {
      if let port, !(0...65535).contains(port) { throw ValidationError("--port \(port) is not a port; give 0 to 65535") }
    }
  }
}
