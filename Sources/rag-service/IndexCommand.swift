// `rag-service index FOLDER`: brings an index in line with a folder, with a progress bar.
import ArgumentParser
import Foundation
import Logging
import RAGService

struct IndexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Bring the index in line with a folder of Markdown, HTML, text and PDF files.",
    discussion: """
      Files that did not change since the last run cost nothing; what was stopped is continued; documents whose files are gone are \
      removed. Exit codes: 0 done, 65 some files could not be read, 69 the embeddings or the index failed, 78 configuration.
      """)

  @Argument(help: "The folder.") var folder: String
  @Option(help: "The YAML configuration file; its `index.path` is written.") var config: String
  @Flag(help: "No progress bar.") var quiet = false

  func run() async throws {
    LoggingSystem.bootstrap { label in
      var handler = JSONLogHandler(label: label)
      handler.logLevel = .error
      return handler
    }
    let configuration = try CommandLineTools.readConfiguration(config)
    guard configuration.index.path != nil else {
      CommandLineTools.complain("\(config): an index in memory ends with this command; give `index.path` a file")
      throw ExitCode(78)
    }
    let bar = ProgressBar(isShown: !quiet)
    do {
      let report = try await indexFolder(folder, configuration: configuration, logger: Logger(label: "rag-service")) {
        bar.show($0)
      }
      bar.clear()
      for problem in report.problems { CommandLineTools.complain("\(problem.id): \(problem.reason)") }
      print(report.sentence)
      if !report.problems.isEmpty { throw ExitCode(65) }
    } catch let error as IndexError {
      bar.clear()
      CommandLineTools.complain(error.description)
      throw ExitCode(69)
    } catch let error as IndexingInterrupted {
      bar.clear()
      CommandLineTools.complain(error.description)
      throw ExitCode(69)
    }
  }
}
