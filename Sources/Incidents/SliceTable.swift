// The leaves of an attribution: every combination of dimension values, with what was observed and what its baseline expects.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import LLMMetrics
import LLMTelemetry

struct SliceTable {
  /// The dimensions a cause may be made of. Those that only describe the symptom (error class, finish reason, cache) are not.
  static let dimensions: [Dimension] = [.promptVersion, .prompt, .version, .model, .provider, .region, .route, .feature, .tenant]
  /// Pseudo-exposures by which a leaf's baseline leans on its parent's: a rate seen in few requests is not trusted alone.
  static let pseudoExposures = 50.0
  /// A limit on leaves; those with the fewest exposures fall out first.
  static let leafLimit = 5_000

  struct Leaf {
    /// By index of `dimensions`; `nil` where the series lacks the tag.
    let values: [String?]
    let now: Exposure
    let before: Exposure
    /// Events the baseline rate expects among the present exposures.
    var expected: Double
  }

  private(set) var leaves: [Leaf]
  let total: Exposure
  let totalBefore: Exposure

  init(now: [TagSet: Exposure], before: [TagSet: Exposure]) {
    total = now.values.reduce(into: Exposure()) { $0 += $1 }
    totalBefore = before.values.reduce(into: Exposure()) { $0 += $1 }
    // Half an event more than was seen: a short baseline without a single error does not promise that there is none.
    let globalRate = (totalBefore.events + 0.5) / (totalBefore.exposures + 1)
    var parents: [[String?]: Exposure] = [:]
    let unversioned: Set<Int> = Set(Self.dimensions.indices.filter { [.promptVersion, .version].contains(Self.dimensions[$0]) })
    func parent(_ values: [String?]) -> [String?] { values.indices.map { unversioned.contains($0) ? nil : values[$0] } }
    func values(_ tags: TagSet) -> [String?] { Self.dimensions.map { tags[$0] } }
    for (tags, exposure) in before { parents[parent(values(tags)), default: Exposure()] += exposure }
    leaves = Set(now.keys).union(before.keys).map { tags in
      let values = values(tags)
      let present = now[tags] ?? Exposure()
      let own = before[tags] ?? Exposure()
      let above = parents[parent(values)] ?? Exposure()
      let k = Self.pseudoExposures
      let parentRate = (above.events + k * globalRate) / (above.exposures + k)
      let rate = (own.events + k * parentRate) / (own.exposures + k)
      return Leaf(values: values, now: present, before: own, expected: present.exposures * rate)
    }
    if leaves.count > Self.leafLimit {
      leaves.sort { $0.now.exposures > $1.now.exposures }
      leaves.removeLast(leaves.count - Self.leafLimit)
    }
  }

  /// How surprising `observed` events are where `expected` were due (Poisson log-likelihood ratio); 0 when there are fewer.
  static func deviance(_ observed: Double, _ expected: Double) -> Double {
    let expected = max(expected, 1e-3)
    guard observed > expected else { return 0 }
    return observed * log(observed / expected) - (observed - expected)
  }
}

/// One dimension with one value.
struct Literal: Hashable {
  /// Index into `SliceTable.dimensions`.
  let dimension: Int
  let value: String

  var name: Dimension { SliceTable.dimensions[dimension] }
}

/// What a conjunction of literals covers.
struct Slice {
  let literals: [Literal]
  var now = Exposure()
  var before = Exposure()
  var expected = 0.0
  /// Events inside the group the alert speaks about.
  var groupEvents = 0.0

  mutating func add(_ leaf: SliceTable.Leaf, isInGroup: Bool = true) {
    now += leaf.now
    if isInGroup { groupEvents += leaf.now.events }
    before += leaf.before
    expected += leaf.expected
  }

  var deviance: Double { SliceTable.deviance(now.events, expected) }
  /// Observed over expected.
  var lift: Double { now.events / max(expected, 1e-3) }
  /// Nothing unusual: near its expectation, or too few events to say otherwise.
  var isHealthy: Bool { lift < 1.3 || (now.events - expected) / max(expected, 1e-3).squareRoot() < 4 }
  var dimensions: [String: String] { Dictionary(literals.map { ($0.name.rawValue, $0.value) }) { first, _ in first } }
}
