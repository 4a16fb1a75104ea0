// A provider's credential: a secret from outside, or Google's, whose tokens are renewed while the commander runs.

import Foundation
import GoogleCredentials
import StrictYAML

enum ProviderCredential {
  case secret(source: SecretSource, value: String)
  case google(GoogleSource)
}

extension ConfigurationReader {
  /// `{environment: NAME}`, `{file: PATH}`, `{google: application_default}` or `{google: {file: PATH}}`. A Google credential file is
  /// read and checked here, so that what is wrong with it is reported at this line with everything else.
  func readCredential(_ value: YAMLValue) -> ProviderCredential? {
    guard value.hasMember("google") else {
      guard let text = secret(value), let source = value.secretSource() else { return nil }
      return .secret(source: source, value: text)
    }
    guard let google = value.mapping(["google"])?["google"] else { return nil }
    let source: GoogleSource
    do throws(GoogleCredentialError) {
      if google.hasMember("file") {
        guard let path = google.mapping(["file"])?["file"]?.string() else { return nil }
        source = GoogleSource(file: path)
      } else if google.string() == "application_default" {
        source = try GoogleSource.applicationDefault(
          environment: environment,
          fileExists: secretPaths == nil ? { FileManager.default.fileExists(atPath: $0) } : { _ in true })
      } else {
        google.problem("`\(google.path)` must be application_default or {file: PATH}")
        return nil
      }
      // A command that needs no secrets calls nobody.
      if secretPaths == nil { try source.check() }
      return .google(source)
    } catch {
      google.problem("`\(google.path)`: \(error)")
      return nil
    }
  }
}
