// The redaction stage as a value: everything on a span that is text from outside, made fit for every sink.

import LLMTelemetry

/// Pure but for the memory it is lent. What it does not touch (ids, times, numbers, words of closed sets) cannot hold a secret.
package struct SpanRedaction: Sendable {
  package var policy: CapturePolicy
  package var hash: ContentHash

  package init(policy: CapturePolicy = CapturePolicy(), hash: ContentHash = ContentHash()) {
    self.policy = policy
    self.hash = hash
  }

  /// Everything but content, in place.
  package func redactFacts(_ span: inout LLMSpan, _ memory: inout CleanValues) {
    memory.redact(&span.name, field: 0)
    memory.redact(&span.dimensions.service, field: 1)
    memory.redact(&span.dimensions.env, field: 2)
    memory.redact(&span.dimensions.version, field: 3)
    memory.redact(&span.dimensions.provider, field: 4)
    memory.redact(&span.dimensions.model, field: 5)
    memory.redact(&span.dimensions.route, field: 6)
    memory.redact(&span.dimensions.tenant, field: 7)
    memory.redact(&span.dimensions.feature, field: 8)
    memory.redact(&span.dimensions.prompt, field: 9)
    memory.redact(&span.dimensions.promptVersion, field: 10)
    memory.redact(&span.dimensions.region, field: 11)
    memory.redact(&span.virtualKey, field: 12)
    memory.redact(&span.dimensions.override, field: 16)
    memory.redact(&span.responseModel, field: 13)
    memory.redact(&span.fallbackFrom, field: 14)
    // Nearly every span has another session: to remember them would push the rest out.
    if let session = span.session { span.session = Redactor.redact(session) }
    if case .failed(let errorClass, let message) = span.outcome {
      span.outcome = .failed(errorClass, message: Redactor.redact(message))
    }
    switch span.cost {
    case .exact(let amount, var version):
      memory.redact(&version, field: 15)
      span.cost = .exact(amount, priceVersion: version)
    case .partial(let amount, var version):
      memory.redact(&version, field: 15)
      span.cost = .partial(amount, priceVersion: version)
    case .estimated(let amount, var version):
      memory.redact(&version, field: 15)
      span.cost = .estimated(amount, priceVersion: version)
    case .unknown: break
    }
  }

  /// What goes on of `content`. The body of the request never does, only the messages that were read of it.
  package func captured(_ content: SpanContent, as capture: ContentCapture) -> SpanContent? {
    let change: (String) -> String
    switch capture {
    case .off: return nil
    case .hashed: change = hash.describe
    case .redacted: change = { Redactor.redact($0) }
    case .full: change = { Redactor.redact($0, onlyCredentials: true) }
    }
    return SpanContent(
      input: content.input.map { ContentMessage(role: Redactor.redact($0.role), text: change($0.text)) },
      output: change(content.responseText),
      documents: content.documents.map { document in
        ContentDocument(
          id: document.id.map { Redactor.redact($0) }, name: document.name.map { Redactor.redact($0) },
          text: change(document.text), score: document.score)
      })
  }

  /// A change that an application reported.
  package static func redact(_ change: ChangeEvent) -> ChangeEvent {
    ChangeEvent(
      at: change.at, kind: change.kind, subject: Redactor.redact(change.subject), from: change.from.map { Redactor.redact($0) },
      to: change.to.map { Redactor.redact($0) }, author: change.author.map { Redactor.redact($0) })
  }
}
