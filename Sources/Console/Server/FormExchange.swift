// Pages with forms, and the forms that come back: with the token of the page, from this origin, and from nowhere else.

import HTTPTypes
import Hummingbird

extension FormTokens {
  /// Gives the page the token for its forms, and the browser the cookie the token belongs to.
  func page(
    for request: Request, status: HTTPResponse.Status = .ok, _ makePage: (Forms) async throws -> Page
  ) async throws -> Response {
    let known = Self.nonce(in: request)
    let nonce = known ?? Self.newNonce()
    let page = try await makePage(Forms(token: token(for: nonce)))
    return .page(page, status: status, headers: known == nil ? [.setCookie: Self.setCookie(nonce)] : [:])
  }

  /// What a form says that came from one of our pages; throws `RequestProblem` for any other.
  func fields(of request: Request, limit: Int = FormRoutes.bodyLimit) async throws -> [String: String] {
    try SameOrigin.check(request)
    var request = request
    guard request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true else {
      throw RequestProblem(
        .unsupportedMediaType, "Not a form",
        "Forms are application/x-www-form-urlencoded; programs use /api with application/json.")
    }
    let nonce = Self.nonce(in: request)
    let body = String(buffer: try await request.collectBody(upTo: limit))
    let fields: [String: String]
    do {
      fields = try URLEncodedFormDecoder().decode([String: String].self, from: body)
    } catch {
      throw RequestProblem(
        .badRequest, "Unreadable form", "The form's fields could not be read. Go back, load the page again and retry.")
    }
    guard accepts(fields[Self.field], nonce: nonce) else {
      throw RequestProblem(
        .forbidden, "Form refused",
        "The form did not come from a current page of this console. Go back, load the page again and retry.")
    }
    return fields
  }
}

/// Refuses what another site's page sends, as far as the browser tells.
enum SameOrigin {
  static func check(_ request: Request) throws {
    let refusal = RequestProblem(
      .forbidden, "Request refused", "Actions are accepted from this console's own pages and from programs, not from other sites."
    )
    if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { throw refusal }
    if let origin = request.headers[.origin] {
      guard let authority = request.head.authority, origin == "http://\(authority)" || origin == "https://\(authority)" else {
        throw refusal
      }
    }
  }
}
