// What the sensitive-data scorer finds in a text: structured data that a checksum or a strict form vouches for.

package enum SensitiveKind: String, CaseIterable, Sendable {
  case card, iban, ssn, email, phone, ip, secret

  /// How much one finding weighs in the score of a text. A card's checksum or a key's form is no accident; an address may be meant
  /// to be there.
  package var severity: Double {
    switch self {
    case .card, .iban, .ssn, .secret: 1
    case .email, .phone: 0.7
    case .ip: 0.6
    }
  }
}

package struct SensitiveFinding: Sendable, Equatable {
  package var kind: SensitiveKind
  /// In bytes of UTF-8.
  package var range: Range<Int>
  /// 0 to 1.
  package var confidence: Double
}
