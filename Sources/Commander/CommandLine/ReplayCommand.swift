// `commander replay`: asks the requests of a regression set again, of another prompt version or model, and judges the answers.

import ArgumentParser
import AsyncHTTPClient
import Crypto
import Foundation
import LLMTelemetry
import NIOCore
import NIOHTTP1
import Remediation
import SemanticRisk

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Ask a regression set again through the gateway, and compare the answers with the frozen ones.",
    discussion: """
      The gateway's address is --gateway or COMMANDER_GATEWAY, the virtual key COMMANDER_KEY. Requests cost what they cost: they go to the \
      provider, count against the key's budgets, and show in charts as service commander-replay.
      Exit codes: 0 better or the same, 2 worse, 1 undecided, since too many could not be asked.
      """)

  @Argument(help: "A file that `commander incident freeze` wrote.", completion: .file(extensions: ["jsonl"])) var set: String
  @Option(help: "The version of the managed prompt to try.") var promptVersion: String?
  @Option(help: "The managed prompt; without it each request's own.") var prompt: String?
  @Option(help: "The model to try; without it each request's own.") var model: String?
  @Option(help: "table for people, json for programs.") var output = ConsoleOption.Output.table
  @OptionGroup var replay: ReplayOption

  func validate() throws {
    guard promptVersion != nil || model != nil else {
      throw ValidationError("Name what to try: --prompt-version V, --model M, or both.")
    }
    guard prompt == nil || promptVersion != nil else { throw ValidationError("--prompt needs --prompt-version.") }
  }

  func run() async throws {
    let report = try await replay.run(file: set, change: ReplayChange(prompt: prompt, version: promptVersion, model: model))
    Say.data(output == .json ? try report.json() : report.table)
    Say.message(report.sentence)
    switch report.verdict {
    case .better, .same: break
    case .worse: throw Exit.differs
    case .undecided: throw Exit.failed
    }
  }
}

/// How to ask, and what counts; shared with the promotion that depends on it.
struct ReplayOption: ParsableArguments {
  @Option(help: "The gateway.") var gateway =
    ProcessInfo.processInfo.environment["COMMANDER_GATEWAY"] ?? "http://127.0.0.1:8080"
  @Option(help: "Requests under way at the same time.") var concurrency = 4
  @Option(help: "Seconds to wait for an answer.") var timeout = 120
  @Option(help: "A scorer that is shown and does not count, such as refusal; may be repeated.") var ignore: [String] = []
  @Option(help: "How many more answers may get worse than better: models do not answer the same twice.") var allow = 0
  @Option(help: "Pass a gate only with at most this share of bad answers, such as 0.05.") var atMost: Double?

  func validate() throws {
    guard (1...64).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 64.") }
    guard (1...3_600).contains(timeout) else { throw ValidationError("--timeout is 1 to 3600 seconds.") }
    guard allow >= 0 else { throw ValidationError("--allow is 0 or more.") }
    guard atMost.map({ (0...1).contains($0) }) ?? true else { throw ValidationError("--at-most is a share from 0 to 1.") }
    for name in ignore where RiskScorer(rawValue: name).map(ReplayReport.answerScorers.contains) != true {
      throw ValidationError(
        "--ignore \(name): the scorers are \(ReplayReport.answerScorers.map(\.rawValue).joined(separator: ", ")).")
    }
  }

  /// What the commander is told of a report on a set.
  func result(_ report: ReplayReport, file: String) throws -> ReplayResult {
    ReplayResult(
      set: RegressionSet.digest(of: try contents(of: file)), name: Self.name(of: file), requests: report.items.count,
      unanswered: report.unanswered, badThen: report.badBefore, badNow: report.badNow, verdict: report.verdict, allowance: allow,
      ignored: ignore)
  }

  private static func name(of file: String) -> String { file.split(separator: "/").last.map(String.init) ?? file }

  private func contents(of file: String) throws -> Data {
    if let data = FileManager.default.contents(atPath: file) { return data }
    throw refusal("\(file): cannot be read; `commander incident freeze` writes such a file.")
  }

