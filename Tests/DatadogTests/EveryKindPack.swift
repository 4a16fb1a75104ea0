// A pack that says everything that definitions can say, beside what the default pack has.

enum EveryKindPack {
  static let yaml = """
    slos:
      - name: answered
        title: Questions are answered
        good: {metric: llm.requests, where: [{tag: error_class, absent: true}]}
        of: {metric: llm.requests}
        target: 99
        timeframe: month
        owner: search
        notify: ["@slack-search"]
        runbook: https://runbooks.example/answered
        tags: ["tier:1"]
        steps: [Which route?]
      - name: week
        title: Quick enough this week
        slice: {query: p95(llm.request.duration), below: 20, every: 5m}
        target: 95
        timeframe: week
      - name: calm
        title: Nothing is wrong
        monitors: [failing, both]
        target: 99
        timeframe: quarter
    monitors:
      - name: failing
        title: Requests fail
        severity: SEV-1
        query: sum(llm.errors) / sum(llm.requests)
        window: 5m
        above: 0.1
        recovery: 0.05
        traffic_gate: 20
        group_by: [route]
        meaning: People see errors.
        steps: [Look at the classes of errors., Look at the provider.]
        playbooks: [fall-back-model]
        notify: ["@slack-search"]
        tags: ["tier:1"]
        mutes:
          - {from: 2099-12-01T22:00:00Z, to: 2099-12-02T02:00:00Z, scope: {route: batch}, reason: Load test}
          - {from: 2099-12-24T00:00:00Z, to: 2099-12-27T00:00:00Z}
      - name: many
        title: Many requests
        severity: SEV-4
        query: sum(llm.requests)
        window: 10m
        above: 1000
        renotify: 4h
        evaluation_delay: 1m
      - {name: none, title: No requests, severity: SEV-2, query: sum(llm.requests), window: 30m, above: 15, absence: true}
      - name: slower
        title: Slower than yesterday
        severity: SEV-3
        query: p95(llm.request.duration)
        change: {measure: percent, shift: 1d}
        window: 30m
        above: 50
      - name: odd
        title: Tokens are unusual
        severity: SEV-3
        query: sum(llm.tokens)
        anomaly: {direction: above, seasonality: daily}
        window: 30m
        above: 4
      - name: other
        title: One provider is slower
        severity: SEV-3
        query: p95(llm.request.duration)
        outlier: {least_share: 0}
        group_by: [provider]
        window: 30m
        above: 3
      - name: deploys
        title: Many deploys
        severity: SEV-4
        events: {kind: deploy, subject: chat}
        window: 1h
        above: 3
      - name: found
        title: Detection has found a refusal
        severity: SEV-2
        detection: {signals: [refusal, malformed]}
        above: 0.5
        window: 5m
      - name: own-burn
        title: Half the budget in a day
        severity: SEV-3
        burn_rate: {slo: answered, short_window: 2h}
        window: 1d
        above: 3
      - {name: both, title: Failing under load, severity: SEV-1, composite: failing && many, meaning: It gets worse.}
      - {name: nested, title: Failing or silent, severity: SEV-2, composite: (both || none) && !deploys}
    """
}
