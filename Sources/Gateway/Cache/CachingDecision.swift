// Whether a request may be answered with an earlier answer, and whether its own is kept. Pure.

import LLMTelemetry
import Providers

/// What a route does with its answers.
package enum RouteCache: Hashable, Sendable {
  /// Repeated requests are answered with answers that are no older.
  case serve(maxAge: Duration)
  /// Answers are kept, and given again only where an override says so: an outage then does not find the cache empty.
  case keep
}

/// What the cache of answers may do for one request.
struct CachingDecision: Equatable {
  /// How old an answer may be that is given again; `nil`: the request goes to a provider, and its answer is kept.
  var maxAge: Duration?

  /// A longer request is hashed for too long, and is hardly repeated.
  static let requestLimit = 1 << 20

  init(maxAge: Duration?) { self.maxAge = maxAge }

  /// `nil` where the cache has no part in the request.
  ///
  /// - Parameter override: how old an answer may be by an override that is applied to the request; it counts before the route's own.
  init?(
    route: RouteCache?, override: Duration?, bodyFormat: BodyFormat, request: RequestFacts, headers: HeaderBlock, bodyBytes: Int
  ) {
    guard Self.keeps(bodyFormat), request.answerCount == 1, bodyBytes <= Self.requestLimit,
      !headers.lists("no-store", in: "cache-control")
    else { return nil }
    // The client wants an answer of its own, and it is the newest for whoever asks next.
    if headers.lists("no-cache", in: "cache-control") {
      maxAge = nil
    } else if let override {
      maxAge = override
    } else if case .serve(let own) = route {
      maxAge = own
    } else {
      maxAge = nil
    }
  }

  /// Counting tokens costs nothing, and a Responses API request may continue a conversation that the provider keeps: to answer it
  /// from here would leave that conversation behind.
  private static func keeps(_ bodyFormat: BodyFormat) -> Bool {
    switch bodyFormat {
    case .openAIChat, .anthropicMessages, .googleGenerate, .openAIEmbeddings, .googleEmbed, .vertexPredict: true
    case .openAIResponses, .anthropicTokenCount, .googleTokenCount: false
    }
  }
}

extension RoutingOverrides {
  /// Whether one of them lets answers be given again.
  var useCache: Bool {
    overrides.contains { if case .cacheAnswers = $0.action { true } else { false } }
  }
}
