// Serves the page, its style and its script, with a policy that lets nothing else run.
import Foundation
import Hummingbird

struct PageRoutes: Sendable {
  let asking: AskRoutes
  private static let formLimit = 32 * 1024

  static let policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  func page() -> Response { Self.html(AskPage.render()) }

  /// The form without script.
  func ask(_ request: Request) async -> Response {
    let began = ContinuousClock.now
    do throws(Refusal) {
      try Self.checkOrigin(request)
      let form = try await request.body(upTo: Self.formLimit, words: "32 KB")
      let text = Self.field("question", of: String(buffer: form)).trimmingSpace
      guard !text.isEmpty, text.count <= AskRequest.questionLimit else {
        return Self.html(
          AskPage.render(question: text, content: .failure("Write a question of at most 4,000 characters.")), status: .badRequest)
      }
      let place = try asking.enter()
      defer { withExtendedLifetime(place) {} }
      let question = Question(text: text, origin: CallOrigin(tenant: asking.tenant, feature: "page"))
      switch await asking.answer(question, in: request, began: began) {
      case .success(let reply): return Self.html(AskPage.render(question: text, content: .answer(reply)))
      case .failure(let failure):
        return Self.html(
          AskPage.render(question: text, content: .failure(failure.body.error.message)), status: failure.status)
      }
    } catch {
      var response = Self.html(AskPage.render(content: .failure(error.message)), status: error.status)
      if let retryAfter = error.retryAfter { response.headers[.retryAfter] = retryAfter }
      return response
    }
  }

  func style() -> Response { Self.file(PageFiles.style, type: "text/css; charset=utf-8") }
  func script() -> Response { Self.file(PageFiles.script, type: "text/javascript; charset=utf-8") }

  /// A form of another site must not ask here with this reader's network.
  private static func checkOrigin(_ request: Request) throws(Refusal) {
    let site = HTTPFields.Element.Name("sec-fetch-site").flatMap { request.headers[$0] }
    guard let site, site != "same-origin", site != "none" else { return }
    throw Refusal(status: .forbidden, errorClass: "forbidden", message: "The question came from another site; ask on this page.")
  }

  /// `a=b&c=d`, with `+` for a space and percent escapes.
  static func field(_ name: String, of form: String) -> String {
    for pair in form.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == name else { continue }
      return parts[1].replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? ""
    }
    return ""
  }

  private static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    var response = file(text, type: "text/html; charset=utf-8")
    response.status = status
    response.headers[.cacheControl] = "no-store"
    response.headers[.contentSecurityPolicy] = policy
    if let name = HTTPFields.Element.Name("referrer-policy") { response.headers[name] = "no-referrer" }
    return response
  }

  private static func file(_ text: String, type: String) -> Response {
    var response = Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
    response.headers[.cacheControl] = "max-age=300"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }
}
