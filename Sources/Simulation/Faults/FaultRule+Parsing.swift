// Reads fault rules from JSON and reports everything that is wrong with them at once, each with its path.
import Foundation

/// Everything that is wrong with a list of fault rules.
package struct FaultRuleErrors: Error, Sendable, CustomStringConvertible {
  /// One line for each error: `[0].when.share: 1.5 is not a share; give a number from 0 to 1`.
  package var lines: [String]
  package var description: String { lines.joined(separator: "\n") }
}

extension FaultRule {
  /// Reads a JSON array of rules, or an object with the array under `faults`.
  package static func list(parsing bytes: some Sequence<UInt8>) throws(FaultRuleErrors) -> [FaultRule] {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw FaultRuleErrors(lines: ["the fault rules are not JSON; give an array of rules"])
    }
    guard let rules = json.array ?? json["faults"]?.array else {
      throw FaultRuleErrors(lines: ["the fault rules are not an array; give [{\"name\":…,\"effect\":{…}}]"])
    }
    var reader = Reader()
    let parsed = rules.enumerated().compactMap { reader.rule($1, path: "[\($0)]") }
    guard reader.errors.isEmpty else { throw FaultRuleErrors(lines: reader.errors) }
    return parsed
  }

  private struct Reader {
    var errors: [String] = []

    mutating func rule(_ json: JSONValue, path: String) -> FaultRule? {
      guard check(json, path: path, allows: ["name", "when", "effect"]) else { return nil }
      let name = string(json, "name", path)
      if name == nil { errors.append("\(path).name: is missing; name the rule") }
      guard let effectJSON = json["effect"] else {
        errors.append("\(path).effect: is missing; say what the fault does, for example {\"status\": 429}")
        return nil
      }
      return FaultRule(
        name: name ?? "", condition: condition(json["when"] ?? [:], path: path + ".when"),
        effect: effect(effectJSON, path: path + ".effect"))
    }

    private mutating func condition(_ json: JSONValue, path: String) -> Condition {
      guard check(json, path: path, allows: ["model", "protocol", "system_contains", "path_contains", "share"]) else {
        return Condition()
      }
      let providerProtocol = string(json, "protocol", path)
      if let providerProtocol, ProviderProtocol(rawValue: providerProtocol) == nil {
        errors.append("\(path).protocol: \"\(providerProtocol)\" is unknown; use openai, anthropic, gemini or vertex")
      }
      let share = number(json, "share", path)
      if let share, !(0...1).contains(share) {
        errors.append("\(path).share: \(share) is not a share; give a number from 0 to 1")
      }
      return Condition(
        model: string(json, "model", path), providerProtocol: providerProtocol,
        systemContains: string(json, "system_contains", path),
        pathContains: string(json, "path_contains", path), share: share)
    }

    private mutating func effect(_ json: JSONValue, path: String) -> Effect {
      var effect = Effect()
      let known: Set = [
        "status", "retry_after_s", "latency_ms", "first_token_ms", "chunk_gap_ms", "hallucinate", "answer", "length_factor",
        "cut_after_chunks", "stall_after_chunks", "error_after_chunks", "malformed", "empty_candidates", "omit_usage",
        "usage_with_choices", "repeat_usage",
      ]
      guard check(json, path: path, allows: known) else { return effect }
      if json.members?.isEmpty == true { errors.append("\(path): is empty; give at least one effect") }
      effect.status = count(json, "status", path)
      if let status = effect.status, !(400...599).contains(status) {
        errors.append("\(path).status: \(status) is not an error; give 400 to 599")
      }
      effect.retryAfterSeconds = count(json, "retry_after_s", path)
      effect.latency = milliseconds(json, "latency_ms", path)
      effect.firstToken = milliseconds(json, "first_token_ms", path)
      effect.chunkGap = milliseconds(json, "chunk_gap_ms", path)
      effect.hallucinates = flag(json, "hallucinate", path)
      effect.answer = string(json, "answer", path)
      effect.lengthFactor = number(json, "length_factor", path)
      if let factor = effect.lengthFactor, !(factor > 0 && factor <= 100) {
        errors.append("\(path).length_factor: \(factor) is out of range; give more than 0 and at most 100")
      }
      effect.cutAfterChunks = count(json, "cut_after_chunks", path)
      effect.stallAfterChunks = count(json, "stall_after_chunks", path)
      effect.errorAfterChunks = count(json, "error_after_chunks", path)
      effect.isMalformed = flag(json, "malformed", path)
      effect.hasEmptyCandidates = flag(json, "empty_candidates", path)
      effect.omitsUsage = flag(json, "omit_usage", path)
      effect.sendsUsageWithChoices = flag(json, "usage_with_choices", path)
      effect.repeatsUsage = flag(json, "repeat_usage", path)
      return effect
    }

    private mutating func check(_ json: JSONValue, path: String, allows known: Set<String>) -> Bool {
      guard let members = json.members else {
        errors.append("\(path): is not an object")
        return false
      }
      for member in members where !known.contains(member.key) {
        errors.append("\(path).\(member.key): is not a known key; use one of \(known.sorted().joined(separator: ", "))")
      }
      return true
    }

    private mutating func string(_ json: JSONValue, _ key: String, _ path: String) -> String? {
      read(json, key, path, expected: "a text") { $0.string.flatMap { $0.isEmpty ? nil : $0 } }
    }
    private mutating func number(_ json: JSONValue, _ key: String, _ path: String) -> Double? {
      read(json, key, path, expected: "a number") { $0.number }
    }
    private mutating func flag(_ json: JSONValue, _ key: String, _ path: String) -> Bool {
      read(json, key, path, expected: "true or false") { $0.bool } ?? false
    }
    private mutating func count(_ json: JSONValue, _ key: String, _ path: String) -> Int? {
      read(json, key, path, expected: "a whole number from 0 to 1,000,000") {
        $0.integer.flatMap { (0...1_000_000).contains($0) ? $0 : nil }
      }
    }
    private mutating func milliseconds(_ json: JSONValue, _ key: String, _ path: String) -> Duration? {
      count(json, key, path).map { .milliseconds($0) }
    }

    private mutating func read<Value>(
      _ json: JSONValue, _ key: String, _ path: String, expected: String, _ convert: (JSONValue) -> Value?
    ) -> Value? {
      guard let value = json[key] else { return nil }
      guard let converted = convert(value) else {
        errors.append("\(path).\(key): is not \(expected)")
        return nil
      }
      return converted
    }
  }
}

