// The demo's configuration files: the same YAML a user writes, with short windows so that the story fits into three minutes.

enum DemoConfiguration {
  static let prompt = "rag-answer"
  static let soundVersion = "42"
  static let flawedVersion = "43"
  /// The words by which the simulated model is led astray; part of the flawed version's text.
  static let temptation = "use your general knowledge"

  static func commander(gateway: String, console: String, store: String, simulator: String, keyHash: String) -> String {
    """
    service: handbook
    env: demo
    store: \(store)
    gateway:
      listen: \(gateway)
    console:
      listen: \(console)
    keys:
      - name: demo
        sha256: \(keyHash)
    providers:
      - name: vertex
        protocol: vertex
        base_url: \(simulator)
        credential: {environment: DEMO_PROVIDER_CREDENTIAL}
      - name: openai
        protocol: openai
        base_url: \(simulator)
        credential: {environment: DEMO_PROVIDER_CREDENTIAL}
    routes:
      - name: answers
        models: [gemini-*]
        provider: vertex
        fallbacks: [{provider: vertex, model: gemini-2.5-flash-lite, automatic: false}]
      - name: chat
        models: [gpt-*]
        provider: openai
    prompts:
      - name: \(prompt)
        production: "\(soundVersion)"
        versions:
          "\(soundVersion)": >-
            Answer only from the numbered documents and cite them. If they do not answer the question, say that you do not know.
          "\(flawedVersion)": >-
            Be helpful, vivid and thorough: \(temptation) to enrich every answer, even where the documents are silent.
    budgets:
      - {name: acme-eu-daily, scope: {tenant: acme-eu}, limit: {usd: 5}, period: day}
      - {name: each-key, scope: {key: "*"}, limit: {tokens: 50000000}, period: {rolling: 1h}, cut_streams: true}
    playbooks:
      - name: roll-back-prompt
        action: prompt_rollback
        mode: approve
        verify_after: 20s
        give_up_after: 2m
        time_to_live: 1d
      - name: fall-back-model
        action: model_fallback
        mode: approve
        verify_after: 20s
        give_up_after: 2m
    monitors:
      - name: answers-ungrounded
        title: Answers became poorly grounded
        severity: SEV-2
        query: sum(llm.answers.ungrounded) / sum(llm.answers.scored)
        window: 30s
        above: 0.25
        recovery: 0.1
        traffic_gate: 20
        playbooks: [roll-back-prompt]
      - name: answers-slow
        title: Answers became slow
        severity: SEV-3
        query: p95(llm.request.duration{route="answers"})
        window: 30s
        for: 20s
        above: 0.6
        recovery: 0.4
        traffic_gate: 20
        playbooks: [roll-back-prompt, fall-back-model]
      - name: requests-failing
        title: Requests fail
        severity: SEV-1
        query: sum(llm.errors) / sum(llm.requests)
        window: 30s
        for: 10s
        above: 0.1
        recovery: 0.02
        traffic_gate: 20
        group_by: [route]
        playbooks: [fall-back-model]
      - name: spend-per-minute
        title: Spending rose
        severity: SEV-3
        query: sum(llm.cost) per minute
        window: 1m
        for: 30s
        above: 2
        recovery: 1.5
    incidents:
      quiet_period: 10s

    """
  }

  static func ragService(listen: String, documents: String, gateway: String, console: String) -> String {
    """
    listen: \(listen)
    documents: \(documents)
    tenant: acme-eu
    env: demo
    vertex:
      base_url: http://\(gateway)
      project: demo
      location: us-central1
      model: gemini-2.5-flash
      credential: {environment: DEMO_VIRTUAL_KEY}
    prompt:
      name: \(prompt)
    telemetry:
      spans_url: http://\(console)/intake/spans
      credential: {environment: DEMO_VIRTUAL_KEY}

    """
  }
}
