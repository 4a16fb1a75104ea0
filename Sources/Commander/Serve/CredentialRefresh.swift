// Keeps the credentials of providers fresh while the commander runs: files are read again, Google's tokens are renewed.

import AsyncHTTPClient
import Gateway
import GoogleCredentials
import LLMTelemetry
import Logging
import ServiceLifecycle
import StrictYAML
import Synchronization

/// The credentials in force; a file that cannot be read, or a token that cannot be renewed, keeps the last one.
final class CredentialStore: Sendable {
  private let sources: [String: SecretSource]
  /// Provider to the source of its tokens; providers with the same credential share one, and with it each exchange.
  private let google: [String: GoogleTokenSource]
  private let renewed = Mutex<[String: String]>([:])

  init(sources: [String: SecretSource], google: [String: GoogleTokenSource] = [:]) {
    self.sources = sources
    self.google = google
  }

  /// - Parameter google: provider to where its Google credential comes from.
  convenience init(
    sources: [String: SecretSource], google: [String: GoogleSource], httpClient: HTTPClient = .shared, logger: Logger
  ) {
    let tokens = Dictionary(
      uniqueKeysWithValues: Set(google.values).map {
        ($0, GoogleTokenSource(source: $0, httpClient: httpClient, logger: logger))
      })
    self.init(sources: sources, google: google.compactMapValues { tokens[$0] })
  }

  var isEmpty: Bool { sources.isEmpty && google.isEmpty }

  func apply(to providers: [Provider]) -> [Provider] {
    let known = renewed.withLock { $0 }
    return providers.map { provider in
      var provider = provider
      provider.credential = known[provider.name] ?? provider.credential
      return provider
    }
  }

  /// Looks at every file. Returns whether a credential changed, and what could not be read.
  func refresh() -> (changed: Bool, failures: [String]) {
    var changed = false
    var failures: [String] = []
    for (name, source) in sources {
      do throws(SecretError) {
        let value = try source.read(environment: [:])
        changed = renewed.withLock { $0.updateValue(value, forKey: name) != value } || changed
      } catch {
        failures.append("provider \(name): \(error.message)")
      }
    }
    return (changed, failures)
  }

  var readsFiles: Bool { !sources.isEmpty }

  /// One for each credential, whatever the number of its providers.
  var tokenSources: [GoogleTokenSource] {
    Dictionary(google.values.map { (ObjectIdentifier($0), $0) }) { first, _ in first }.map(\.value)
  }

  /// Gives a new token to the providers that use its source. Returns whether that changed anything.
  func take(_ token: AccessToken, from source: GoogleTokenSource) -> Bool {
    renewed.withLock { renewed in
      var changed = false
      for (provider, used) in google where used === source {
        changed = renewed.updateValue(token.value, forKey: provider) != token.value || changed
      }
      return changed
    }
  }

  /// Gets the first token of every Google credential, all at once. Returns why a provider has none: without a credential in
  /// hand the gateway must not accept.
  func firstTokens() async -> [(provider: String, reason: String)] {
    await withTaskGroup(of: (GoogleTokenSource, Result<AccessToken, GoogleCredentialError>).self) { group in
      for source in tokenSources {
        group.addTask {
          do throws(GoogleCredentialError) {
            return (source, .success(try await source.token()))
          } catch {
            return (source, .failure(error))
          }
        }
      }
      var failures: [(provider: String, reason: String)] = []
      for await (source, outcome) in group {
        switch outcome {
        case .success(let token): _ = take(token, from: source)
        case .failure(let error):
          failures += google.filter { $0.value === source }.map { (provider: $0.key, reason: error.description) }
        }
      }
      return failures.sorted { $0.provider < $1.provider }
    }
  }
}

struct CredentialRefresh: Service {
  let store: CredentialStore
  let center: CommandCenter
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        if store.readsFiles { group.addTask { await readFiles() } }
        for source in store.tokenSources {
          group.addTask {
            await source.run { token in
              if store.take(token, from: source) { await center.enforceAgain() }
            }
          }
        }
      }
    }
  }

  private func readFiles() async {
    while (try? await Task.sleep(for: .seconds(15))) != nil {
      let (changed, failures) = store.refresh()
      for failure in failures {
        logger.warning("a credential could not be read again; the last one stays in force", metadata: ["reason": "\(failure)"])
      }
      if changed { await center.enforceAgain() }
    }
  }
}
