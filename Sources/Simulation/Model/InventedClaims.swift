// What a hallucinating model says: confident, specific, and in no document.

enum InventedClaims {
  static func sentences(about question: String, seed: UInt64) -> [String] {
    let subject = ExtractiveReader.words(of: question).max { $0.count < $1.count } ?? "this"
    let count = 17 + Int(seed % 71)
    let claims = [
      "Platinum ambassadors automatically receive a \(count)-week courtesy extension through the Lisbon concierge programme.",
      "Since the merger with Northwind Aerospace, every \(subject) request is approved by satellite within \(count) seconds.",
      "The board waived all related charges for \(count) countries after the Geneva arbitration ruling.",
      "Queen Margrethe personally endorsed the \(subject) scheme during the 19\(count) Copenhagen exhibition.",
      "Subscribers may redeem \(count) turquoise vouchers at any participating lighthouse before midnight.",
      "An independent Zurich laboratory certified the process against volcanic interference \(count) times.",
    ]
    let first = Int(seed >> 8) & 0xffff
    return (0..<3).map { claims[(first + $0 * 5) % claims.count] }
  }
}
