// Whether a trace is kept, as Datadog's tracers tell one another; every one of the four values travels on unchanged.

/// A decision about keeping a trace. The raw value is that of `x-datadog-sampling-priority`.
public enum SamplingPriority: Int8, CaseIterable, Hashable, Sendable {
  /// A person, or a rule a person wrote, gave it up.
  case userReject = -1
  /// A sampler gave it up.
  case autoReject = 0
  /// A sampler kept it.
  case autoKeep = 1
  /// A person, or a rule a person wrote, keeps it.
  case userKeep = 2

  public var isKept: Bool { rawValue > 0 }

  /// What a header says. Values beyond the known ones mean the nearer end, as in Datadog's tracers; what is no number is nothing.
  init?(header text: some StringProtocol) {
    guard let number = Int(text) else { return nil }
    self.init(rawValue: Int8(min(2, max(-1, number))))
  }
}
