// `gateway-bench load`: one run with its own event loop, then one line of JSON.

import NIOCore
import NIOPosix

enum LoadCommand {
  static func run(_ arguments: CommandArguments) throws {
    let plan = try LoadPlan(arguments)
    let result = try measure(plan)
    print(result.json(streams: plan.instructions.streams, connections: plan.connections))
  }

  static func measure(_ plan: LoadPlan) throws -> LoadResult {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let result = try loop.flatSubmit { LoadRun(plan: plan, loop: loop).begin() }.wait()
    try group.syncShutdownGracefully()
    return result
  }
}
