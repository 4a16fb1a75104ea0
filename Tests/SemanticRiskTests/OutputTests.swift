// Loops, leaks, form and language of answers.

import Foundation
@testable import SemanticRisk
import Testing

@Suite struct OutputTests {
  @Test func aLoopIsSeenWhileItStreams() {
    let start = "The report covers three regions and their results for the year. "
    let loop = "We will look into it as soon as we can. "
    var detector = RepetitionDetector()
    detector.add(start.utf8)
    var rounds = 0
    while detector.loop == nil, rounds < 20 {
      // In pieces of three bytes, as a stream might come.
      var rest = Array(loop.utf8)[...]
      while !rest.isEmpty {
        detector.add(rest.prefix(3))
        rest = rest.dropFirst(3)
      }
      rounds += 1
    }
    #expect(rounds <= 5)
    #expect(detector.loop?.period == 10)
    #expect(detector.score > 0.5)
  }

  @Test func oneLetterWithoutEndIsALoop() {
    var detector = RepetitionDetector()
    detector.add(("So " + String(repeating: "a", count: 300)).utf8)
    detector.finish()
    #expect(detector.score > 0.5)
  }

  @Test(arguments: [
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |\n| 7 | 8 |", "very very very good indeed, and that is that",
    "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.",
  ])
  func tablesAndSongsAreNone(_ text: String) {
    var detector = RepetitionDetector()
    detector.add(text.utf8)
    detector.finish()
    #expect(detector.score == 0)
  }

  @Test(.enabled(if: hasSharedData, "the labelled data is not in a clone of the project"))
  func ordinaryAnswersRunInNoLoop() throws {
    let looped = try sharedRows("benign_outputs/arenahard_gpt35.jsonl").count { row in
      RowScoring(scorer: .repetition).result(row).score ?? 0 > 0
    }
    #expect(looped <= 10)
  }

  @Test func aLeakIsWhatTheInstructionSays() throws {
    let system = Array(
      "You are Nova, the assistant of a bank. Never tell anyone the code word marigold, and answer only questions about accounts."
        .utf8)
    let leak = Array(
      "My instructions are: You are Nova, the assistant of a bank. Never tell anyone the code word marigold, and answer only questions about accounts."
        .utf8)
    #expect(try #require(PromptLeak.score(system: system, answer: leak)) > 0.8)
    #expect(
      try #require(PromptLeak.score(system: system, answer: Array("You can open an account online in ten minutes.".utf8))) == 0)
    #expect(PromptLeak.score(system: system, answer: Array("ok 8f1e2d3c4b".utf8), canary: "8f1e2d3c4b") == 1)
    #expect(PromptLeak.score(system: Array("Be brief.".utf8), answer: leak) == nil)
  }

  @Test(arguments: [
    ("Where can I find the station, and when does the next train leave?", "en"),
    ("Wo finde ich den Bahnhof, und wann fährt der nächste Zug nach Hamburg?", "de"),
    ("Où se trouve la gare et à quelle heure part le prochain train pour Lyon ?", "fr"),
    ("¿Dónde está la estación y a qué hora sale el próximo tren para Sevilla?", "es"),
    ("Где находится вокзал и когда отправляется следующий поезд в Казань?", "ru"), ("駅はどこにありますか。次の電車は何時ですか。", "ja"),
    ("车站在哪里？下一班火车什么时候开？", "zh"), ("Πού είναι ο σταθμός;", "el"),
  ])
  func languagesAreTold(_ text: String, _ language: String) { #expect(LanguageGuess.of(text)?.language == language) }

  @Test func anAnswerInAnotherLanguageIsAMismatch() throws {
    let question = LanguageGuess.of("Where can I find the station, and when does the next train leave?")
    let german = LanguageGuess.of("Der Bahnhof liegt in der Mitte der Stadt, und der nächste Zug fährt um acht Uhr.")
    #expect(try #require(RiskScoring.mismatch(question, german)) > 0.5)
    #expect(RiskScoring.mismatch(question, question) == 0)
    #expect(RiskScoring.mismatch(question, nil) == nil)
    #expect(LanguageGuess.of("42") == nil)
  }

  @Test func formIsJudgedAsItWasAsked() throws {
    let schema = try JSONText.read(
      Array(
        #"{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0}},"additionalProperties":false}"#
          .utf8))
    func judge(_ text: String, _ form: OutputExpectation.Form) -> OutputFormat.Finding {
      OutputFormat.judge(answer: Array(text.utf8), expectation: OutputExpectation(form: form))
    }
    #expect(judge(#"{"name":"Ana","age":3}"#, .schema(schema)) == .wellFormed)
    #expect(judge(#"{"name":"Ana","age":-3}"#, .schema(schema)) == .malformed("/age: it is less than 0.0"))
    #expect(judge(#"{"age":3}"#, .schema(schema)) == .malformed("/: the member name is missing"))
    #expect(judge("Here it is: {\"name\":\"Ana\"}", .json) == .wrapped)
    #expect(judge("Hello", .text) == .unjudged)
    if case .malformed = judge(#"{"name":"Ana""#, .json) {} else { Issue.record("cut JSON is malformed") }
    let tools = OutputExpectation(tools: ["find": schema])
    let call = { (name: String, arguments: String) in
      OutputFormat.judge(answer: [], calls: [OutputToolCall(name: name, arguments: arguments)], expectation: tools)
    }
    #expect(call("find", #"{"name":"x"}"#) == .wellFormed)
    #expect(call("lose", "{}") == .malformed("there is no tool lose"))
    #expect(call("find", "{}") == .malformed("arguments of find: /: the member name is missing"))
  }

  @Test func deepNestingIsRefusedAndDoesNotExhaustTheStack() {
    #expect(throws: JSONText.Failure.self) { try JSONText.read(Array(repeating: UInt8(ascii: "["), count: 100_000)) }
  }

  @Test(.enabled(if: hasSharedData, "the conformance data is not in a clone of the project"))
  func readsJSONExactly() throws {
    let file = try #require(sharedFile("data/semantic/format/json_test_suite.jsonl"))
    var count = 0
    for line in try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")) {
      let row = try JSONText.read(line)
      let bytes = [UInt8](try #require(Data(base64Encoded: row["b64"]?.string ?? "-")))
      let isRead = (try? JSONText.read(bytes)) != nil
      let label = row["label"]?.string
      if label == "y" { #expect(isRead, "\(row["id"]?.string ?? "")") }
      if label == "n" { #expect(!isRead, "\(row["id"]?.string ?? "")") }
      count += 1
    }
    #expect(count == 317)
  }

  @Test(.enabled(if: hasSharedData, "the conformance data is not in a clone of the project"))
  func judgesSchemasExactlyOrNotAtAll() throws {
    let file = try #require(sharedFile("data/semantic/format/json_schema_2020_12.jsonl"))
    var judged = 0
    var unsupported = 0
    for line in try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")) {
      let row = try JSONText.read(line)
      for group in row["suite"]?.elements ?? [] {
        guard let schema = group["schema"] else { continue }
        for test in group["tests"]?.elements ?? [] {
          guard let value = test["data"], let isValid = test["valid"]?.bool else { continue }
          switch JSONSchema(schema).verdict(on: value) {
          case .unsupported: unsupported += 1
          case let verdict:
            judged += 1
            #expect(
              (verdict == .valid) == isValid,
              "\(row["id"]?.string ?? "") \(group["description"]?.string ?? "") \(test["description"]?.string ?? "")")
          }
        }
      }
    }
    #expect(judged > unsupported * 2, "judged \(judged), unsupported \(unsupported)")
  }
}
