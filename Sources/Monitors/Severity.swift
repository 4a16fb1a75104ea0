// How bad a failure is for users, in the four words every page, rule and message shares.

package enum Severity: String, CaseIterable, Hashable, Sendable, Codable {
  case sev1 = "SEV-1"
  case sev2 = "SEV-2"
  case sev3 = "SEV-3"
  case sev4 = "SEV-4"

  /// 1 is the worst.
  package var rank: Int {
    switch self {
    case .sev1: 1
    case .sev2: 2
    case .sev3: 3
    case .sev4: 4
    }
  }

  package func worse(_ other: Severity) -> Severity { other.rank < rank ? other : self }
}
