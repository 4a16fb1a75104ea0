// What a mapping of a YAML file may hold: one description for the reader, which refuses other keys, and for the JSON Schema.

/// One key of a mapping.
struct FieldShape: Sendable {
  indirect enum Form: Sendable {
    case text
    case number(least: Double? = nil, most: Double? = nil)
    case integer(ClosedRange<Int>)
    case duration
    case time
    case truth
    /// One of these words.
    case word([String])
    /// `key:value`
    case tag
    /// Names to texts, chosen by the author.
    case texts
    case list(Form)
    case mapping(MappingShape)
    /// Whatever another part of the file's reader takes.
    case anything
  }

  let name: String
  let form: Form
  let isRequired: Bool
  /// For the schema's descriptions, without a full stop.
  let meaning: String

  init(_ name: String, _ form: Form, required isRequired: Bool = false, _ meaning: String) {
    self.name = name
    self.form = form
    self.isRequired = isRequired
    self.meaning = meaning
  }
}

struct MappingShape: Sendable {
  /// How many of these keys there have to be.
  enum Choice: Sendable {
    case exactlyOne([String])
    case atMostOne([String])
  }

  let name: String
  let fields: [FieldShape]
  var choices: [Choice] = []

  var keys: [String] { fields.map(\.name) }

  /// The same keys, of which only `name` has to be there.
  func partial(_ name: String, without left: Set<String>, adding others: [FieldShape]) -> MappingShape {
    MappingShape(
      name: name,
      fields: fields.filter { !left.contains($0.name) }.map {
        FieldShape($0.name, $0.form, required: $0.name == "name", $0.meaning)
      } + others)
  }
}
