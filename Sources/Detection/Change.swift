// What changes say about where trouble is likelier, and which of them an incident is blamed on.

import LLMTelemetry

/// A change as detection remembers it.
struct ChangeNote {
  let event: ChangeEvent
  let bucket: Int32

  /// How well the change fits a slice; 0 when it does not name it.
  func fit(_ slice: SliceKey, _ tables: DimensionTables) -> Int {
    func value(_ dimension: CauseDimension) -> String? {
      let number = slice.values[dimension.rawValue]
      return number == 0 ? nil : tables.name(number, dimension)
    }
    let words = event.subject.split { $0 == " " || $0 == "," || $0 == ":" || $0 == "=" }.map(String.init)
    func names(_ dimension: CauseDimension) -> Bool {
      guard let value = value(dimension) else { return false }
      return event.subject == value || words.contains(value)
    }
    switch event.kind {
    case .promptVersion:
      guard names(.prompt) else { return 0 }
      guard let version = value(.promptVersion) else { return 2 }
      return version == event.to ? 3 : 0
    case .model: return names(.model) ? 3 : 0
    case .providerStatus, .price: return names(.provider) || names(.model) || names(.region) ? 3 : 0
    case .route, .config, .override, .index, .deploy:
      return CauseDimension.allCases.contains { $0 != .promptVersion && names($0) } ? 3 : 0
    }
  }

  /// True when it may be behind an incident of these signals although it names no slice of it.
  func mayExplain(_ signals: [DetectionSignal]) -> Bool {
    switch event.kind {
    case .index: !Set(signals).isDisjoint(with: [.emptyRetrieval, .ungrounded, .retrievalDistance])
    case .price: !Set(signals).isDisjoint(with: [.cost, .unitCost])
    case .deploy, .config, .override: true
    case .promptVersion, .model, .route, .providerStatus: false
    }
  }
}
