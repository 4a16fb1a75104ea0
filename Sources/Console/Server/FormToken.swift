// The proof that a form was sent from one of our own pages: a signed double-submit token.

import Crypto
import HTTPTypes
import Hummingbird

/// The browser holds a random value in a cookie that no other site's page makes it send; every form repeats its keyed hash.
struct FormTokens: Sendable {
  static let cookie = "commander_form"
  static let field = "form_token"

  /// Lives as long as the process: a form from before a restart is refused, and loading the page again mends it.
  private let key = SymmetricKey(size: .bits256)

  func token(for nonce: String) -> String {
    HMAC<SHA256>.authenticationCode(for: Array(nonce.utf8), using: key).map { Self.hexadecimal($0) }.joined()
  }

  func accepts(_ token: String?, nonce: String?) -> Bool {
    guard let token, let nonce, Self.isNonce(nonce) else { return false }
    let wanted = Array(self.token(for: nonce).utf8)
    let given = Array(token.utf8)
    guard wanted.count == given.count else { return false }
    return zip(wanted, given).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  static func nonce(in request: Request) -> String? {
    request.cookies[cookie].map(\.value).flatMap { isNonce($0) ? $0 : nil }
  }

  static func newNonce() -> String {
    (0..<16).map { _ in hexadecimal(UInt8.random(in: 0...255)) }.joined()
  }

  static func setCookie(_ nonce: String) -> String { "\(cookie)=\(nonce); Path=/; HttpOnly; SameSite=Strict" }

  private static func isNonce(_ text: String) -> Bool {
    text.utf8.count == 32 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.utf8.count == 1 ? "0" + digits : digits
  }
}

/// What a page needs to draw a form that will be accepted.
struct Forms {
  let token: String

  func button(_ label: String, to action: String, class style: String = "", fields: [(name: String, value: String)] = []) -> HTML
  {
    form(to: action, "\(hidden(fields))<button\(Self.attribute(style))>\(label)</button>")
  }

  /// A button that opens a field for a reason or a note, since what is written down is worth more than a click.
  func field(
    _ label: String, to action: String, name: String, hint: String, isRequired: Bool, fields: [(name: String, value: String)] = []
  ) -> HTML {
    let required: HTML = isRequired ? " required=\"required\"" : ""
    return """
      <details class="ask"><summary class="button">\(label)</summary>\
      \(form(to: action, "\(hidden(fields))<label>\(hint)<input name=\"\(name)\" maxlength=\"2000\" autocomplete=\"off\"\(required)/></label><button>\(label)</button>"))</details>
      """
  }

  /// The same with a choice of words instead of a text.
  func choice(_ label: String, to action: String, name: String, hint: String, values: [String], present: String) -> HTML {
    let options = values.map { value -> HTML in
      let selected: HTML = value == present ? " selected=\"selected\"" : ""
      return "<option\(selected)>\(value)</option>"
    }
    return """
      <details class="ask"><summary class="button">\(label)</summary>\
      \(form(to: action, "<label>\(hint)<select name=\"\(name)\">\(options)</select></label><button>\(label)</button>"))</details>
      """
  }

  func form(to action: String, _ content: HTML, class style: String = "") -> HTML {
    "<form\(Self.attribute(style)) method=\"post\" action=\"\(action)\"><input type=\"hidden\" name=\"\(FormTokens.field)\" value=\"\(token)\"/>\(content)</form>"
  }

  private func hidden(_ fields: [(name: String, value: String)]) -> [HTML] {
    fields.map { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\"/>" }
  }

  private static func attribute(_ style: String) -> HTML { style.isEmpty ? .empty : " class=\"\(style)\"" }
}
