// Requests as values, pages to their ends, and refusals in words whichever shape they have.

import Delivery
import Foundation
import Testing

@testable import Datadog

@Suite struct DatadogAPITests {
  @Test(arguments: [
    (#"{"errors":["Monitor not found"]}"#, "Monitor not found"), (#"{"errors":["a","b"]}"#, "a; b"),
    (#"{"errors":[{"status":"400","title":"Bad Request","detail":"got type \"userx\""}]}"#, "got type \"userx\""),
    (#"{"errors":[{"code":"resource_not_found","title":"project not found"}]}"#, "project not found"),
    (#"{"errors":[{"title":"Invalid","detail":"no","source":{"pointer":"/data/x"}}]}"#, "Invalid: no (at /data/x)"),
    (#"{"error":{"code":"x","message":"quota is used up"}}"#, "quota is used up"), (#"{"error":"plain"}"#, "plain"),
    (#"{"data":[],"errors":{"0f":"used by monitor 7"}}"#, "0f: used by monitor 7"), (#"{"message":"Forbidden"}"#, "Forbidden"),
    ("upstream connect error\nor so", "upstream connect error or so"), ("", "no reason given"), ("{}", "no reason given"),
    (
      "<html><head><title>502 Bad Gateway</title></head></html>",
      "a web page, \"502 Bad Gateway\", which is not Datadog's API; is there a proxy in between?"
    ),
  ])
  func refusalsAreOneSentence(body: String, words: String) {
    #expect(DatadogErrorText.of(status: 400, contentType: nil, body: Array(body.utf8)) == words)
  }

  /// Every recorded refusal, of whatever part of the API, has words.
  @Test func everyRecordedRefusalHasWords() throws {
    guard sharedFile("reference/datadog-recorded-exchanges.jsonl") != nil else { return }
    var count = 0
    for line in try sharedLines("reference/datadog-recorded-exchanges.jsonl") {
      let entry = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
      guard let status = entry["code"]?.double, status >= 400 else { continue }
      count += 1
      let words = DatadogErrorText.of(
        status: Int(status), contentType: nil, body: Array(ObjectText.text(of: entry["resp"] ?? .null).utf8))
      #expect(words != "no reason given" && !words.contains("{\""), "\(words)")
    }
    #expect(count == 34)
  }

  @Test func callsAreRequests() throws {
    let account = try DatadogAccount(site: "us5.datadoghq.com", apiKey: "k1", applicationKey: "k2")
    let call = ObjectEndpoint(.monitor).list([("monitor_tags", "commander_id:a b&c")])
    let request = call.request(account)
    #expect(
      request.url == "https://api.us5.datadoghq.com/api/v1/monitor?monitor_tags=commander_id%3Aa%20b%26c"
        && request.method == "GET")
    #expect(request.body.isEmpty && request.headers.contains { $0.name == "DD-APPLICATION-KEY" && $0.value == "k2" })
    #expect(ObjectEndpoint(.slo).delete("0f", force: true, subject: "").query.map(\.name) == ["force"])
    #expect(ObjectEndpoint(.slo).delete("0f", force: false, subject: "").query.isEmpty)
    #expect(
      !ObjectEndpoint(.slo).create(.null, subject: "").isRepeatable
        && ObjectEndpoint(.slo).update("0f", .null, subject: "").isRepeatable)
    #expect(
      call.endpoint == "GET api/v1/monitor" && ObjectEndpoint(.monitor).get("77", subject: "").endpoint == "GET api/v1/monitor/*")
    #expect(try DatadogAccount(site: "http://127.0.0.1:9/", apiKey: "a", applicationKey: "b").origin == "http://127.0.0.1:9")
    #expect(throws: DatadogAccount.Incomplete.self) { try DatadogAccount(environment: ["DD_API_KEY": "a"]) }
    #expect(throws: DatadogAccount.Incomplete.self) { try DatadogAccount(site: "x", apiKey: "a", applicationKey: "b") }
    #expect(throws: DatadogAccount.Incomplete.self) {
      try DatadogAccount(site: "datadoghq.com", apiKey: "a\nb", applicationKey: "b")
    }
  }

  /// Just below, at and above the size of a page, whatever the server makes of sizes.
  @Test(arguments: [0, 1, 6, 7, 8, 499, 500, 501], [7, 1_000])
  func everyPageIsRead(count: Int, longest: Int) async throws {
    for knows in [true, false] {
      let stub = DatadogStub {
        $0.longestPage = longest
        $0.knowsOffsets = knows
      }
      for index in 0..<count {
        stub.add(.monitor, SmallPack.monitor("m\(index)").json)
        stub.add(.slo, SmallPack.slo("s\(index)").json)
      }
      let objects = try stub.objects()
      #expect(Set(try await objects.list(.monitor).map(\.number)).count == count)
      #expect(Set(try await objects.list(.slo).map(\.number)).count == count)
    }
  }

  @Test func dashboardsAreFetchedOneByOneWhereWanted() async throws {
    let stub = DatadogStub { $0.longestPage = 2 }
    for index in 0..<5 {
      stub.add(
        .dashboard,
        .object([
          "title": .string("d\(index)"), "layout_type": .string("ordered"), "widgets": .array([]),
          "description": .string(index < 2 ? DatadogIdentity.line("d\(index)") : "theirs"),
        ]))
    }
    let found = try await stub.objects().live([.dashboard])
    #expect(found.count == 5 && found.count { $0.json["widgets"] != nil } == 2)
  }

  // MARK: Waiting

  @Test func limitsAreReadFromHeaders() throws {
    let headers = [
      ("x-ratelimit-limit", "100"), ("X-RateLimit-Period", "60"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "12"),
      ("X-RateLimit-Name", "monitors"),
    ]
    let limit = try #require(RateLimit(DeliveryResponse(status: 200, headers: headers.map { (name: $0.0, value: $0.1) })))
    #expect(limit.limit == 100 && limit.period == 60 && limit.remaining == 0 && limit.reset == 12 && limit.name == "monitors")
    #expect(RateLimit(DeliveryResponse(status: 200)) == nil)
    var book = RateLimitBook()
    book.note(limit, endpoint: "GET a", now: 100)
    #expect(book.pause("GET a", now: 100) == 12 && book.pause("GET a", now: 111.5) == 0.5 && book.pause("GET a", now: 113) == 0)
    #expect(book.pause("GET b", now: 100) == 0)
  }

  /// The last answer before a limit says so: the next request waits without being refused.
  @Test func aLimitThatIsToldIsNotRunInto() async throws {
    let stub = DatadogStub {
      $0.fault = { index, _ in
        index == 0
          ? .answer(
            status: 200, body: "[]",
            headers: [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9"), ("X-RateLimit-Name", "m")]) : nil
      }
    }
    let objects = try stub.objects()
    _ = try await objects.list(.monitor)
    #expect(stub.slept.isEmpty)
    _ = try await objects.list(.monitor)
    #expect(stub.slept == [9])
  }

  @Test func onlyWhatMayBeRepeatedIs() async throws {
    let stub = DatadogStub { $0.fault = { _, _ in .answer(status: 500, body: "") } }
    let objects = try stub.objects(attempts: 4)
    do {
      _ = try await objects.list(.monitor)
      Issue.record("was answered")
    } catch {
      #expect(error.reason == .unknown && error.description.contains("after 4 attempts (500, no reason given)"))
    }
    #expect(stub.requests.count == 4 && stub.slept == [1.25, 2.5, 5])
    let before = stub.requests.count
    _ = try? await objects.create(SmallPack.monitor("plain"))
    #expect(stub.requests[before...].count { $0.method == "POST" } == 1)
  }

  @Test func monitorsAreValidatedBeforeTheyAreSent() async throws {
    let stub = DatadogStub()
    let objects = try stub.objects()
    let good = SmallPack.monitor("good")
    let bad = SmallPack.monitor("bad", query: "query")
    let plan = ObjectPlan(wanted: [good, bad], live: [], state: nil)
    let complaints = try await objects.complaints(plan, wanted: [good, bad])
    #expect(
      complaints == [
        "monitor bad: Datadog refuses it (400): The value provided for parameter 'query' is invalid: invalid operator specified:"
      ])
    #expect(stub.all.isEmpty)
  }

  // MARK: Other kinds

  @Test func downtimesAndServicesAreAppliedToo() async throws {
    let runner = ApplyRunner(DatadogStub())
    let downtime = CompiledObject(
      .init(.downtime, "plain-mute-1"),
      .object([
        "data": .object([
          "type": .string("downtime"),
          "attributes": .object([
            "message": .string("Move\n\n\(DatadogIdentity.line("plain-mute-1"))"), "scope": .string("env:prod"),
            "monitor_identifier": .object(["monitor_tags": .strings(["commander_id:plain"])]),
            "schedule": .object(["start": .string("2030-01-01T00:00:00Z"), "end": .string("2030-01-02T00:00:00Z")]),
          ]),
        ])
      ]))
    let service = ServiceCompiler(settings: CompileSettings()).compile("llm-gateway", pack: .default)
    let wanted = [SmallPack.monitor("plain"), downtime, service]
    let report = try await runner.apply(wanted)
    #expect(report.isComplete && report.count(.created) == 3, "\(report.results.map(\.line))")
    let plan = try await runner.plan(wanted)
    #expect(plan.isEmpty, "\(PlanReport(plan).text)")
    guard case .object(let data)? = downtime.json["data"], case .object(var attributes)? = data["attributes"] else { return }
    attributes["scope"] = .string("env:staging")
    let changed = [
      SmallPack.monitor("plain"),
      CompiledObject(downtime.id, .object(["data": .object(["type": .string("downtime"), "attributes": .object(attributes)])])),
      service,
    ]
    #expect(try await runner.apply(changed).count(.updated) == 1)
    #expect(try await runner.plan(changed).isEmpty)
    #expect(try await runner.apply([], pruning: true).count(.deleted) == 3)
    #expect(try await runner.plan([], pruning: true).isEmpty)
    #expect(wanted.withoutPast(at: .init(unixNanoseconds: 1_900_000_000_000_000_000)).map(\.id.kind) == [.monitor, .service])
  }
}
