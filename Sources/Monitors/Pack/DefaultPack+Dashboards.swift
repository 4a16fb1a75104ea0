// The default pack's dashboards: overview, cost, quality, providers, objectives, and this product itself.

import LLMMetrics
import LLMTelemetry

extension MonitorPack {
  typealias Line = DashboardDefinition.Line
  typealias Widget = DashboardDefinition.Widget
  typealias Section = DashboardDefinition.Section
  typealias Catalogue = MetricCatalogue

  static let defaultDashboards = [
    overviewDashboard, costDashboard, qualityDashboard, providersDashboard, objectivesDashboard, commanderDashboard,
  ]

  static let requests = Line("requests", .count(Catalogue.requests))
  static let errorShare = Line("error rate", .share(Catalogue.errors, of: Catalogue.requests))
  static let costPerAnswer = Line("cost per answer", .share(Catalogue.cost, of: Catalogue.requests))

  static func by(_ tag: String, _ name: String, _ query: MonitorQuery) -> Line { Line(name, query, by: [tag]) }

  static let overviewDashboard = DashboardDefinition(
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
            "Seconds per token by model", .series(.line, [by("model", "p90", .value(.p90, Catalogue.timePerOutputToken))])),
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

  static let costDashboard = DashboardDefinition(
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

  static let objectivesDashboard = DashboardDefinition(
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

  static let commanderDashboard = DashboardDefinition(
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
