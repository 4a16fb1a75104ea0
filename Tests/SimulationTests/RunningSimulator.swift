// Runs the simulator on a free port for one test and sends it plain HTTP.
import Foundation
import Hummingbird
import HummingbirdTesting

@testable import Simulation

extension ProviderSimulator {
  static let vertexPath = "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash"

  /// Runs `body` against this simulator on a live port.
  func running(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await application().test(.live) { client in try await body(client) }
  }
}

extension TestClientProtocol {
  func post(_ uri: String, _ json: String, headers: HTTPFields = [.authorization: "Bearer sk-test"]) async throws -> TestResponse
  {
    try await execute(uri: uri, method: .post, headers: headers, body: ByteBuffer(string: json))
  }
}

extension TestResponse {
  var text: String { String(buffer: body) }
  func json() throws -> JSONValue { try JSONValue(parsing: body.readableBytesView) }
  /// The JSON of every `data:` line but `[DONE]`.
  func events() throws -> [JSONValue] {
    try text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("data: {") }.map {
      try JSONValue(parsing: $0.dropFirst(6).utf8)
    }
  }
}
