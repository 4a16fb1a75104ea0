// Text that is HTML, built by string interpolation that escapes whatever is not HTML already.

/// A fragment of well-formed HTML. Interpolating a `String` escapes it; only `HTML` and `HTML(raw:)` go in as they are.
package struct HTML: ExpressibleByStringInterpolation, Sendable, Equatable {
  package let text: String

  /// Text that is trusted to be well-formed HTML.
  package init(raw text: String) { self.text = text }
  package init(stringLiteral value: String) { text = value }
  package init(stringInterpolation interpolation: StringInterpolation) { text = interpolation.text }

  package static let empty = HTML(raw: "")
  package var isEmpty: Bool { text.isEmpty }

  package struct StringInterpolation: StringInterpolationProtocol {
    var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + interpolationCount * 24)
    }
    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ html: HTML) { text += html.text }
    package mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }
    package mutating func appendInterpolation(_ fragments: [HTML]) { for fragment in fragments { text += fragment.text } }
    package mutating func appendInterpolation(_ string: some StringProtocol) { text.appendEscaped(string) }
    package mutating func appendInterpolation(_ number: some BinaryInteger) { text += String(number) }
  }

  package static func + (left: HTML, right: HTML) -> HTML { HTML(raw: left.text + right.text) }
}

extension String {
  /// Escapes for element content and for quoted attribute values alike; control characters that HTML forbids are dropped.
  mutating func appendEscaped(_ string: some StringProtocol) {
    for scalar in string.unicodeScalars {
      switch scalar {
      case "&": self += "&amp;"
      case "<": self += "&lt;"
      case ">": self += "&gt;"
      case "\"": self += "&quot;"
      case "'": self += "&#39;"
      case "\n", "\t", "\r": unicodeScalars.append(scalar)
      case _ where scalar.value < 32 || (127...159).contains(scalar.value): break
      default: unicodeScalars.append(scalar)
      }
    }
  }
}
