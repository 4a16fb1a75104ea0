// What rag-service is told at start; `ConfigurationReader` makes it from YAML and the environment.

package struct RAGConfiguration: Sendable {
  package var host: String
  package var port: Int
  package var documents: [Passage]
  package var vertex: Vertex
  package var prompt: Prompt
  package var telemetry: Telemetry?
  /// For questions that name no tenant.
  package var tenant: String
  package var env: String

  package struct Vertex: Sendable {
    /// A gateway, or `https://us-central1-aiplatform.googleapis.com`; without a slash at the end.
    package var baseURL: String
    package var project: String
    package var location: String
    package var model: String
    package var bearerToken: String
  }

  package struct Prompt: Sendable {
    package var name: String
    /// The system instruction; `nil` leaves it to the gateway, which knows the prompt by its name.
    package var text: String?
  }

  package struct Telemetry: Sendable {
    package var spansURL: String
    package var bearerToken: String
  }
}

/// Everything that is wrong with a configuration: each line is `file:line:column: what; remedy`.
package struct ConfigurationErrors: Error, Sendable, CustomStringConvertible {
  package var lines: [String]
  package var description: String { lines.joined(separator: "\n") }
}
