// What an exporter says about itself: what arrived, what waits, what was lost and why.

/// Counts since the exporter was made, in spans.
public struct ExportStatus: Sendable, Hashable {
  public var delivered = 0
  public var waiting = 0
  /// By reason: `queue_full`, `too_large`, `refused`, `unreachable`, `shut_down`, `not_encodable`.
  public var dropped: [String: Int] = [:]
  /// In words, without addresses and credentials; `nil` when the last batch was taken.
  public var lastProblem: String?

  public var droppedInAll: Int { dropped.values.reduce(0, +) }

  public init() {}
}
