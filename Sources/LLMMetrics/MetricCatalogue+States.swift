// The metrics that come from no span: states of budgets and circuits, and this product's account of itself.

import LLMTelemetry

extension MetricCatalogue {
  package static let budgetUsed = MetricDefinition(
    "llm.budget.used", .gauge, .share, tags: ["budget"], hasDimensions: false, short: "budget used",
    "Share of a budget's period that is spent or reserved; above 1 it is overspent.")
  package static let budgetRefusals = MetricDefinition(
    "llm.budget.refusals", .count, .request, tags: ["budget"], hasDimensions: false, short: "budget refusals",
    "Requests refused because this budget had no room. Each is an exchange with its own span and error too.")
  package static let circuitOpen = MetricDefinition(
    "llm.circuit.open", .gauge, .state, tags: ["provider", "model"], hasDimensions: false, short: "circuit open",
    "1 while the circuit of a target is open and requests go elsewhere, 0 while it is closed.")
  package static let gatewayCache = MetricDefinition(
    "llm.gateway.cache", .count, .answer, tags: ["result"], hasDimensions: false, short: "cached answers",
    """
    The gateway's cache of answers, by result: hit and miss are requests that might be answered from it, stored are answers it took, \
    evicted those that made room for others. Only where a route or an override uses the cache.
    """)
  package static let detectionFindings = MetricDefinition(
    "llm.detection.findings", .gauge, .state,
    tags: ["signal", "provider", "model", "route", "tenant", "feature", "prompt", "prompt_version", "region"],
    hasDimensions: false,
    short: "detection findings",
    "1 while detection follows a failure that shows in this signal, 0 when it has ended; the other tags are the values it blames."
  )
  package static let riskShift = MetricDefinition(
    "llm.risk.shift", .gauge, .share, tags: ["model", "prompt", "prompt_version", "tenant", "route", "scorer"],
    hasDimensions: false, short: "risk shift",
    """
    How far the scores of a stream have moved up from their baseline: the CUSUM over its threshold, 1 and more is a shift. Streams \
    below a tenth are left out.
    """)

  package static let judgeVerdicts = MetricDefinition(
    "llm.judge.verdicts", .count, .answer, tags: ["scorer", "verdict"], hasDimensions: false, short: "verdicts",
    """
    Answers the judge gave a verdict on, by scorer; verdict is both_risky, both_fine, only_score or only_judge: who found the answer \
    risky, the judge and the always-on score.
    """)
  package static let judgeUnanswered = MetricDefinition(
    "llm.judge.unanswered", .count, .answer, tags: ["reason"], hasDimensions: false, short: "no verdict",
    "Answers that were chosen for the judge and got no verdict, by reason.")
  package static let judgeAgreement = MetricDefinition(
    "llm.judge.agreement", .gauge, .share, tags: ["scorer"], hasDimensions: false, short: "judge agreement",
    "Share of the last verdicts in which judge and always-on score say the same of an answer. Absent while there are too few.")
  package static let judgeRanking = MetricDefinition(
    "llm.judge.ranking", .gauge, .share, tags: ["scorer"], hasDimensions: false, short: "judge ranking",
    """
    Chance that an answer the judge found risky has the higher always-on score than one it found fine (AUROC); 0.5 is guessing. Absent \
    while there are too few of either.
    """)
  package static let judgeCost = MetricDefinition(
    "llm.judge.cost", .count, .dollar, tags: ["cost_exactness"], hasDimensions: false, short: "judge cost",
    "US dollars that the judge's own calls cost, as llm.cost has it for all others. They are in no other metric of exchanges.")
  package static let judgeCostUnknown = MetricDefinition(
    "llm.judge.cost.unknown", .count, .request, hasDimensions: false, short: "judge cost unknown",
    "Calls of the judge whose cost could not be told.")

  package static let spansReceived = MetricDefinition(
    "llm.commander.spans.received", .count, .span, hasDimensions: false, short: "spans received",
    "Spans offered to ingest, those it had to drop included.")
  package static let spansDropped = MetricDefinition(
    "llm.commander.spans.dropped", .count, .span, tags: ["reason"], hasDimensions: false, short: "spans dropped",
    "Spans our own bounded queues had to drop, by reason.")
  package static let rollupsLost = MetricDefinition(
    "llm.commander.rollups.lost", .count, .item, tags: ["sink"], hasDimensions: false, short: "rollups lost",
    "Rollups, each ten seconds of every series, that a sink could not take: that time is missing in its charts and monitors.")
  package static let scoresShed = MetricDefinition(
    "llm.commander.scores.shed", .count, .answer, hasDimensions: false, short: "scores shed",
    "Answers left unscored because more than half of the span queue was waiting.")
  package static let queueDepth = MetricDefinition(
    "llm.commander.queue.depth", .gauge, .span, hasDimensions: false, short: "queue depth",
    "Spans that wait to be processed.")
  package static let ingestLag = MetricDefinition(
    "llm.commander.ingest.lag", .distribution, .second, per: .span, hasDimensions: false, hasPercentiles: true,
    short: "ingest lag",
    "From the end of a span to its batch's processing: the newest span of each batch is measured.")
  package static let deliveryDropped = MetricDefinition(
    "llm.commander.delivery.dropped", .count, .item, tags: ["lane", "reason"], hasDimensions: false, short: "delivery dropped",
    "Things that a lane of delivery had to drop, by lane and reason.")
  package static let deliveryWaiting = MetricDefinition(
    "llm.commander.delivery.waiting", .gauge, .item, tags: ["lane"], hasDimensions: false, short: "delivery waiting",
    "Things that wait in a lane of delivery.")
  package static let valuesFolded = MetricDefinition(
    "llm.commander.values.folded", .count, .value, tags: ["metric"], hasDimensions: false, short: "values folded",
    "Values that went into a series in which the cardinality governor wrote other for a tag, by metric. None is lost.")
  package static let shiftUnwatched = MetricDefinition(
    "llm.commander.shift.unwatched", .count, .score, hasDimensions: false, short: "shift unwatched",
    "Scores that no stream of the watch for population shifts took, because as many streams as it keeps were in use.")
  package static let heartbeat = MetricDefinition(
    "llm.commander.heartbeat", .count, .beat, hasDimensions: false, short: "heartbeat",
    "One each interval while this process lives: a monitor on its absence notices when it does not.")

  static let states = [
    budgetUsed, budgetRefusals, circuitOpen, gatewayCache, detectionFindings, riskShift, judgeVerdicts, judgeUnanswered,
    judgeAgreement,
    judgeRanking, judgeCost, judgeCostUnknown,
  ]
  static let own = [
    spansReceived, spansDropped, rollupsLost, scoresShed, queueDepth, ingestLag, deliveryDropped, deliveryWaiting, valuesFolded,
    shiftUnwatched, heartbeat,
  ]
}
