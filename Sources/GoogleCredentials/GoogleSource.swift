// Where a Google credential comes from, in the order of Application Default Credentials.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A place that gives tokens, and how it was found: errors name both.
package struct GoogleSource: Hashable, Sendable, CustomStringConvertible {
  package enum Place: Hashable, Sendable {
    /// A credential file of Google's making, read again at each exchange so that a renewed key is picked up.
    case file(String)
    /// The metadata server of a Google machine; a host, and a port where it is not 80.
    case metadataServer(host: String)
  }

  package let place: Place
  /// `named by GOOGLE_APPLICATION_CREDENTIALS`
  package let origin: String

  package init(place: Place, origin: String) {
    self.place = place
    self.origin = origin
  }

  package init(file path: String) { self.init(place: .file(path), origin: "named by the configuration") }

  package var description: String {
    switch place {
    case .file(let path): "Google credential file \(path) (\(origin))"
    case .metadataServer(let host): "metadata server \(host) (\(origin))"
    }
  }

  static let metadataHost = "metadata.google.internal"

  /// The first of: the file that GOOGLE_APPLICATION_CREDENTIALS names, gcloud's file, the metadata server.
  ///
  /// A variable that names a missing file is an error and not passed over: someone meant that credential.
  package static func applicationDefault(
    environment: [String: String], fileExists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
  ) throws(GoogleCredentialError) -> GoogleSource {
    func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let path = set("GOOGLE_APPLICATION_CREDENTIALS") {
      guard fileExists(path) else {
        throw GoogleCredentialError(
          .unreadable,
          "GOOGLE_APPLICATION_CREDENTIALS names \(path), and there is no such file; correct the variable, or unset it to use "
            + "gcloud's file or the metadata server")
      }
      return GoogleSource(place: .file(path), origin: "named by GOOGLE_APPLICATION_CREDENTIALS")
    }
    let folder = set("CLOUDSDK_CONFIG") ?? set("HOME").map { $0 + "/.config/gcloud" }
    let gcloud = folder.map { $0 + "/application_default_credentials.json" }
    if let gcloud, fileExists(gcloud) { return GoogleSource(place: .file(gcloud), origin: "made by gcloud") }
    let looked = "GOOGLE_APPLICATION_CREDENTIALS is not set, \(gcloud.map { "there is no \($0)" } ?? "HOME is not set either")"
    guard let host = set("GCE_METADATA_HOST") else {
      return GoogleSource(place: .metadataServer(host: metadataHost), origin: "asked last: \(looked)")
    }
    return GoogleSource(place: .metadataServer(host: host), origin: "named by GCE_METADATA_HOST; \(looked)")
  }
}

extension GoogleSource {
  /// Reads a file without asking anybody for a token: what is wrong with it is known before anything is started.
  package func check() throws(GoogleCredentialError) {
    if case .file(let path) = place { _ = try CredentialFile.read(path: path, origin: origin) }
  }
}
