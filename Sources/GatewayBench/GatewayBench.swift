// The `gateway-bench` executable: the upstream, the load generator and the metric receiver that `scripts/bench` measures gateways with.

@main
enum GatewayBench {
  static let usage = """
    usage: gateway-bench upstream --port N
             Answers chat requests until standard input ends. A prompt that says `chunks=64 pace_us=5000` sets how an answer streams.
           gateway-bench load --port N [--host ADDRESS] [--path PATH] [--key KEY] [--model NAME] [--mode json|sse]
                              [--connections N] [--rate PER_SECOND] [--seconds S] [--requests N]
                              [--chunks N] [--pace-us N] [--include-usage] [--stall-ms N]
             Sends requests and prints what it measured as JSON. Without --rate, each connection sends when its answer is complete;
             with it, requests are sent at that rate and timed from when they should have been sent.
           gateway-bench sink --socket PATH [--metric NAME]
             Receives DogStatsD until standard input ends, then prints counts as JSON, with the sum of the counter NAME.
    """

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      switch arguments.first {
      case "upstream": try UpstreamServer.run(CommandArguments(arguments.dropFirst()))
      case "load": try LoadCommand.run(CommandArguments(arguments.dropFirst()))
      case "sink": try DatagramSink.run(CommandArguments(arguments.dropFirst()))
      case "--help", "-h", "help": print(usage)
      default: throw UsageError("a subcommand is needed: upstream, load or sink")
      }
    } catch let error as UsageError {
      Process.stop("\(error.reason)\n\(usage)", code: 64)
    } catch {
      Process.stop("\(error)", code: 69)
    }
  }
}
