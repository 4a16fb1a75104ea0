// Which content of an exchange goes on to the sinks, by its route.

/// What becomes of the text of an exchange behind the redaction stage. The raw value is the word in the configuration.
package enum ContentCapture: String, CaseIterable, Hashable, Sendable {
  /// It ends there.
  case off
  /// A keyed hash and a length take its place: equal texts can be told to be equal, and none can be read.
  case hashed
  /// Without credentials and personal data.
  case redacted
  /// As it was, but for credentials: no sink has a use for a key, and whoever reads a trace must not be able to use one.
  case full
}

package struct CapturePolicy: Hashable, Sendable {
  /// For routes without a word of their own, and for spans that came over none.
  package var standard: ContentCapture
  package var byRoute: [String: ContentCapture]

  package init(_ standard: ContentCapture = .off, byRoute: [String: ContentCapture] = [:]) {
    self.standard = standard
    self.byRoute = byRoute
  }

  package func capture(route: String?) -> ContentCapture {
    guard !byRoute.isEmpty, let route else { return standard }
    return byRoute[route] ?? standard
  }
}
