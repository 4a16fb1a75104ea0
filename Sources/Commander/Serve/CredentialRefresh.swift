// Reads credentials in files again while the commander runs: access tokens of cloud providers live for an hour.

import Gateway
import LLMTelemetry
import Logging
import ServiceLifecycle
import StrictYAML
import Synchronization

/// The credentials in force; a file that cannot be read keeps the last one that could.
final class CredentialStore: Sendable {
  private let sources: [String: SecretSource]
  private let renewed = Mutex<[String: String]>([:])

  init(sources: [String: SecretSource]) { self.sources = sources }

  var isEmpty: Bool { sources.isEmpty }

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
}

struct CredentialRefresh: Service {
  let store: CredentialStore
  let center: CommandCenter
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: .seconds(15))) != nil {
        let (changed, failures) = store.refresh()
        for failure in failures {
          logger.warning("a credential could not be read again; the last one stays in force", metadata: ["reason": "\(failure)"])
        }
        if changed { await center.enforceAgain() }
      }
    }
  }
}
