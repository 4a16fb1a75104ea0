// Which organisation is spoken to and with which keys; the keys never reach a text.

package struct DatadogAccount: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package struct Incomplete: Error, CustomStringConvertible {
    package let description: String
  }

  /// `datadoghq.com`, `us5.datadoghq.com`, `datadoghq.eu`, or with a scheme the whole origin of a relay or a stub.
  package let site: String
  let apiKey: String
  let applicationKey: String

  package init(site: String, apiKey: String, applicationKey: String) throws(Incomplete) {
    for (name, key) in [("DD_API_KEY", apiKey), ("DD_APP_KEY", applicationKey)] {
      guard !key.isEmpty else {
        throw Incomplete(description: "no \(name): set it in the environment, or name a file that holds it")
      }
      guard key.allSatisfy({ $0.isASCII && !$0.isWhitespace && !$0.isNewline }) else {
        throw Incomplete(description: "\(name) holds spaces or characters that no key has; copy it again")
      }
    }
    let isOrigin = site.hasPrefix("http://") || site.hasPrefix("https://")
    let allowed: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) }
    guard isOrigin || site.contains(".") && site.allSatisfy(allowed) else {
      throw Incomplete(
        description: "\"\(site)\" is no Datadog site; it is one of \(DatadogSite.known.joined(separator: ", "))")
    }
    self.site = site
    self.apiKey = apiKey
    self.applicationKey = applicationKey
  }

  /// - Parameter environment: `DD_API_KEY`, `DD_APP_KEY` (or `DD_APPLICATION_KEY`) and `DD_SITE`.
  package init(environment: [String: String], site: String? = nil) throws(Incomplete) {
    try self.init(
      site: site ?? environment["DD_SITE"].flatMap { $0.isEmpty ? nil : $0 } ?? "datadoghq.com",
      apiKey: environment["DD_API_KEY"] ?? "",
      applicationKey: environment["DD_APP_KEY"] ?? environment["DD_APPLICATION_KEY"] ?? "")
  }

  package var description: String { "Datadog \(site)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["site": site]) }

  var origin: String { DatadogSite.origin(site, "api") }

  package static let knownSites = DatadogSite.known

  /// The name whose address has to be found; `nil` behind a relay, whose address is its owner's affair.
  package var host: String? { site.hasPrefix("http") ? nil : "api.\(site)" }

  /// Where a person looks at things; `nil` behind a relay.
  package var page: String? {
    guard !site.hasPrefix("http") else { return nil }
    // Sites that have a number or a region in front are their own pages' host.
    return site.split(separator: ".").count > 2 ? "https://\(site)" : "https://app.\(site)"
  }
}
