// How surprising a count is: the one measure by which slices, siblings and leaves are compared.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Which way a signal went wrong.
package enum DevianceDirection: Sendable {
  case rise, fall

  var opposite: DevianceDirection { self == .rise ? .fall : .rise }
}

enum Deviance {
  /// Nothing is expected less than this: a slice without a past would otherwise be infinitely surprising.
  static let leastExpected = 1e-3

  /// Poisson log-likelihood ratio in nats of `observed` against `expected`; 0 where it is not above.
  /// It is convex and scales with its arguments, so a slice never has more of it than its leaves together: the search prunes by that.
  @inline(__always)
  static func rise(_ observed: Double, _ expected: Double) -> Double {
    let expected = max(expected, leastExpected)
    guard observed > expected else { return 0 }
    return observed * log(observed / expected) - (observed - expected)
  }

  /// The same where `observed` is below; 0 where it is not.
  @inline(__always)
  static func fall(_ observed: Double, _ expected: Double) -> Double {
    guard observed < expected else { return 0 }
    return (observed > 0 ? observed * log(observed / expected) : 0) - (observed - expected)
  }

  @inline(__always)
  static func of(_ observed: Double, _ expected: Double, _ direction: DevianceDirection) -> Double {
    direction == .rise ? rise(observed, expected) : fall(observed, expected)
  }

  /// Times the expectation, in the direction of the failure: 3 is three times as many, or a third.
  static func lift(_ observed: Double, _ expected: Double, _ direction: DevianceDirection) -> Double {
    let (observed, expected) = (max(observed, 0), max(expected, leastExpected))
    return direction == .rise ? observed / expected : expected / max(observed, 0.5)
  }

  /// Nothing unusual: near its expectation, or too few events to say otherwise.
  static func isHealthy(_ observed: Double, _ expected: Double, _ direction: DevianceDirection, _ settings: DevianceSettings)
    -> Bool
  {
    if lift(observed, expected, direction) < settings.healthyLift { return true }
    let distance = direction == .rise ? observed - expected : expected - observed
    return distance / max(expected, leastExpected).squareRoot() < settings.healthyDistance
  }
}

/// The constants of the search. Those that were tuned were tuned on public faults and judged on folds that were left out: docs/attribution.md.
package struct DevianceSettings: Sendable {
  /// Longest conjunction.
  package var literalLimit = 3
  /// What one more literal must earn, as a share of the deviation.
  package var literalPenalty = 0.16
  /// What one more value of the same dimensions must earn: two models of one provider are worth less than the provider.
  package var valuePenalty = 0.1
  /// Most values of the same dimensions that make up one explanation.
  package var valueLimit = 4
  /// An explanation that holds less of the deviation is no cause.
  package var leastShare = 0.3
  /// Most explanations that are looked for one after the other.
  package var roundLimit = 3
  /// Share of the explanation that a longer conjunction must keep.
  package var drillKeeps = 0.9
  /// Share of its parent's expectation that the siblings of a longer conjunction must hold to count as evidence.
  package var leastSibling = 0.01
  /// Nats by which siblings must stay below what they would show if they were affected too.
  package var siblingEvidence = 3.0
  package var healthyLift = 1.3
  /// In standard deviations of the expectation.
  package var healthyDistance = 4.0
  /// Weight of being over-represented now against before: what is new is suspect.
  package var noveltyWeight = 0.08
  /// What being named by a change event just before is worth.
  package var changeWeight = 0.1
  /// Scores closer than this count as equal; then fewer literals and the believed dimensions win.
  package var tie = 0.01
  /// Share of the change of the overall rate that the mix must make up to be called the reason.
  package var mixShare = 2.0 / 3
  /// Nats that must be left after paying for the number of slices looked at: about one chance in a hundred.
  package var leastSupport = 4.6
  /// Slices that came next to the best explanation and are shown beside it.
  package var runnersUp = 2
  /// Values of a dimension that take part in conjunctions.
  package var retainedValues = 24
  /// Dimensions that take part: those with the most surprising values.
  package var dimensionLimit = 16

  package init() {}

  /// A value whose leaves together explain less than this cannot be part of any explanation.
  var leastValueShare: Double { min(valuePenalty, leastShare) * drillKeeps }
}
