// Where Datadog's intakes are.

enum DatadogSite {
  static let known = [
    "datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com",
    "ddog-gov.com",
  ]

  /// - Parameters:
  ///   - site: `datadoghq.com` and the like; one that begins with a scheme is the whole origin, for a relay in between.
  ///   - subdomain: which intake, such as `http-intake.logs`.
  static func origin(_ site: String, _ subdomain: String) -> String {
    let isOrigin = site.hasPrefix("http://") || site.hasPrefix("https://")
    return isOrigin ? withoutSlash(site) : "https://\(subdomain).\(site)"
  }

  static func withoutSlash(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}
