// The command line of rag-service.
import ArgumentParser
import Foundation
import Logging
import RAGService
import ServiceStart

@main
struct RAGServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rag-service",
    abstract: "Answers questions from documents with Gemini on Vertex AI or an OpenAI-compatible model, and leaves traces.",
    subcommands: [ServeCommand.self, IndexCommand.self, LoadCommand.self])
}

/// What subcommands share: reading the configuration and ending with the right code.
enum CommandLineTools {
  static func readConfiguration(_ path: String) throws -> RAGConfiguration {
    do {
      return try ConfigurationReader.read(path: path, environment: ProcessInfo.processInfo.environment)
    } catch {
      complain(error.description)
      throw ExitCode(78)
    }
  }

  static func complain(_ message: String) { FileHandle.standardError.write(Data((message + "\n").utf8)) }
}

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Listen for questions until SIGTERM.")

  @Option(help: "The YAML configuration file.") var config: String
  @Option(help: "Listen on this port instead of the configured one; 0 takes a free one.") var port: Int?

  func run() async throws {
    EarlyExit.onSignals()
    LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
    var service = try CommandLineTools.readConfiguration(config)
    if let port { service.listen.port = port }
    do {
      try await serveRAG(service, logger: Logger(label: "rag-service"))
    } catch let error as IndexError {
      CommandLineTools.complain(error.description)
      throw ExitCode(78)
    } catch let error as ListenError {
      CommandLineTools.complain("\(port == nil ? "\(config): `listen`" : "--port"): \(error)")
      throw ExitCode(78)
    }
  }

  func validate() throws {
    if let port, !(0...65535).contains(port) { throw ValidationError("--port \(port) is not a port; give 0 to 65535") }
  }
}
