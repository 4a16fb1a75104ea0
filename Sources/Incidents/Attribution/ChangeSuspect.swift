// Which change speaks about which slice: the first suspects when a signal moves.

import LLMTelemetry

extension ChangeEvent {
  /// True where this change is about exactly what `dimensions` name.
  package func names(_ dimensions: [String: String]) -> Bool {
    func has(_ dimension: Dimension, _ value: String?) -> Bool { value != nil && dimensions[dimension.rawValue] == value }
    switch kind {
    case .promptVersion:
      let prompt = dimensions[Dimension.prompt.rawValue]
      return has(.promptVersion, promptVersion) && (prompt == nil || prompt == promptSubject?.prompt)
    case .model: return has(.model, to) || has(.model, subject)
    case .route: return has(.route, subject)
    case .deploy: return has(.version, to) || has(.version, subject)
    case .price: return has(.model, subject)
    case .providerStatus: return has(.provider, subject)
    case .config, .index: return [.route, .feature, .prompt].contains { has($0, subject) }
    case .override: return false
    }
  }
}
