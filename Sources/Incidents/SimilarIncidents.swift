// Which earlier incidents one resembles, and by what: the first place to look for what helps. Pure.

import LLMTelemetry
import Monitors

package struct SimilarIncident: Hashable, Sendable, Codable {
  /// `INC-7`
  package let id: String
  /// 0 to 1: the share of what is known of both that agrees.
  package let score: Double
  /// What agrees, in words.
  package let reasons: [String]

  package init(id: String, score: Double, reasons: [String]) {
    self.id = id
    self.score = score
    self.reasons = reasons
  }
}

package enum SimilarIncidents {
  /// Below it two incidents have no more in common than being incidents.
  package static let leastScore = 0.35
  package static let limit = 5

  /// The most similar first; of equals the latest.
  /// - Parameter signals: the metric a monitor watches, by the monitor's name: two monitors of one signal see the same symptom.
  package static func of(_ incident: Incident, in book: IncidentBook, signals: [String: String] = [:]) -> [SimilarIncident] {
    book.incidents
      // One that was merged is part of another by now.
      .filter { $0.id != incident.id && $0.mergedInto == nil && incident.mergedInto != $0.id }
      .map { other in (other.number, compare(incident, other, signals: signals)) }
      .filter { $0.1.score >= leastScore }
      .sorted { ($0.1.score, $0.0) > ($1.1.score, $1.0) }
      .prefix(limit).map(\.1)
  }

  /// A weighted share: what one of the two does not know counts neither for nor against.
  static func compare(_ left: Incident, _ right: Incident, signals: [String: String]) -> SimilarIncident {
    var reasons: [String] = []
    if left.sameAs == right.id || right.sameAs == left.id {
      return SimilarIncident(id: right.id, score: 1, reasons: ["linked as the same"])
    }
    var agreed = 0.0
    var known = 0.0
    func weigh(_ weight: Double, _ share: Double, _ reason: @autoclosure () -> String) {
      known += weight
      agreed += weight * share
      if share > 0 { reasons.append(reason()) }
    }
    if let one = left.cause, let two = right.cause {
      let shared = one.dimensions.filter { two.dimensions[$0.key] == $0.value }
      weigh(
        0.35, overlap(Set(one.dimensions.map { "\($0.key)=\($0.value)" }), Set(two.dimensions.map { "\($0.key)=\($0.value)" })),
        "same cause: " + shared.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
      let names = Set(one.dimensions.keys).intersection(two.dimensions.keys)
      weigh(
        0.15, overlap(Set(one.dimensions.keys), Set(two.dimensions.keys)),
        "cause of the same kind: \(names.sorted().joined(separator: ", "))")
      if one.change != nil || two.change != nil {
        weigh(
          0.1, one.change?.kind == two.change?.kind ? 1 : 0,
          "after the same kind of change: \(one.change.map { $0.kind.rawValue.replacing("_", with: " ") } ?? "")")
      }
    }
    if !left.alerts.isEmpty, !right.alerts.isEmpty {
      let (one, two) = (Set(left.alerts.map(\.monitor)), Set(right.alerts.map(\.monitor)))
      weigh(0.25, overlap(one, two), "same monitor: \(one.intersection(two).sorted().joined(separator: ", "))")
      let (first, second) = (Set(one.compactMap { signals[$0] }), Set(two.compactMap { signals[$0] }))
      if !first.isEmpty, !second.isEmpty {
        weigh(0.15, overlap(first, second), "same signal: \(first.intersection(second).sorted().joined(separator: ", "))")
      }
    }
    // With hardly anything to go by, agreement on it says little.
    let score = known > 0 ? agreed / max(known, 0.5) : 0
    return SimilarIncident(id: right.id, score: (score * 1_000).rounded() / 1_000, reasons: reasons)
  }

  /// What both have, as a share of what either has.
  private static func overlap(_ left: Set<String>, _ right: Set<String>) -> Double {
    let all = left.union(right).count
    return all == 0 ? 0 : Double(left.intersection(right).count) / Double(all)
  }
}
