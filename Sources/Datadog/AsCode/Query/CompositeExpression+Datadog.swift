// Combinations of monitors as Datadog writes them, and with other names for their parts.

import Monitors

extension CompositeExpression {
  /// `(1 && 2) || !3`: brackets wherever two signs meet, so that nobody has to know which binds closer.
  var datadogText: String {
    switch self {
    case .monitor(let name): name
    case .not(let inner): "!\(inner.bracketed { _ in false })"
    case .and(let left, let right):
      "\(left.bracketed { if case .and = $0 { true } else { false } }) && \(right.bracketed { _ in false })"
    case .or(let left, let right):
      "\(left.bracketed { if case .or = $0 { true } else { false } }) || \(right.bracketed { _ in false })"
    }
  }

  /// In brackets, unless it stands alone or goes on with the same sign.
  private func bracketed(unless isSame: (CompositeExpression) -> Bool) -> String {
    switch self {
    case .monitor, .not: datadogText
    case .and, .or: isSame(self) ? datadogText : "(\(datadogText))"
    }
  }
}
