// What holds for every response: only known host names, strict security headers, errors as pages or JSON.

import HTTPTypes
import Hummingbird
import Logging
import LLMTelemetry
import Remediation

// Constants in HTTP's token alphabet: the initialiser cannot refuse them.
// swift-format-ignore: NeverForceUnwrap
extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
  static let crossOriginResourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
  static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
  static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}

struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
  /// Nothing runs, nothing is framed, nothing is fetched from elsewhere.
  static var policy: String {
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
  }

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    var response = try await next(request, context)
    response.headers[.contentSecurityPolicy] = Self.policy
    response.headers[.xContentTypeOptions] = "nosniff"
    // Forms need an Origin, which `no-referrer` would turn into "null".
    response.headers[.referrerPolicy] = "same-origin"
    response.headers[.crossOriginResourcePolicy] = "same-origin"
    response.headers[.crossOriginOpenerPolicy] = "same-origin"
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    return response
  }
}

struct KnownHosts<Context: RequestContext>: RouterMiddleware {
  let configuration: ConsoleConfiguration

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    guard configuration.permits(authority: request.head.authority) else {
      throw RequestProblem(
        .misdirectedRequest, "Unknown host name",
        "This console does not answer to the host name of the request. Use localhost or the listen address, or add the name to `console.hosts` in the configuration."
      )
    }
    return try await next(request, context)
  }
}

/// A request that cannot be served, with words for whoever sent it.
struct RequestProblem: Error {
  let status: HTTPResponse.Status
  let title: String
  let message: String

  init(_ status: HTTPResponse.Status, _ title: String, _ message: String) {
    self.status = status
    self.title = title
    self.message = message
  }
}

struct ProblemPages<Context: RequestContext>: RouterMiddleware {
  struct Document: Encodable {
    let error: String
  }

  let now: @Sendable () -> Timestamp
  let logger: Logger

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      let problem = problem(for: error, path: request.uri.path)
      if request.uri.path.hasPrefix("/api/") || request.uri.path.hasSuffix(".json") || request.uri.path.hasSuffix(".md") {
        return try .json(Document(error: problem.message), status: problem.status)
      }
      return .page(
        ErrorPage(status: problem.status.code, title: problem.title, message: problem.message, now: now()).page,
        status: problem.status)
    }
  }

  private func problem(for error: any Error, path: String) -> RequestProblem {
    switch error {
    case let problem as RequestProblem: return problem
    case let refusal as CommandRefusal:
      return RequestProblem(
        refusal.isUnknown ? .notFound : .conflict, refusal.isUnknown ? "Not found" : "Not possible now", "\(refusal)")
    case let error as any HTTPResponseError where error.status == .notFound:
      return RequestProblem(.notFound, "Nothing is here", "There is no page at \(path).")
    case let error as any HTTPResponseError where error.status.code < 500:
      return RequestProblem(error.status, "The request was refused", "\(error.status.code) \(error.status.reasonPhrase).")
    default:
      // What failed inside is for the log; a page could show it to the wrong person.
      logger.error("console request failed", metadata: ["path": "\(path)", "error": "\(error)"])
      return RequestProblem(
        .internalServerError, "The console failed",
        "The page could not be made. The commander's log has the reason; loading the page again may help.")
    }
  }
}
