// One `commander datadog apply` after the other against the stub, with a state that outlives a run that is cut off.

import Foundation
import Synchronization

@testable import Datadog

final class ApplyRunner: Sendable {
  let stub: DatadogStub
  let state = Mutex(ApplyState(site: "datadoghq.com"))

  init(_ stub: DatadogStub) { self.stub = stub }

  func plan(_ wanted: [CompiledObject], pruning: Bool = false) async throws -> ObjectPlan {
    let live = try await stub.objects().live()
    return ObjectPlan(wanted: wanted, live: live, state: state.withLock { $0 }, pruning: pruning)
  }

  @discardableResult
  func apply(
    _ wanted: [CompiledObject], pruning: Bool = false, options: ObjectApply.Options = .init()
  ) async throws -> ApplyReport {
    let objects = try stub.objects()
    let before = state.withLock { $0 }
    let plan = ObjectPlan(wanted: wanted, live: try await objects.live(), state: before, pruning: pruning)
    let apply = ObjectApply(
      objects: objects, options: options, remember: { id, entry in self.state.withLock { $0.entries[id] = entry } })
    return await apply.run(plan, wanted: wanted, state: before)
  }

  /// Identities in Datadog, each as often as it is there.
  var identities: [DatadogObjectID] {
    DatadogObjectKind.allCases.flatMap { kind in stub.objects(kind).compactMap { DatadogIdentity.id(of: $0, as: kind) } }.sorted()
  }
}

/// A few objects that name each other in every way there is.
enum SmallPack {
  static let objects: [CompiledObject] = [
    slo("availability"), slo("of-monitors", ["type": .string("monitor"), "monitor_ids": .strings(["$plain"]), "query": nil]),
    monitor("plain"), monitor("another", query: "sum(last_5m):sum:llm.requests{*}.as_count() > 7"),
    monitor(
      "burn", type: "slo alert", query: #"burn_rate("slo:availability").over("30d").long_window("1h").short_window("5m") > 14.4"#),
    monitor("both", type: "composite", query: "$plain && !$another"),
    CompiledObject(
      DatadogObjectID(.dashboard, "board"),
      .object([
        "title": .string("Board"), "description": .string("What there is.\n\n\(DatadogIdentity.line("board"))"),
        "layout_type": .string("ordered"),
        "widgets": .array([
          .object([
            "definition": .object(["type": .string("slo"), "slo_id": .string("slo:availability"), "view_type": .string("detail")])
          ]),
          .object([
            "definition": .object([
              "type": .string("alert_graph"), "alert_id": .string("$plain"), "viz_type": .string("timeseries"),
            ])
          ]),
        ]),
      ])),
  ]

  static func tags(_ name: String) -> JSONValue { .strings(["commander_id:\(name)", CompileSettings.ownership, "team:llm"]) }

  static func slo(_ name: String, _ others: [String: JSONValue?] = [:]) -> CompiledObject {
    let members: [String: JSONValue?] = [
      "name": .string(name), "type": .string("metric"), "tags": tags(name),
      "query": .object(["numerator": .string("sum:a{*}.as_count()"), "denominator": .string("sum:b{*}.as_count()")]),
      "thresholds": .array([.object(["timeframe": .string("30d"), "target": .number(99)])]),
    ]
    return CompiledObject(DatadogObjectID(.slo, name), JSONValue(members: members.merging(others) { $1 }))
  }

  static func monitor(
    _ name: String, type: String = "query alert", query: String = "sum(last_5m):sum:llm.errors{*} by {route}.as_count() > 5",
    critical: Double = 5
  ) -> CompiledObject {
    CompiledObject(
      DatadogObjectID(.monitor, name),
      .object([
        "name": .string("The \(name)"), "type": .string(type), "query": .string(query), "message": .string("Look. @slack-llm"),
        "tags": tags(name), "priority": .number(2),
        "options": .object(["thresholds": .object(["critical": .number(critical)]), "include_tags": .bool(true)]),
      ]))
  }

  static func changed(_ name: String, _ change: (inout [String: JSONValue]) -> Void) -> [CompiledObject] {
    objects.map { object in
      guard object.id.name == name, case .object(var members) = object.json else { return object }
      change(&members)
      return CompiledObject(object.id, .object(members))
    }
  }
}
