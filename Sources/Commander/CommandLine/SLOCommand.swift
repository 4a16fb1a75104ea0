// `commander slo …`: what was promised, whether it is kept, and how much may still go wrong.

import ArgumentParser
import Foundation
import LLMTelemetry
import Monitors

struct SLOCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slo", abstract: "Show objectives and their error budgets.", subcommands: [SLOList.self])
}

struct SLOList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List objectives: target, what was good, what is left of the error budget, and how fast it burns.")
  @OptionGroup var console: ConsoleOption

  func run() async throws {
    let body = try await console.client.get("/api/slos.json")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let document = try JSONDecoder().decode(Document.self, from: body)
    guard !document.objectives.isEmpty else {
      return Say.message(
        "No objective is configured. Add one under `slos`, or take `packs: [default]`; docs/monitors.md shows how.")
    }
    Say.data(Self.table(document.objectives))
    for line in document.objectives where line.freezesPromotions {
      Say.message("\(line.name): the error budget is spent; promotions are frozen, rolling back is not.")
    }
  }

  static func table(_ lines: [Line]) -> String {
    TableOutput.render(
      ["OBJECTIVE", "TARGET", "OVER", "STATE", "GOOD", "OF", "BUDGET LEFT", "BURN RATES", "WHEN SPENT"],
      lines.map { line in
        let unknown = "no data"
        let burns = line.burns.map { burn in
          "\(burn.long.map { String(format: "%.1f", $0) } ?? unknown) over \(Figure.duration(.seconds(burn.longSeconds)))"
            + "\(burn.isBurning ? " (burning)" : "")"
        }
        return [
          line.name, "\(Figure.number(line.target, decimals: 4)) %", line.timeframe, line.state.replacing("_", with: " "),
          line.indicator.map { "\(Figure.number($0, decimals: 3)) %" } ?? unknown,
          "\(Figure.number(line.valid, decimals: 0)) \(line.unit)",
          line.budgetShareLeft.map { "\(Figure.number($0 * 100, decimals: 1)) %" } ?? unknown,
          burns.isEmpty ? "-" : burns.joined(separator: ", "), line.whenSpent ?? "-",
        ]
      })
  }

  struct Document: Decodable {
    let objectives: [Line]
  }

  struct Line: Decodable {
    struct Burn: Decodable {
      let longSeconds: Int64
      let long: Double?
      let isBurning: Bool
    }

    let name: String
    let target: Double
    let timeframe: String
    let state: String
    let unit: String
    let valid: Double
    let indicator: Double?
    let budgetShareLeft: Double?
    let burns: [Burn]
    let whenSpent: String?
    let freezesPromotions: Bool
  }
}