extension FaultRule {
  /// The JSON form that `list(parsing:)` reads.
  var json: JSONValue {
    func object(_ members: [(String, JSONValue?)]) -> JSONValue {
      .object(members.compactMap { key, value in value.map { (key, $0) } })
    }
    func milliseconds(_ duration: Duration?) -> JSONValue? { duration.map { .integer(Int($0 / .milliseconds(1))) } }
    func flag(_ value: Bool) -> JSONValue? { value ? true : nil }
    return [
      "name": .string(name),
      "when": object([
        ("model", condition.model.map(JSONValue.string)), ("protocol", condition.providerProtocol.map(JSONValue.string)),
        ("system_contains", condition.systemContains.map(JSONValue.string)),
        ("path_contains", condition.pathContains.map(JSONValue.string)), ("share", condition.share.map(JSONValue.number)),
      ]),
      "effect": object([
        ("status", effect.status.map(JSONValue.integer)), ("retry_after_s", effect.retryAfterSeconds.map(JSONValue.integer)),
        ("latency_ms", milliseconds(effect.latency)), ("first_token_ms", milliseconds(effect.firstToken)),
        ("chunk_gap_ms", milliseconds(effect.chunkGap)), ("hallucinate", flag(effect.hallucinates)),
        ("answer", effect.answer.map(JSONValue.string)),
        ("length_factor", effect.lengthFactor.map(JSONValue.number)),
        ("cut_after_chunks", effect.cutAfterChunks.map(JSONValue.integer)),
        ("stall_after_chunks", effect.stallAfterChunks.map(JSONValue.integer)),
        ("error_after_chunks", effect.errorAfterChunks.map(JSONValue.integer)), ("malformed", flag(effect.isMalformed)),
        ("empty_candidates", flag(effect.hasEmptyCandidates)), ("omit_usage", flag(effect.omitsUsage)),
        ("usage_with_choices", flag(effect.sendsUsageWithChoices)), ("repeat_usage", flag(effect.repeatsUsage)),
      ]),
    ]
  }
}
