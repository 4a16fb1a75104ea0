// llama.cpp's server as a process of its own on a free port, with the tiny model that scripts/bootstrap test made.

import Foundation

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
      // Not SIGTERM: a child of a test's thread starts with that signal blocked, and nothing of this server's is worth saving.
      Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }
}
