// The canonical form against exchanges with the real API: what was asked for and what came back are the same object.

import Foundation
import Testing

@testable import Datadog

@Suite struct CanonicalFormTests {
  private typealias Exchange = (request: JSONValue, response: JSONValue)

  /// What was created with success; empty where the recordings are not beside the clone.
  private static let exchanges: [DatadogObjectKind: [Exchange]] = {
    guard let file = sharedFile("reference/datadog-recorded-exchanges.jsonl"),
      let text = try? String(contentsOf: file, encoding: .utf8)
    else { return [:] }
    let paths: [String: DatadogObjectKind] = [
      "/api/v1/monitor": .monitor, "/api/v1/slo": .slo, "/api/v1/dashboard": .dashboard,
    ]
    return text.split(separator: "\n").reduce(into: [:]) { result, line in
      guard let entry = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)),
        let kind = entry["path"]?.text.flatMap({ paths[$0] }), entry["m"]?.text == "POST", entry["code"]?.double == 200,
        let request = entry["req"], let response = entry["resp"]
      else { return }
      result[kind, default: []].append((request, response["data"]?.list?.first ?? response))
    }
  }()

  @Test(arguments: [(DatadogObjectKind.monitor, 27), (.slo, 21), (.dashboard, 133)])
  func requestAndResponseAreOneObject(kind: DatadogObjectKind, count: Int) throws {
    guard let exchanges = Self.exchanges[kind] else {
      #expect(sharedFile("reference/datadog-recorded-exchanges.jsonl") == nil)
      return
    }
    #expect(exchanges.count == count)
    for (request, response) in exchanges {
      let (wanted, present) = (CanonicalForm.of(request, kind: kind), CanonicalForm.of(response, kind: kind))
      #expect(wanted == present, "\(ObjectChanges.between(present, wanted))")
      #expect(CanonicalForm.of(wanted, kind: kind) == wanted && CanonicalForm.of(present, kind: kind) == present)
      // What somebody chose is still in it.
      #expect(
        wanted["name"] == request["name"] && wanted["title"] == request["title"] || request["title"]?.text?.hasSuffix(" ") == true
      )
    }
  }

  /// A form in which everything is equal would pass the test above.
  @Test(arguments: DatadogObjectKind.allCases)
  func differentObjectsStayDifferent(kind: DatadogObjectKind) throws {
    let requests = Set((Self.exchanges[kind] ?? []).map(\.request))
    let forms = requests.map { CanonicalForm.of($0, kind: kind) }
    #expect(Set(forms).count >= requests.count * 9 / 10)
  }

  private func form(_ text: String, _ kind: DatadogObjectKind = .monitor) throws -> JSONValue {
    CanonicalForm.of(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)), kind: kind)
  }

  @Test(arguments: [
    (#"{"type": "metric alert"}"#, #"{"type": "query alert"}"#), (#"{"tags": ["b:1", "a:1"]}"#, #"{"tags": ["a:1", "b:1"]}"#),
    (#"{"options": {"thresholds": {"critical": 2}}}"#, #"{"options": {"thresholds": {"critical": 2.0}}}"#),
    (#"{"options": {"thresholds": {"critical": "2"}}}"#, #"{"options": {"thresholds": {"critical": 2.0}}}"#),
    (#"{"message": "a  \r\nb\n\n"}"#, #"{"message": "a\nb"}"#), (#"{"query": " q "}"#, #"{"query": "q"}"#),
    (#"{"options": {"notify_no_data": false, "new_host_delay": 300, "silenced": {}}}"#, "{}"),
    (#"{"priority": null, "options": {"timeout_h": null}}"#, "{}"), (#"{"id": 7, "created": "x", "multi": true}"#, "{}"),
  ])
  func whatMeansTheSameIsEqual(left: String, right: String) throws {
    #expect(try form(left) == form(right))
  }

  @Test(arguments: [
    (#"{"options": {"thresholds": {"critical": 2}}}"#, #"{"options": {"thresholds": {"critical": 2.1}}}"#),
    (#"{"options": {"notify_no_data": true}}"#, "{}"), (#"{"options": {"new_host_delay": 299}}"#, "{}"),
    (#"{"message": "a\nb"}"#, #"{"message": "a b"}"#), (#"{"tags": ["a:1"]}"#, #"{"tags": ["a:2"]}"#),
    // Muted for ever.
    (#"{"options": {"silenced": {"*": null}}}"#, "{}"), (#"{"priority": 1}"#, "{}"),
    (#"{"options": {"include_tags": false}}"#, "{}"),
  ])
  func whatDiffersStaysDifferent(left: String, right: String) throws {
    #expect(try form(left) != form(right))
  }

  @Test func theSoleTargetIsSaidOnce() throws {
    let short = #"{"thresholds": [{"timeframe": "7d", "target": 97}], "type": "metric"}"#
    let long =
      #"{"thresholds": [{"timeframe": "7d", "target": 97.0, "target_display": "97."}], "type": "metric", "timeframe": "7d", "target_threshold": 97}"#
    #expect(try form(short, .slo) == form(long, .slo))
    let other = #"{"thresholds": [{"timeframe": "7d", "target": 97}], "type": "metric", "timeframe": "30d"}"#
    #expect(try form(short, .slo) != form(other, .slo))
  }

  @Test func widgetsLoseTheirNumbersAtAnyDepth() throws {
    let bare = #"{"widgets": [{"definition": {"type": "group", "widgets": [{"definition": {"type": "note", "id": "mine"}}]}}]}"#
    let numbered =
      #"{"id": "a-b", "url": "/d", "widgets": [{"id": 1, "definition": {"type": "group", "widgets": [{"id": 2, "definition": {"type": "note", "id": "mine"}}]}}]}"#
    #expect(try form(bare, .dashboard) == form(numbered, .dashboard))
  }

  /// Any JSON at all, many times: the form of a form is the form.
  @Test(arguments: DatadogObjectKind.allCases)
  func theFormOfAFormIsTheForm(kind: DatadogObjectKind) {
    var random = SplitMix(state: 7)
    for _ in 0..<500 {
      let value = Self.anything(depth: 4, &random)
      let once = CanonicalForm.of(value, kind: kind)
      #expect(CanonicalForm.of(once, kind: kind) == once, "\(ObjectText.text(of: value))")
    }
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
      return mixed ^ mixed >> 31
    }
  }

  /// Keys and values of real objects, put together without sense.
  private static func anything(depth: Int, _ random: inout SplitMix) -> JSONValue {
    let keys = [
      "id", "type", "tags", "options", "thresholds", "critical", "silenced", "message", "name", "query", "widgets", "definition",
      "sli_specification", "time_slice", "count", "query_interval_seconds", "timeframe", "target", "assets", "restricted_roles",
      "description", "*", "monitor_ids", "target_threshold", "escalation_message", "template_variables", "notify_list",
    ]
    let texts = ["", " a ", "a:1", "metric alert", "2", " 3.0 ", "x\r\n y \n\n", "7d", "nan", "published", "\u{00A0}"]
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .number([0, 1, 20, 300, 2.5][Int.random(in: 0..<5, using: &random)])
    case 3, 4: return .string(texts[Int.random(in: 0..<texts.count, using: &random)])
    case 5: return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in anything(depth: depth - 1, &random) })
    default:
      var members: [String: JSONValue] = [:]
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        members[keys[Int.random(in: 0..<keys.count, using: &random)]] = anything(depth: depth - 1, &random)
      }
      return .object(members)
    }
  }
}
