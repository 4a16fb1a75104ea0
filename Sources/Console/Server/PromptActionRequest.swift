// What can be done to a prompt, by the names in addresses and the fields of bodies.

extension PromptAction {
  /// An action of `POST /api/prompts/NAME/ACTION`, with the fields of its body.
  init(_ word: String, version: String?, label: String?, share: String?) throws(RequestProblem) {
    func required(_ value: String?, _ example: String) throws(RequestProblem) -> String {
      if let value, !value.isEmpty { return value }
      throw RequestProblem(.badRequest, "Something is missing", "Send what \(word) needs, for example \(example).")
    }
    let label = label.flatMap { $0.isEmpty ? nil : $0 } ?? "production"
    switch word {
    case "promote": self = .promote(version: try required(version, #"{"version": "43"}"#), label: label)
    case "rollback": self = .rollBack(label: label)
    case "canary":
      let example = #"{"version": "43", "share": "10%"}"#
      self = .startCanary(version: try required(version, example), share: try required(share, example))
    case "stop-canary": self = .stopCanary
    default:
      throw RequestProblem(
        .notFound, "No such action",
        "There is no action \(word) of a prompt; there are promote, rollback, canary and stop-canary.")
    }
  }
}