  func run(file: String, change: ReplayChange) async throws -> ReplayReport {
    guard let key = ProcessInfo.processInfo.environment["COMMANDER_KEY"], !key.isEmpty else {
      throw refusal("Set COMMANDER_KEY to a virtual key of the gateway; `commander key create replay` makes one.")
    }
    let data = try contents(of: file)
    let set: RegressionSet
    let requests: [ReplayRequest]
    do {
      set = try RegressionSet(text: String(decoding: data, as: UTF8.self))
      requests = try set.requests.map { frozen throws(RegressionSet.Malformed) in
        do throws(ReplayRequest.Impossible) { return try ReplayRequest(frozen, change) } catch {
          throw RegressionSet.Malformed(description: "request \(frozen.id): \(error)")
        }
      }
    } catch {
      throw refusal("\(file): \(error)")
    }
    let replaced = requests.count(where: \.replacesInstruction)
    if replaced > 0 {
      Say.message(
        "\(replaced) requests carried a system instruction of their own; the version's text takes its place, and documents in it are gone."
      )
    }
    let outcomes = await outcomes(requests, key: key)
    let items = zip(set.requests, outcomes).map { ReplayScoring.now($0, $1, .shared) }
    if let reason = outcomes.lazy.compactMap({ if case .unanswered(let reason) = $0 { reason } else { nil } }).first {
      Say.message("The first that could not be asked: \(reason)")
    }
    return ReplayReport(
      set: "\(Self.name(of: file)) (\(RegressionSet.digest(of: data).prefix(8)))", change: change.words, items: items,
      ignored: Set(ignore.compactMap(RiskScorer.init)),
      allowance: allow, mostBad: atMost)
  }

  /// In the order of the requests.
  private func outcomes(_ requests: [ReplayRequest], key: String) async -> [ReplayOutcome] {
    await withTaskGroup(of: (Int, ReplayOutcome).self) { group in
      var outcomes = [ReplayOutcome?](repeating: nil, count: requests.count)
      var waiting = requests.enumerated().makeIterator()
      func start() {
        guard let (index, request) = waiting.next() else { return }
        group.addTask { (index, await ask(request, key: key)) }
      }
      for _ in 0..<concurrency { start() }
      while let (index, outcome) = await group.next() {
        outcomes[index] = outcome
        start()
      }
      return outcomes.map { $0 ?? .unanswered("it was not asked") }
    }
  }

  private func ask(_ request: ReplayRequest, key: String) async -> ReplayOutcome {
    var call = HTTPClientRequest(url: gateway + "/v1/chat/completions")
    call.method = .POST
    call.headers = HTTPHeaders(request.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    call.headers.add(name: "authorization", value: "Bearer \(key)")
    call.body = .bytes(ByteBuffer(string: request.body))
    do {
      let response = try await HTTPClient.shared.execute(call, timeout: .seconds(Int64(timeout)))
      return ReplayOutcome(
        status: Int(response.status.code), body: Data(buffer: try await response.body.collect(upTo: 16 << 20)),
        versionAsked: request.headers["x-commander-prompt-version"],
        versionUsed: response.headers.first(name: "x-commander-prompt-version"))
    } catch {
      return .unanswered("no answer from \(gateway): \(error)")
    }
  }

  private func refusal(_ message: String) -> ExitCode {
    Say.message(message)
    return Exit.failed
  }
}

extension RegressionSet {
  /// SHA-256 in hexadecimal digits.
  package static func digest(of data: Data) -> String {
    SHA256.hash(data: data).map { byte in
      let digits = String(byte, radix: 16)
      return digits.utf8.count == 1 ? "0\(digits)" : digits
    }.joined()
  }
}

extension ReplayReport {
  var table: String {
    func mean(_ value: Double) -> String { String(format: "%.3f", value) }
    let judged = String(items.count - unanswered)
    return TableOutput.render(
      ["SCORER", "COMPARED", "FLAGGED THEN", "FLAGGED NOW", "MEAN THEN", "MEAN NOW"],
      lines.map {
        [$0.scorer, String($0.compared), String($0.flaggedBefore), String($0.flaggedNow), mean($0.meanBefore), mean($0.meanNow)]
      } + [
        ["no answer", judged, String(failedBefore), String(failedNow), "-", "-"],
        ["any of these", judged, String(badBefore), String(badNow), "-", "-"],
      ])
  }

  /// Without the texts: a report may go where the set must not.
  func json() throws -> String {
    struct Document: Encodable {
      struct Answer: Encodable {
        let failure: String?
        let scores: [String: Double]

        init(_ answer: JudgedAnswer) {
          failure = answer.failure
          scores = Dictionary(answer.scores.all.map { ($0.scorer.rawValue, $0.score) }) { first, _ in first }
        }
      }
      struct Entry: Encodable {
        let id: String
        let then: Answer
        let now: Answer
        let unanswered: Bool
      }
      let set, change, sentence: String
      let verdict: Verdict
      let passesGate: Bool
      let requests, unanswered, badThen, badNow, repaired, regressed: Int
      let scorers: [Line]
      let items: [Entry]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let document = Document(
      set: set, change: change, sentence: sentence, verdict: verdict, passesGate: passesGate, requests: items.count,
      unanswered: unanswered, badThen: badBefore, badNow: badNow, repaired: repaired, regressed: regressed, scorers: lines,
      items: items.map { .init(id: $0.id, then: .init($0.before), now: .init($0.now), unanswered: $0.isUnanswered) })
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }
}
