// A provider's credential: a secret from outside, or Google's, whose tokens are renewed while the commander runs.

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
      return value.secret(environment: environment).map { .secret(source: $0.source, value: $0.value) }
    }
    guard let google = value.mapping(["google"])?["google"] else { return nil }
    let source: GoogleSource
    do throws(GoogleCredentialError) {
      if google.hasMember("file") {
        guard let path = google.mapping(["file"])?["file"]?.string() else { return nil }
        source = GoogleSource(file: path)
      } else if google.string() == "application_default" {
        source = try GoogleSource.applicationDefault(environment: environment)
      } else {
        google.problem("`\(google.path)` must be application_default or {file: PATH}")
        return nil
      }
      try source.check()
      return .google(source)
    } catch {
      google.problem("`\(google.path)`: \(error)")
      return nil
    }
  }
}
