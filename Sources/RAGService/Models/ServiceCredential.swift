// The credential of a service we call: a secret that was given, or Google's Application Default Credentials.
import AsyncHTTPClient
import GoogleCredentials
import LLMTelemetry
import Logging

/// Where a credential comes from, as the configuration says.
package enum CredentialSource: Sendable, Hashable {
  case secret(String)
  case google(GoogleSource)
}

/// Gives the headers that authorize a request.
package struct ServiceCredential: Sendable {
  private enum Kind: Sendable {
    case secret(String)
    case google(GoogleTokenSource)
  }
  private let kind: Kind

  package init(_ source: CredentialSource, httpClient: HTTPClient, logger: Logger) {
    kind =
      switch source {
      case .secret(let value): .secret(value)
      case .google(let source): .google(GoogleTokenSource(source: source, httpClient: httpClient, logger: logger))
      }
  }

  package func headers() async throws -> [(name: String, value: String)] {
    switch kind {
    case .secret(let value): return [(name: "authorization", value: "Bearer \(value)")]
    case .google(let tokens):
      do throws(GoogleCredentialError) {
        let token = try await tokens.token()
        var headers = [(name: "authorization", value: "Bearer \(token.value)")]
        // A user's own credential has no project; Google wants to be told whose quota the call counts against.
        if case .file = tokens.source.place, let quota = try await tokens.project().quotaID {
          headers.append((name: "x-goog-user-project", value: quota))
        }
        return headers
      } catch {
        throw ModelCallError(errorClass: .auth, spanMessage: "no Google access token: \(error)")
      }
    }
  }
}
