// `commander datadog plan|apply|drift|pull` as processes, against the stub of Datadog's API over real HTTP on this machine.

import Foundation
import Synchronization
import Testing

@testable import Datadog

@Suite(.enabled(if: CommanderProcess.isBuilt, "the program commander is not built")) struct DatadogCommandLineTests {
  @Test func theDefaultPackIsAppliedOnceAndComesBackAsItWas() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    let plan = try await commander.datadog(["plan"])
    #expect(plan.code == 2 && plan.output.contains("create  monitor requests-failing"), "\(plan.errors)")
    let count = PackCompiler().compile().objects.count
    let apply = try await commander.datadog(["apply", "--yes"])
    #expect(apply.code == 0 && apply.errors.contains("\(count) created."), "\(apply.errors)")
    #expect(stub.all.count == count)
    let again = try await commander.datadog(["plan"])
    #expect(again.code == 0 && again.output.hasPrefix("0 to create, 0 to update, 0 to delete, \(count) as they should be"))
    #expect(try await commander.datadog(["drift"]).code == 0)
    // What is pulled, as JSON and as definitions, is what an export writes.
    #expect(try await commander.datadog(["export", "--to", "exported", "--quiet"]).code == 0)
    #expect(try await commander.datadog(["pull", "--to", "json", "--json"]).code == 0)
    #expect(try commander.texts("json") == commander.texts("exported"))
    let pull = try await commander.datadog(["pull", "--to", "pulled"])
    #expect(pull.code == 0 && pull.errors.contains("\(count) objects in pack.yaml, 0 as JSON"), "\(pull.errors)")
    let export = try await commander.datadog([
      "export", "--config", commander.path("pulled/pack.yaml"), "--to", "again", "--quiet",
    ])
    #expect(export.code == 0, "\(export.errors)")
    #expect(try commander.texts("again") == commander.texts("exported"))
  }

  /// Nothing is known here but what Datadog has: the pack's own definitions are not at hand.
  @Test func everyKindIsReadBackFromDatadogAlone() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    try commander.write(EveryKindPack.yaml, to: "pack.yaml")
    let config = ["--config", commander.path("pack.yaml")]
    let apply = try await commander.datadog(["apply", "--yes"] + config)
    #expect(apply.code == 0, "\(apply.output)\n\(apply.errors)")
    #expect(try await commander.datadog(["plan"] + config).code == 0)
    let pull = try await commander.datadog(["pull", "--to", "pulled"])
    // The entry of the catalogue speaks of the pack it was compiled from.
    #expect(pull.errors.contains("0 as JSON"), "\(pull.errors)")
    #expect(try await commander.datadog(["export", "--to", "exported", "--quiet"] + config).code == 0)
    let export = try await commander.datadog([
      "export", "--config", commander.path("pulled/pack.yaml"), "--to", "again", "--quiet",
    ])
    #expect(export.code == 0, "\(export.errors)")
    let (first, second) = (try commander.texts("exported"), try commander.texts("again"))
    #expect(Set(first.keys) == Set(second.keys))
    for (file, text) in first { #expect(second[file] == text, "\(file)") }
  }

  @Test(arguments: [true, false]) func anApplyThatIsKilledGoesOnWithoutDuplicates(isDone: Bool) async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    let process = Mutex<Process?>(nil)
    let isKilled = Mutex(false)
    // In the middle of a creation that Datadog carries out, or never hears of.
    stub.set {
      $0.fault = { _, request in
        guard request.method == "POST", request.body?["type"] == .string("slo alert"), !isKilled.withLock({ $0 }) else {
          return nil
        }
        isKilled.withLock { $0 = true }
        process.withLock { running in running.map { _ = kill($0.processIdentifier, SIGKILL) } }
        return isDone ? .lostOnTheWayBack : .lostOnTheWay
      }
    }
    let killed = try await commander.datadog(["apply", "--yes"]) { running in process.withLock { $0 = running } }
    #expect(killed.code == SIGKILL)
    let count = PackCompiler().compile().objects.count
    let before = stub.all.count
    #expect(before > 0 && before < count)
    let apply = try await commander.datadog(["apply", "--yes"])
    #expect(apply.code == 0 && apply.errors.contains("\(count - before) created, \(before) no change."), "\(apply.errors)")
    #expect(stub.all.count == count)
    #expect(Set(try ApplyRunner(stub).identities).count == count)
    #expect(try await commander.datadog(["plan"]).code == 0)
  }

  @Test func aLimitIsWaitedForAndNotAskedAgainst() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    let times = Mutex<[ContinuousClock.Instant]>([])
    stub.set {
      $0.fault = { _, request in
        guard request.line == "POST /api/v1/slo" else { return nil }
        return times.withLock { times in
          times.append(.now)
          guard times.count == 1 else { return nil }
          return .answer(
            status: 429, body: #"{"errors":["Rate limit of 1 requests in 1 seconds reached."]}"#,
            headers: [
              ("X-RateLimit-Limit", "1"), ("X-RateLimit-Period", "1"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1"),
            ])
        }
      }
    }
    try commander.write(EveryKindPack.yaml, to: "pack.yaml")
    let apply = try await commander.datadog(["apply", "--yes", "--config", commander.path("pack.yaml")])
    #expect(apply.code == 0, "\(apply.errors)")
    let asked = times.withLock { $0 }
    #expect(asked.count == 4 && asked[0].duration(to: asked[1]) >= .seconds(1))
  }

  /// Each of Datadog's shapes of error, said at its object; what does not depend on it goes on.
  @Test func whatIsRefusedIsSaidObjectByObject() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    let bodies = [
      "Many requests": #"{"errors":["The value provided for parameter 'query' is invalid"]}"#,
      "No requests": #"{"errors":[{"title":"Bad Request","detail":"the window is wrong","source":{"pointer":"/query"}}]}"#,
      "Many deploys": #"{"error":{"code":400,"message":"no such index"}}"#,
    ]
    stub.set {
      $0.fault = { _, request in
        request.body?["name"]?.text.flatMap { bodies[$0] }.map { .answer(status: 400, body: $0) }
      }
    }
    try commander.write(EveryKindPack.yaml, to: "pack.yaml")
    let config = ["--config", commander.path("pack.yaml")]
    let apply = try await commander.datadog(["apply", "--yes"] + config)
    #expect(apply.code == 2)
    for line in [
      "failed    monitor many: monitor many: Datadog refuses it (400): The value provided for parameter 'query' is invalid",
      "failed    monitor none: monitor none: Datadog refuses it (400): the window is wrong (at /query)",
      "failed    monitor deploys: monitor deploys: Datadog refuses it (400): no such index",
      "skipped   monitor both: depends on monitor many", "skipped   slo calm: depends on monitor both",
    ] {
      #expect(apply.lines.contains(line), "\(apply.output)")
    }
    #expect(apply.lines.contains { $0.hasPrefix("created   monitor slower (") })
    stub.set { $0.fault = { _, _ in nil } }
    #expect(try await commander.datadog(["apply", "--yes"] + config).code == 0)
    #expect(try await commander.datadog(["plan"] + config).code == 0)
  }

  @Test func aKeyThatMayNotIsSaidOnce() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    stub.set {
      $0.scopes = [
        "monitors_read", "slos_read", "dashboards_read", "monitors_downtime", "apm_service_catalog_read", "slos_write",
      ]
    }
    let apply = try await commander.datadog(["apply", "--yes"])
    let all = apply.output + apply.errors
    #expect(apply.code == 77)
    #expect(all.components(separatedBy: "monitors_write").count == 2, "\(all)")
    #expect(apply.lines.count { $0.hasPrefix("failed") } == 1 && !apply.output.contains("not tried"))
    #expect(apply.errors.contains("not tried"))
    let wrong = try await commander.datadog(["plan"], environment: ["DD_API_KEY": "another"])
    #expect(wrong.code == 77 && wrong.errors.contains("the API key in DD_API_KEY is not valid"))
  }

  @Test func onlyWhatIsOursIsDeletedAndOnlyWhenAsked() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    stub.add(
      .monitor,
      .object(["name": .string("Theirs"), "type": .string("query alert"), "query": .string("avg(last_5m):avg:a{*} > 1")]))
    try commander.write(EveryKindPack.yaml, to: "pack.yaml")
    try commander.write(
      "monitors:\n  - {name: many, title: Many, severity: SEV-4, query: sum(llm.requests), window: 10m, above: 7}\n",
      to: "small.yaml")
    #expect(try await commander.datadog(["apply", "--yes", "--config", commander.path("pack.yaml")]).code == 0)
    // Somebody took our mark from one of them.
    stub.edit(.monitor, where: { $0["name"] == .string("Many deploys") }) { $0["tags"] = .strings(["commander_id:deploys"]) }
    let small = ["--yes", "--config", commander.path("small.yaml")]
    let count = stub.all.count
    _ = try await commander.datadog(["apply"] + small)
    #expect(stub.all.count == count)
    let pruned = try await commander.datadog(["apply", "--prune"] + small)
    #expect(pruned.code == 0, "\(pruned.output)\n\(pruned.errors)")
    #expect(Set(stub.objects(.monitor).compactMap { $0["name"]?.text }) == ["Theirs", "Many", "Many deploys"])
    #expect(stub.objects(.slo).isEmpty)
  }

  /// Two teams in one organisation, with definitions of the same names.
  @Test func aPackNeverTouchesAnotherPacksObjects() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    try commander.write(EveryKindPack.yaml, to: "pack.yaml")
    try commander.write(
      "monitors:\n  - {name: many, title: Many, severity: SEV-4, query: sum(llm.requests), window: 10m, above: 7}\n",
      to: "small.yaml")
    let (all, small) = (["--config", commander.path("pack.yaml")], ["--config", commander.path("small.yaml")])
    let (search, chat) = (
      ["--pack", "search", "--state-file", "search.jsonl"], ["--pack", "chat", "--state-file", "chat.jsonl"]
    )
    for run in [all, all + search, all + chat] {
      let apply = try await commander.datadog(["apply", "--yes"] + run)
      #expect(apply.code == 0, "\(apply.output)\n\(apply.errors)")
    }
    let (before, monitors) = (stub.all.count, stub.objects(.monitor))
    #expect(monitors.contains { $0["tags"]?.list?.contains(.string("commander_id:search/failing-signal")) == true })
    #expect(try await commander.datadog(["apply", "--yes", "--prune"] + small + search).code == 0)
    // What is left of it is one monitor; the others have all of theirs, and no plan for anything.
    let rest = stub.all.compactMap { DatadogIdentity.id(of: $0) }
    #expect(Set(rest.filter { $0.pack == "search" && $0.kind != .downtime }) == [.init(.monitor, "search/many")])
    #expect(stub.all.count < before)
    for run in [all, all + chat, small + search] {
      let plan = try await commander.datadog(["plan", "--prune"] + run)
      #expect(plan.code == 0, "\(plan.output)")
      #expect(try await commander.datadog(["drift"] + run.dropFirst(2)).code == 0)
    }
    // Pulled, a named pack has the definitions that it was made of.
    let pull = try await commander.datadog(["pull", "--to", "pulled", "--ours"] + chat)
    #expect(pull.code == 0)
    #expect(try await commander.datadog(["export", "--to", "exported", "--quiet"] + all + ["--pack", "chat"]).code == 0)
    #expect(
      try await commander.datadog(
        ["export", "--to", "again", "--quiet", "--config", commander.path("pulled/pack.yaml"), "--pack", "chat"]
      ).code == 0)
    #expect(try commander.texts("again") == commander.texts("exported"))
  }

  @Test func whatStandsInTheWayIsSaidInWords() async throws {
    let commander = try CommanderProcess(DatadogStub())
    try commander.write("text", to: "file")
    for arguments in [["export", "--to", "file"], ["pull", "--to", "file"], ["export", "--to", "file/below"]] {
      let outcome = try await commander.datadog(arguments)
      #expect(outcome.code == 1 && outcome.errors.contains("name a folder"), "\(outcome.errors)")
      #expect(!outcome.errors.contains("Error Domain") && !outcome.errors.contains("NSCocoa"))
    }
    let start = ContinuousClock.now
    let outcome = try await commander.datadog(["plan"], environment: ["DD_SITE": "datadog.invalid"])
    #expect(outcome.code == 69 && outcome.errors.contains("api.datadog.invalid: no such host"), "\(outcome.errors)")
    #expect(outcome.errors.contains("us5.datadoghq.com") && ContinuousClock.now - start < .seconds(10))
  }

  /// Keys by the configuration, which says where they are and never what they are.
  @Test func theConfigurationSaysWhereTheKeysAre() async throws {
    let stub = DatadogStub()
    let commander = try CommanderProcess(stub)
    try commander.write("app-key-of-tests\n", to: "key")
    try commander.write(
      """
      datadog:
        api_key: {environment: MY_API_KEY}
        app_key: {file: \(commander.path("key"))}
      keys: []
      providers:
        - {name: used, protocol: openai, base_url: "http://127.0.0.1:1"}
      routes: [{name: chat, models: ["*"], provider: used}]
      packs: [default]
      """, to: "commander.yaml")
    let config = ["--config", commander.path("commander.yaml")]
    let environment = ["DD_API_KEY": "", "DD_APP_KEY": "", "MY_API_KEY": "api-key-of-tests"]
    let plan = try await commander.datadog(["plan"] + config, environment: environment)
    #expect(plan.code == 2, "\(plan.errors)")
  }

  /// What cannot fire weighs more than a file that could not be read.
  @Test func lintSaysTheGraverOfTwoCodes() async throws {
    let commander = try CommanderProcess(DatadogStub())
    let sound = #"{"name": "m", "type": "query alert", "query": "avg(last_5m):avg:llm.request.duration{*} > 3", "message": "@a"}"#
    try commander.write(sound, to: "sound.json")
    try commander.write(sound.replacing("> 3", with: "< 0"), to: "dead.json")
    try commander.write("no JSON", to: "broken.json")
    for (files, code) in [(["sound"], 0), (["dead"], 3), (["broken"], 2), (["sound", "broken"], 2), (["dead", "broken"], 3)]
      as [([String], Int32)]
    {
      let outcome = try await commander.run(["lint"] + files.map { commander.path("\($0).json") })
      #expect(outcome.code == code, "\(files): \(outcome.errors)")
      #expect(outcome.errors.contains("broken.json") == files.contains("broken"))
    }
  }
}
