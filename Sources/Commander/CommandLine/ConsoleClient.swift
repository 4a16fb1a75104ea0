// The command line's way to a running commander: the same JSON API that the pages have.

import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

struct ConsoleOption: ParsableArguments {
  @Option(name: .customLong("url"), help: "The console of the running commander.")
  var url = ProcessInfo.processInfo.environment["COMMANDER_URL"] ?? "http://127.0.0.1:8090"

  @Option(help: "table for people, json for programs.")
  var output = Output.table

  enum Output: String, ExpressibleByArgument, CaseIterable { case table, json }

  var client: ConsoleClient { ConsoleClient(url: url) }
}

struct ConsoleClient: Sendable {
  let url: String

  /// The body of a page's `.json` or `.md` sibling.
  func get(_ path: String) async throws -> Data { try await send(HTTPClientRequest(url: url + path)) }

  @discardableResult
  func post(_ path: String, _ members: [String: String]) async throws -> Data {
    try await post(path, document: members.merging(["actor": Self.actor]) { $1 })
  }

  /// With a body that is no list of fields.
  @discardableResult
  func post(_ path: String, document: some Encodable) async throws -> Data {
    var request = HTTPClientRequest(url: url + path)
    request.method = .POST
    request.headers = ["content-type": "application/json"]
    request.body = .bytes(ByteBuffer(string: JSONOutput.object(document)))
    return try await send(request)
  }

  /// Who acts.
  static var actor: String { ProcessInfo.processInfo.environment["USER"] ?? "command line" }

  private func send(_ request: HTTPClientRequest) async throws -> Data {
    let response: HTTPClientResponse
    do {
      response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
    } catch {
      Say.message("No commander answers at \(url) (\(error)). Start it with `commander serve`, or name another with --url.")
      throw Exit.unreachable
    }
    let body = Data(buffer: try await response.body.collect(upTo: 16 << 20))
    guard (200..<300).contains(Int(response.status.code)) else {
      let message = (try? JSONDecoder().decode(ErrorBody.self, from: body))?.error
      Say.message(message ?? "The commander answered \(response.status.code).")
      throw response.status == .forbidden ? Exit.notPermitted : Exit.failed
    }
    return body
  }

  private struct ErrorBody: Decodable { let error: String }
}

enum JSONOutput {
  /// One JSON object with sorted keys.
  static func object(_ members: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts and whole numbers cannot fail to encode; an empty object would be the honest answer if it did.
    return (try? encoder.encode(members)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

/// Columns as wide as their widest cell, two spaces between; the last column is not padded.
enum TableOutput {
  static func render(_ header: [String], _ rows: [[String]]) -> String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      row.enumerated().map { index, cell in
        index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
