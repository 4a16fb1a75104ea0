// The default pack's dashboards: overview, cost, quality, providers, objectives, and this product itself.

import LLMMetrics
import LLMTelemetry

extension MonitorPack {
  private typealias Line = DashboardDefinition.Line
  private typealias Widget = DashboardDefinition.Widget
  private typealias Section = DashboardDefinition.Section
  private typealias Catalogue = MetricCatalogue

  static let defaultDashboards = [overview, cost, quality, providers, objectives, commander]

  private static let requests = Line("requests", .count(Catalogue.requests))
  private static let errorShare = Line("error rate", .share(Catalogue.errors, of: Catalogue.requests))
  private static let costPerAnswer = Line("cost per answer", .share(Catalogue.cost, of: Catalogue.requests))

  private static func by(_ tag: String, _ name: String, _ query: MonitorQuery) -> Line { Line(name, query, by: [tag]) }

  private static let overview = DashboardDefinition(
    name: "overview", title: "LLM: overview", meaning: "Whether users get answers, in time, and what they cost.",
    variables: [.env, .service, .route, .model, .tenant],
    sections: [
      Section(
        "Now",
        [
          Widget("Requests", .value(requests, decimals: 0)), Widget("Error rate", .value(errorShare, decimals: 4)),
          Widget("p95 latency (s)", .value(Line("p95", .value(.p95, Catalogue.duration)), decimals: 2)),
          Widget("Cost ($)", .value(Line("cost", .count(Catalogue.cost)), decimals: 2)),
          Widget("Monitors that are not ok", .monitors),
        ]),
      Section(
        "Requests",
        [
          Widget("Requests by route", .series(.bars, [by("route", "requests", .count(Catalogue.requests))])),
          Widget("Errors by class", .series(.bars, [by("error_class", "errors", .count(Catalogue.errors))])),
          Widget(
            "Error rate by route", .series(.line, [by("route", "error rate", .share(Catalogue.errors, of: Catalogue.requests))])),
          Widget(
            "Cancelled and blocked",
            .series(
              .bars,
              [
                Line("cancelled", .count(Catalogue.requestsCancelled)), Line("blocked", .count(Catalogue.requestsBlocked)),
              ])),
        ]),
      Section(
        "Waiting",
        [
          Widget(
            "Latency (s)",
            .series(
              .line,
              [
                Line("p50", .value(.p50, Catalogue.duration)), Line("p95", .value(.p95, Catalogue.duration)),
                Line("p99", .value(.p99, Catalogue.duration)),
              ])),
          Widget(
            "Time to first token (s)",
            .series(
              .line,
              [
                Line("p50", .value(.p50, Catalogue.timeToFirstToken)), Line("p95", .value(.p95, Catalogue.timeToFirstToken)),
              ])),
          Widget("Longest gap in a stream (s)", .series(.line, [Line("p95", .value(.p95, Catalogue.longestGap))])),
          Widget(
            "Seconds per output token by model", .series(.line, [by("model", "p90", .value(.p90, Catalogue.timePerOutputToken))])),
        ]),
      Section(
        "Where",
        [
          Widget(
            "Routes",
            .table(
              [
                by("route", "requests", .count(Catalogue.requests)),
                by("route", "error rate", .share(Catalogue.errors, of: Catalogue.requests)),
                by("route", "p95 (s)", .value(.p95, Catalogue.duration)), by("route", "cost ($)", .count(Catalogue.cost)),
              ], limit: 20)),
          Widget(
            "Prompt versions",
            .table(
              [
                by("prompt_version", "requests", .count(Catalogue.requests)),
                by("prompt_version", "error rate", .share(Catalogue.errors, of: Catalogue.requests)),
                by("prompt_version", "ungrounded", .share(Catalogue.answersUngrounded, of: Catalogue.answersScored)),
              ], limit: 20)),
        ]),
    ])

