// Receivers that are absent, slow, full or wrong cost no request; what they lose is counted, and said on the System page.

import AsyncHTTPClient
import Foundation
import NIOCore
import Simulation
import Testing

@Suite struct TelemetryFaultTests {
  @Test(arguments: ["429", "413", "garbage", "silent", "absent"])
  func aReceiverThatFailsCostsNoRequest(behaviour: String) async throws {
    let receivers = TelemetryReceivers(
      ["429": .status(429), "413": .status(413), "garbage": .garbage, "silent": .silent][behaviour] ?? .takesEverything)
    let (page, spans) = try await receivers.run { address, stats in
      let road = behaviour == "absent" ? "http://127.0.0.1:1" : address
      return try await Deployment.run(
        simulator: ProviderSimulator(),
        extra: TelemetryReceivers.everyRoad(road, behaviour == "absent" ? "127.0.0.1:1" : stats)
      ) { deployment in
        for _ in 0..<20 { try await Self.ask(deployment) }
        // The roads' problems are known when each has tried once.
        for _ in 0..<200 {
          let page = try await Self.page(deployment)
          if ["garbage", "silent"].contains(behaviour) || page.contains("Does not arrive") { return page }
          try await Task.sleep(for: .milliseconds(50))
        }
        return try await Self.page(deployment)
      }
    }
    #expect(spans.count == 20 && spans.allSatisfy { $0.outcome == .ok })
    switch behaviour {
    case "garbage": #expect(page.contains("Traces to the Datadog Agent"))
    case "silent": #expect(page.contains("Traces to the Datadog Agent"))
    default: #expect(page.contains("Does not arrive"), "\(page)")
    }
    #expect(!page.contains("datadog-secret") && !page.contains("127.0.0.1:1/"))
  }

  private static func page(_ deployment: Deployment) async throws -> String {
    let response = try await HTTPClient.shared.get(url: deployment.consoleURL + "/system").get()
    return response.body.map { String(buffer: $0) } ?? ""
  }

  private static func ask(_ deployment: Deployment) async throws {
    var request = HTTPClientRequest(url: deployment.gatewayURL + "/v1/chat/completions")
    request.method = .POST
    request.headers.add(name: "authorization", value: "Bearer \(Deployment.key)")
    request.body = .bytes(ByteBuffer(string: #"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    #expect(response.status == .ok)
    _ = try await response.body.collect(upTo: 1 << 20)
  }
}
