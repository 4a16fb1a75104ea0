// The default pack's dashboards on what answers say and on who gives them.

import LLMMetrics
import LLMTelemetry

extension MonitorPack {
  static func flagged(_ scorer: RiskScorer) -> Line {
    Line(scorer.rawValue.replacing("_", with: " "), .flagged(scorer.rawValue))
  }

  static let qualityDashboard = DashboardDefinition(
    name: "quality", title: "LLM: quality", meaning: "What the answers say: grounded, safe, well formed, complete.",
    variables: [.env, .service, .route, .model, .promptVersion],
    sections: [
      Section(
        "Grounding",
        [
          Widget(
            "Share of ungrounded answers",
            .value(Line("ungrounded", .share(Catalogue.answersUngrounded, of: Catalogue.answersScored)), decimals: 4)),
          Widget("Scored answers", .value(Line("scored", .count(Catalogue.answersScored)), decimals: 0)),
          Widget(
            "Ungrounded by prompt version",
            .series(
              .line,
              [
                by("prompt_version", "ungrounded", .share(Catalogue.answersUngrounded, of: Catalogue.answersScored))
              ])),
          Widget(
            "Ungrounded score",
            .series(
              .line,
              [
                Line("p50", .value(.p50, Catalogue.ungroundedScore)), Line("p95", .value(.p95, Catalogue.ungroundedScore)),
              ])),
        ]),
      Section(
        "Risk",
        [
          Widget(
            "Attacks, of all answers", .series(.line, [flagged(.injection), flagged(.indirectInjection), flagged(.promptLeak)])),
          Widget("Sensitive data, of all answers", .series(.line, [flagged(.sensitiveData)])),
          Widget(
            "Form, of all answers", .series(.line, [flagged(.malformed), flagged(.repetition), flagged(.languageMismatch)])),
          Widget("Flagged by scorer", .top(by("scorer", "flagged", .count(Catalogue.riskFlagged)), limit: 10)),
        ]),
      Section(
        "Endings",
        [
          Widget("Answers by finish reason", .series(.bars, [by("finish_reason", "requests", .count(Catalogue.requests))])),
          Widget(
            "Truncated, refused, blocked",
            .series(
              .line,
              [
                Line("truncated", .share(Catalogue.answersTruncated, of: Catalogue.requests)),
                Line("refused", .share(Catalogue.answersRefused, of: Catalogue.requests)),
                Line("blocked", .share(Catalogue.requestsBlocked, of: Catalogue.requests)),
              ])),
        ]),
      Section(
        "Retrieval",
        [
          Widget(
            "Share of empty retrievals",
            .series(.line, [Line("empty", .share(Catalogue.retrievalsEmpty, of: Catalogue.retrievals))])),
          Widget("Best document's score", .series(.line, [Line("mean", .value(.avg, Catalogue.retrievalTopScore))])),
          Widget("Retrieval time (s)", .series(.line, [Line("p95", .value(.p95, Catalogue.retrievalDuration))])),
        ]),
    ])

  static let providersDashboard = DashboardDefinition(
    name: "providers", title: "LLM: providers", meaning: "How each provider and model does, and where traffic goes instead.",
    variables: [.env, .provider, .model, .region],
    sections: [
      Section(
        "Providers",
        [
          Widget(
            "Providers",
            .table(
              [
                by("provider", "requests", .count(Catalogue.requests)),
                by("provider", "error rate", .share(Catalogue.errors, of: Catalogue.requests)),
                by("provider", "p95 first token (s)", .value(.p95, Catalogue.timeToFirstToken)),
                by("provider", "cost ($)", .count(Catalogue.cost)),
              ], limit: 10)),
          Widget(
            "Models",
            .table(
              [
                by("model", "requests", .count(Catalogue.requests)),
                by("model", "error rate", .share(Catalogue.errors, of: Catalogue.requests)),
                by("model", "p95 (s)", .value(.p95, Catalogue.duration)),
                by("model", "cost per answer ($)", .share(Catalogue.cost, of: Catalogue.requests)),
              ], limit: 20)),
          Widget("Requests by provider", .series(.area, [by("provider", "requests", .count(Catalogue.requests))])),
        ]),
      Section(
        "Failures",
        [
          Widget("Errors by class", .series(.bars, [by("error_class", "errors", .count(Catalogue.errors))])),
          Widget(
            "Error rate by provider",
            .series(.line, [by("provider", "error rate", .share(Catalogue.errors, of: Catalogue.requests))])),
          Widget(
            "Rate limited by provider",
            .series(
              .bars,
              [
                by("provider", "rate limited", .count(Catalogue.errors, ["error_class": "rate_limited"]))
              ])),
          Widget("Attempts per request", .series(.line, [Line("attempts", .share(Catalogue.attempts, of: Catalogue.requests))])),
          Widget("Fallbacks", .series(.bars, [by("model", "fallbacks", .count(Catalogue.fallbacks))])),
          Widget(
            "Open circuits", .series(.line, [Line("open", .value(.max, Catalogue.circuitOpen), by: ["provider", "model"])])),
        ]),
      Section(
        "Speed",
        [
          Widget(
            "p95 time to first token by provider (s)",
            .series(.line, [by("provider", "p95", .value(.p95, Catalogue.timeToFirstToken))])),
          Widget("p95 longest gap by provider (s)", .series(.line, [by("provider", "p95", .value(.p95, Catalogue.longestGap))])),
        ]),
    ])
}
