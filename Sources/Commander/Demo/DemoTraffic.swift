// The demo's users: tenants that ask the handbook through the RAG service, and a chat beside it that is not affected.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

struct DemoTraffic: Sendable {
  let ragService: String
  let gateway: String
  let key: String
  let counters = Counters()

  /// How often a question is asked of the RAG service, and how often the chat is used.
  private static let questionInterval: Duration = .milliseconds(140)
  private static let chatInterval: Duration = .milliseconds(450)
  private static let tenants = ["acme-eu", "acme-eu", "acme-us", "globex", "initech"]
  private static let questions = [
    "Within how many days of delivery can unused products be returned?",
    "When are refunds paid to the original payment method?",
    "How long does standard delivery take within the European Union?",
    "What does express delivery cost regardless of the order value?",
    "How many requests a minute does the Halden Cloud API allow for each access token?",
    "What happens after the third failed payment attempt?",
    "How long is the warranty of Halden devices?",
    "What does the warranty not cover?",
    "How do I reset the hub?",
    "How long does the Halden Sensor run on two AA batteries?",
    "How long is a password reset link valid?",
    "When does support answer by chat and telephone?",
  ]

  final class Counters: Sendable {
    private let counts = Mutex((answered: 0, failed: 0))
    func count(_ success: Bool) { counts.withLock { if success { $0.answered += 1 } else { $0.failed += 1 } } }
    var totals: (answered: Int, failed: Int) { counts.withLock { $0 } }
  }

  /// Runs until the task is cancelled; at most 32 requests are open at a time.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await pace(Self.questionInterval) { await ask(number: $0) } }
      group.addTask { await pace(Self.chatInterval) { await chat(number: $0) } }
    }
  }

  private func pace(_ interval: Duration, _ request: @escaping @Sendable (Int) async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      var number = 0
      var open = 0
      while !Task.isCancelled {
        if open == 16 {
          await group.next()
          open -= 1
        }
        let current = number
        group.addTask { await request(current) }
        number += 1
        open += 1
        try? await Task.sleep(for: interval)
      }
      group.cancelAll()
    }
  }

  private func ask(number: Int) async {
    let tenant = Self.tenants[number % Self.tenants.count]
    let question = Self.questions[number % Self.questions.count]
    await post(
      ragService + "/ask", JSONOutput.object(["question": question, "tenant": tenant, "feature": "handbook"]), headers: [])
  }

  private func chat(number: Int) async {
    let body =
      #"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Please greet customer number \#(number) kindly."}]}"#
    await post(
      gateway + "/v1/chat/completions", body,
      headers: [
        ("authorization", "Bearer \(key)"), ("x-commander-tenant", Self.tenants[number % Self.tenants.count]),
        ("x-commander-feature", "greeting"),
      ])
  }

  private func post(_ url: String, _ body: String, headers: [(String, String)]) async {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers = HTTPHeaders([("content-type", "application/json")] + headers)
    request.body = .bytes(ByteBuffer(string: body))
    do {
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
      _ = try await response.body.collect(upTo: 1 << 20)
      counters.count(response.status == .ok)
    } catch {
      if !Task.isCancelled { counters.count(false) }
    }
  }
}
