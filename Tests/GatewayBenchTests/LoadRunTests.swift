// The load generator against the bench upstream over real connections.

import NIOCore
import NIOPosix
import Testing

@testable import gateway_bench

struct LoadRunTests {
  private func measure(_ change: (inout LoadPlan) -> Void) async throws -> LoadResult {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = UpstreamServer.bootstrap(group: group)
    let channel = try await server.bind(host: "127.0.0.1", port: 0).get()
    var plan = LoadPlan()
    plan.port = try #require(channel.localAddress?.port)
    plan.connections = 4
    plan.duration = .seconds(60)
    plan.largestNumberOfRequests = 100
    change(&plan)
    let wanted = plan
    let loop = group.next()
    let result = try await loop.flatSubmit { LoadRun(plan: wanted, loop: loop).begin() }.get()
    try await channel.close()
    return result
  }

  @Test("complete answers are counted and timed, each once")
  func completeAnswers() async throws {
    let result = try await measure { _ in }
    #expect(result.completed == 100)
    #expect(result.started == 100)
    #expect(result.latency.count == 100)
    #expect(result.errors.isEmpty)
    #expect(result.reconnects == 0)
  }

  @Test("every chunk of every stream arrives, one by one where the upstream takes its time")
  func streams() async throws {
    let result = try await measure { plan in
      plan.largestNumberOfRequests = 8
      plan.instructions = ChatInstructions(streams: true, chunks: 10, paceMicroseconds: 1_000)
      plan.stallThreshold = .seconds(30)
    }
    #expect(result.completed == 8)
    #expect(result.chunks == 80)
    // The last chunk and [DONE].
    #expect(result.events == 96)
    #expect(result.firstEvent.count == 8)
    #expect(result.gap.count == 72)
    #expect(result.stalls == 0)
    #expect(result.latency.quantile(0.5) ?? 0 > 10_000_000)
  }

  @Test("at a fixed rate the number of requests is the rate, whatever the answers take")
  func fixedRate() async throws {
    let result = try await measure { plan in
      plan.rate = 400
      plan.duration = .milliseconds(500)
      plan.largestNumberOfRequests = .max >> 1
    }
    #expect(result.started + (result.errors["unsent"] ?? 0) == 200)
    #expect(result.completed == result.started)
  }

  @Test("where nobody listens the run ends and says so")
  func nobodyListens() async throws {
    let result = try await measure { $0.port = 1 }
    #expect(result.completed == 0)
    #expect(result.errors["connect"] ?? 0 > 0)
  }
}
