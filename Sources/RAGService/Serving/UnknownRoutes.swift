// Answers requests that no route takes, in the words of all other errors: with the paths and methods that exist.
import Hummingbird

/// To be added after all routes: then it stands in front of nothing but Hummingbird's own empty 404.
struct UnknownRoutes<Context: RequestContext>: RouterMiddleware {
  /// Each path with its methods, as `/documents/{id}`.
  private let methods: [String: [HTTPRequest.Method]]

  init(known router: Router<Context>) {
    methods = Dictionary(grouping: router.routes, by: { "/" + $0.path.description.trimmingSlashes })
      .mapValues { $0.map(\.method) }
  }

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let path = "/" + request.uri.path.trimmingSlashes
    let allowed = methods.filter { Self.matches(path, pattern: $0.key) }.flatMap(\.value).map(\.rawValue).sorted()
    guard allowed.isEmpty else {
      var response = Response.json(
        ErrorReply(
          class: "method_not_allowed",
          message:
            "\(request.method.rawValue.prefix(20)) is not taken by \(path.prefix(100)); \(allowed.joined(separator: ", ")) is"),
        status: .methodNotAllowed)
      response.headers[.allow] = allowed.joined(separator: ", ")
      return response
    }
    return Response.json(
      ErrorReply(
        class: "not_found",
        message: "there is no \(path.prefix(100)); there are \(methods.keys.sorted().joined(separator: ", "))"),
      status: .notFound)
  }

  private static func matches(_ path: String, pattern: String) -> Bool {
    let (parts, wanted) = (path.split(separator: "/"), pattern.split(separator: "/"))
    return parts.count == wanted.count && zip(parts, wanted).allSatisfy { $1.hasPrefix("{") || $0 == $1 }
  }
}

extension String {
  fileprivate var trimmingSlashes: String { split(separator: "/").joined(separator: "/") }
}
