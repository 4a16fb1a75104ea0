// `commander budget …`: what the budgets of a running commander allow, and what is gone.

import ArgumentParser
import Foundation
import LLMTelemetry

struct BudgetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "budget", abstract: "Show budgets.", subcommands: [BudgetList.self])
}

struct BudgetList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List budgets: spent, reserved, left, when they reset, and the worst overshoot.")
  @OptionGroup var console: ConsoleOption

  func run() async throws {
    let body = try await console.client.get("/api/budgets.json")
    guard console.output == .table else { return Say.data(String(decoding: body, as: UTF8.self)) }
    let document = try JSONDecoder().decode(Document.self, from: body)
    guard !document.budgets.isEmpty else {
      return Say.message("No budget is configured. Add one under `budgets`; docs/budgets.md shows how.")
    }
    Say.data(Self.table(document.budgets))
    var stated: Set<String> = []
    for line in document.budgets where stated.insert(line.name).inserted {
      Say.message("\(line.name): worst overshoot: \(line.worstOvershootSentence)")
    }
  }

  static func table(_ lines: [Line]) -> String {
    TableOutput.render(
      [
        "BUDGET", "SUBJECT", "PERIOD", "LIMIT", "SPENT", "RESERVED", "LEFT", "IN FLIGHT", "WORST OVERSHOOT", "OBSERVED",
        "RESETS",
      ],
      lines.map { line in
        func amount(_ text: String) -> String { line.unit == "usd" ? "$\(text)" : text }
        return [
          line.name, "\(line.scope) \(line.subject)", line.period,
          line.unit == "usd" ? "$\(line.limit)" : "\(line.limit) \(line.unit)",
          amount(line.spent), amount(line.reserved), amount(line.left), String(line.inFlight),
          line.worstOvershoot.map(amount) ?? "not bounded", amount(line.observedOvershootOfLimit),
          line.resetsAt?.rfc3339Seconds ?? "nothing counts",
        ]
      })
  }

  struct Document: Decodable {
    let budgets: [Line]
  }

  struct Line: Decodable {
    let name: String
    let scope: String
    let subject: String
    let unit: String
    let period: String
    let limit: String
    let spent: String
    let reserved: String
    let left: String
    let resetsAt: Timestamp?
    let inFlight: Int
    let worstOvershoot: String?
    let worstOvershootSentence: String
    let observedOvershootOfLimit: String
  }
}
