// One row of labelled or unlabelled data, the form that `commander risk score` and `commander risk train` read.

/// `{"id","question","context","response"}` or `{"id","text"}`, with `label`, `spans`, `gid` where rows are labelled.
package struct LabelledRow: Sendable {
  package var id: String
  /// `id` as it stands in the row: a string or a number.
  package var idText: String
  package var question: String
  package var context: String
  package var response: String
  package var text: String
  package var system: String
  /// A group's name: rows that share a source.
  package var group: String
  package var set: String
  package var label: Bool?
  /// What is risky in `response` (or `text`), in Unicode scalars; nil when the row does not say.
  package var spans: [Range<Int>]?
  package var schema: JSONText?

  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// `number` stands for a missing id, where rows only need one to be told apart.
  package init(line: some Collection<UInt8>, number: Int? = nil) throws {
    let row: JSONText
    do { row = try JSONText.read(line) } catch {
      throw Failure(description: "no JSON: \(error.reason) at byte \(error.place)")
    }
    guard case .object = row else { throw Failure(description: "a row is an object with an id and texts") }
    func text(_ names: String...) -> String { names.lazy.compactMap { row[$0]?.string }.first ?? "" }
    switch row["id"] {
    case .string(let id): (self.id, idText) = (id, JSONText.quoted(id))
    case .number(let id): (self.id, idText) = (id, id)
    default:
      guard let number else { throw Failure(description: "a row needs an id, a string or a number") }
      (id, idText) = ("\(number)", "\(number)")
    }
    question = text("question", "prompt", "user")
    context = text("context")
    response = text("response", "answer")
    self.text = text("text")
    system = text("system")
    group = row["gid"].flatMap { $0.string ?? $0.double.map { "\($0)" } } ?? id
    set = text("set", "cat")
    switch row["label"] {
    case .number(let label): self.label = label == "1" ? true : label == "0" ? false : nil
    case .bool(let label): self.label = label
    default: label = nil
    }
    spans = row["spans"]?.elements?.compactMap { span in
      let places = (span.elements ?? []).compactMap(\.double)
      return places.count >= 2 && places[0] < places[1] ? Int(places[0])..<Int(places[1]) : nil
    }
    schema = row["schema"]
  }

  /// The text that a scorer of one text looks at.
  package var subject: String { text.isEmpty ? response.isEmpty ? question : response : text }
}