  private static let cost = DashboardDefinition(
    name: "cost", title: "LLM: cost", meaning: "Who spends how much on which models, and why it changes.",
    variables: [.env, .service, .tenant, .feature, .model],
    sections: [
      Section(
        "Money",
        [
          Widget("Cost ($)", .value(Line("cost", .count(Catalogue.cost)), decimals: 2)),
          Widget("Cost per answer ($)", .value(costPerAnswer, decimals: 4)),
          Widget(
            "Share without a known cost",
            .value(Line("unknown", .share(Catalogue.costUnknown, of: Catalogue.requests)), decimals: 4)),
          Widget("Cost by model ($)", .series(.bars, [by("model", "cost", .count(Catalogue.cost))])),
          Widget("Cost per minute ($)", .series(.line, [Line("cost per minute", .perMinute(Catalogue.cost))])),
          Widget(
            "Cost per answer by route ($)",
            .series(.line, [by("route", "cost per answer", .share(Catalogue.cost, of: Catalogue.requests))])),
        ]),
      Section(
        "Who",
        [
          Widget("Tenants ($)", .top(by("tenant", "cost", .count(Catalogue.cost)), limit: 10)),
          Widget("Features ($)", .top(by("feature", "cost", .count(Catalogue.cost)), limit: 10)),
          Widget("Routes ($)", .top(by("route", "cost", .count(Catalogue.cost)), limit: 10)),
        ]),
      Section(
        "Tokens",
        [
          Widget("Tokens by type", .series(.bars, [by("token_type", "tokens", .count(Catalogue.tokens))])),
          Widget(
            "Tokens per request by route",
            .series(.line, [by("route", "tokens per request", .share(Catalogue.tokens, of: Catalogue.requests))])),
          Widget(
            "Share of tokens read from a cache",
            .series(
              .line,
              [
                Line("cached", .share(Catalogue.tokens, ["token_type": "cache_read"], of: Catalogue.tokens))
              ])),
        ]),
    ])

  private static func flagged(_ scorer: RiskScorer) -> Line {
    Line(scorer.rawValue.replacing("_", with: " "), .flagged(scorer.rawValue))
  }

  private static let quality = DashboardDefinition(
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
            "Attacks, share of answers", .series(.line, [flagged(.injection), flagged(.indirectInjection), flagged(.promptLeak)])),
          Widget("Sensitive data, share of answers", .series(.line, [flagged(.sensitiveData)])),
          Widget(
            "Form, share of answers", .series(.line, [flagged(.malformed), flagged(.repetition), flagged(.languageMismatch)])),
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

  private static let providers = DashboardDefinition(
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

  private static let objectives = DashboardDefinition(
    name: "slos", title: "LLM: SLOs", meaning: "What was promised, what is left of each budget, and the events behind it.",
    variables: [.env, .service],
    sections: [
      Section(
        "Promises",
        [
          Widget("Objectives", .objectives), Widget("Monitors that are not ok", .monitors),
        ]),
      Section(
        "Events",
        [
          Widget("Requests and errors", .series(.bars, [requests, Line("errors", .count(Catalogue.errors))])),
          Widget("Latency (s)", .series(.line, [Line("p95", .value(.p95, Catalogue.duration))])),
          Widget("Time to first token (s)", .series(.line, [Line("p95", .value(.p95, Catalogue.timeToFirstToken))])),
          Widget(
            "Scored and ungrounded answers",
            .series(
              .bars,
              [
                Line("scored", .count(Catalogue.answersScored)), Line("ungrounded", .count(Catalogue.answersUngrounded)),
              ])),
          Widget("Cost per answer ($)", .series(.line, [costPerAnswer])),
        ]),
    ])

  private static let commander = DashboardDefinition(
    name: "commander", title: "LLM Incident Commander", meaning: "Whether this product lives, keeps up and loses nothing.",
    variables: [],
    sections: [
      Section(
        "Life",
        [
          Widget("Heartbeats", .series(.bars, [Line("heartbeats", .count(Catalogue.heartbeat))])),
          Widget("Spans received", .series(.bars, [Line("spans", .count(Catalogue.spansReceived))])),
          Widget(
            "Lag (s)",
            .series(.line, [Line("p50", .value(.p50, Catalogue.ingestLag)), Line("p95", .value(.p95, Catalogue.ingestLag))])),
          Widget("Spans that wait", .series(.line, [Line("waiting", .value(.max, Catalogue.queueDepth))])),
        ]),
      Section(
        "Losses",
        [
          Widget("Spans dropped by reason", .series(.bars, [by("reason", "dropped", .count(Catalogue.spansDropped))])),
          Widget("Scores shed", .series(.bars, [Line("shed", .count(Catalogue.scoresShed))])),
          Widget(
            "Deliveries dropped", .series(.bars, [Line("dropped", .count(Catalogue.deliveryDropped), by: ["lane", "reason"])])),
          Widget("Deliveries that wait", .series(.line, [by("lane", "waiting", .value(.max, Catalogue.deliveryWaiting))])),
          Widget("Values folded into other", .series(.bars, [by("metric", "folded", .count(Catalogue.valuesFolded))])),
        ]),
      Section(
        "Budgets and circuits",
        [
          Widget("Budgets used", .series(.line, [by("budget", "used", .value(.max, Catalogue.budgetUsed))])),
          Widget("Refused by a budget", .series(.bars, [by("budget", "refused", .count(Catalogue.budgetRefusals))])),
          Widget(
            "Open circuits", .series(.line, [Line("open", .value(.max, Catalogue.circuitOpen), by: ["provider", "model"])])),
        ]),
    ])
}
