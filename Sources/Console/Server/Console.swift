// The console as an application: which address answers what.

import HTTPTypes
import Hummingbird
import LLMTelemetry
import Logging

package enum Console {
  package typealias Context = BasicRequestContext

  /// An application on its own listener; `addRoutes` may put further routes behind the same checks, `onServerRunning` is told
  /// the bound port.
  package static func buildApplication(
    source: ConsoleSource, configuration: ConsoleConfiguration, logger: Logger,
    addRoutes: (Router<Context>) -> Void = { _ in },
    onServerRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) -> Application<RouterResponder<Context>> {
    let router = buildRouter(source: source, configuration: configuration, logger: logger)
    addRoutes(router)
    return Application(
      responder: router.buildResponder(),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), serverName: "commander"),
      onServerRunning: { await onServerRunning($0.localAddress?.port ?? configuration.port) }, logger: logger)
  }

  package static func buildRouter(source: ConsoleSource, configuration: ConsoleConfiguration, logger: Logger) -> Router<Context> {
    let router = Router(context: Context.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: SecurityHeaders())
    router.add(middleware: ProblemPages(now: source.now, logger: logger))
    router.add(middleware: KnownHosts(configuration: configuration))

    router.get("console.css") { request, _ in
      Response.asset(Stylesheet.css, type: "text/css; charset=utf-8", entityTag: Stylesheet.entityTag, request: request)
    }
    router.get("icon.svg") { request, _ in Response.asset(Icon.svg, type: "image/svg+xml", entityTag: "\"1\"", request: request) }

    let tokens = FormTokens()
    PageRoutes(source: source, configuration: configuration, tokens: tokens).add(to: router)
    CostRoutes(source: source).add(to: router)
    PostmortemRoutes(source: source, configuration: configuration, tokens: tokens).add(to: router)
    FormRoutes(source: source, configuration: configuration, tokens: tokens).add(to: router)
    APIRoutes(source: source, configuration: configuration).add(to: router)
    return router
  }
}
