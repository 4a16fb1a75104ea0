// What an Agent says of itself under `/info`: which doors it has, and what it wants done before it.

import Foundation

package struct AgentInfo: Equatable, Sendable {
  package var version = ""
  package var endpoints: Set<String> = []
  /// It wants traces that are given up left out, by whoever computes their statistics.
  package var dropsUnsampledAtClient = false
  /// It takes the structured member of spans that LLM Observability travels in.
  package var takesSpanStructures = false
  package var peerTags: [String] = []
  package var proxyHeaders: [String] = []

  package init() {}

  /// `nil` when this is no such document.
  package init?(_ body: [UInt8]) {
    struct Document: Decodable {
      var version: String?
      var endpoints: [String]?
      var client_drop_p0s: Bool?
      var span_meta_structs: Bool?
      var peer_tags: [String]?
      var evp_proxy_allowed_headers: [String]?
    }
    guard let document = try? JSONDecoder().decode(Document.self, from: Data(body)), let endpoints = document.endpoints else {
      return nil
    }
    version = document.version ?? ""
    self.endpoints = Set(endpoints.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 })
    dropsUnsampledAtClient = document.client_drop_p0s ?? false
    takesSpanStructures = document.span_meta_structs ?? false
    peerTags = document.peer_tags ?? []
    proxyHeaders = document.evp_proxy_allowed_headers ?? []
  }

  /// The newest door for traces in the form we write; an older one takes the same bytes.
  package var tracesPath: String? {
    ["/v0.4/traces", "/v0.3/traces"].first { endpoints.contains($0) }
  }

  /// It takes statistics, and wants them from whoever sends traces.
  package var takesStatistics: Bool { dropsUnsampledAtClient && endpoints.contains(Self.statisticsPath) }
  package static let statisticsPath = "/v0.6/stats"

  /// The prefix under which the Agent passes requests on to Datadog's intakes, newest first.
  package var eventProxyPath: String? {
    ["/evp_proxy/v4", "/evp_proxy/v3", "/evp_proxy/v2"].first { endpoints.contains($0) }
  }
}

/// What is known of the Agent.
package enum AgentState: Equatable, Sendable {
  case unasked
  /// Nobody answers there, or not in a way that is understood.
  case absent(problem: String)
  /// It answers, but has no `/info`: an Agent before 7.27 has `/v0.4/traces` and no event proxy.
  case old
  case present(AgentInfo)

  package var info: AgentInfo? { if case .present(let info) = self { info } else { nil } }

  /// Where traces go. An Agent that is away may be back when they are sent.
  package var tracesPath: String { info?.tracesPath ?? "/v0.4/traces" }

  /// For a page, in words; `nil` when all is well.
  package var problem: String? {
    switch self {
    case .unasked, .old: nil
    case .absent(let problem): problem
    case .present(let info): info.tracesPath == nil ? "the Agent \(info.version) does not take traces" : nil
    }
  }
}
