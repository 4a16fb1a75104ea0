// Whether a trace is kept and who decided it, as Datadog's tracers tell one another; every value travels on unchanged.

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

/// What decided: the number of `_dd.p.dm`, which is written with a dash before it. Numbers that are not named here travel on too.
public struct SamplingMechanism: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt8

  /// `nil` above 99, which no tracer writes.
  public init?(rawValue: UInt8) {
    guard rawValue < 100 else { return nil }
    self.rawValue = rawValue
  }

  private init(number: UInt8) { rawValue = number }

  /// Nobody had said anything: everything is kept.
  public static let standard = SamplingMechanism(number: 0)
  /// The rate that the Agent told.
  public static let agentRate = SamplingMechanism(number: 1)
  /// A rule of the service.
  public static let rule = SamplingMechanism(number: 3)
  /// A person's word in the code.
  public static let manual = SamplingMechanism(number: 4)

  /// Reads `-4`; `nil` when it is none.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.first == UInt8(ascii: "-"), let second = text.utf8.dropFirst().first, (48...57).contains(second),
      let number = UInt8(text.dropFirst())
    else { return nil }
    self.init(rawValue: number)
  }

  public var description: String { "-\(rawValue)" }
}

/// What is known of the decision about one trace.
public struct SamplingDecision: Hashable, Sendable {
  public var priority: SamplingPriority
  /// `nil` when nobody said who decided.
  public var mechanism: SamplingMechanism?

  public init(_ priority: SamplingPriority, by mechanism: SamplingMechanism? = nil) {
    self.priority = priority
    self.mechanism = mechanism
  }
}
