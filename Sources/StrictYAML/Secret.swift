// Credentials: named in configuration, read from the environment or a file, never written in the configuration itself.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Where a credential comes from.
package enum SecretSource: Hashable, Sendable {
  case environment(String)
  case file(String)

  /// The credential, trimmed of white space; throws a message without it.
  package func read(environment: [String: String]) throws(SecretError) -> String {
    switch self {
    case .environment(let name):
      guard let value = environment[name]?.trimmed, !value.isEmpty else {
        throw SecretError(message: "environment variable \(name) is not set; export it before the start")
      }
      return value
    case .file(let path):
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw SecretError(message: "file \(path) cannot be read; create it, readable by this user only")
      }
      guard !text.trimmed.isEmpty else { throw SecretError(message: "file \(path) is empty; write the credential in it") }
      return text.trimmed
    }
  }
}

package struct SecretError: Error {
  package let message: String
}

extension YAMLValue {
  /// `{environment: NAME}` or `{file: PATH}`, unread.
  package func secretSource() -> SecretSource? {
    guard node.mapping != nil else {
      problem("`\(path)` must not be written here: use {environment: NAME} or {file: PATH}")
      return nil
    }
    guard let mapping = mapping(["environment", "file"]) else { return nil }
    switch (mapping["environment"]?.string(), mapping["file"]?.string()) {
    case (let name?, nil): return .environment(name)
    case (nil, let path?): return .file(path)
    default:
      problem("`\(path)` needs exactly one of `environment` and `file`")
      return nil
    }
  }

  /// `{environment: NAME}` or `{file: PATH}`, read at once: a missing secret is a problem of the configuration.
  package func secret(environment: [String: String]) -> (source: SecretSource, value: String)? {
    guard let source = secretSource() else { return nil }
    do throws(SecretError) {
      return (source, try source.read(environment: environment))
    } catch {
      problem("`\(path)`: \(error.message)")
      return nil
    }
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
