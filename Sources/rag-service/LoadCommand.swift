// `rag-service load`: sends questions and failures to a running service.
import ArgumentParser
import Foundation
import RAGService

extension LoadProfile: ExpressibleByArgument {}
extension LoadScript: ExpressibleByArgument {}

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Send questions and failures to a running service and report what came back.",
    discussion: """
      Profiles: demo sends each script once, soak steady traffic with a little of everything, chaos scripts at random. Scripts: \
      normal, slow, cost_spike, hallucination, invalid, burst. With --simulator the provider simulator is given the faults that the \
      scripts are about; without, they work by their questions alone. Exit codes: 0 all answers were as expected, 1 some were not, \
      69 the service or the simulator cannot be reached.
      """)

  @Option(help: "Where rag-service listens.") var service = "http://127.0.0.1:8070"
  @Option(help: "A provider simulator (commander simulate provider) that is given the faults, for example http://127.0.0.1:9100.")
  var simulator: String?
  @Option(help: "demo, soak or chaos.") var profile = LoadProfile.demo
  @Option(help: "One script alone instead of a profile.") var script: LoadScript?
  @Option(help: "Seconds; the profile's usual length without it.") var duration: Int?
  @Option(help: "Requests a second; bursts are ten times that.") var rate = 2.0
  @Option(help: "Requests open at a time.") var open = 64
  @Option(help: "Chooses the questions and the order of chaos.") var seed: UInt64 = 1
  @Option(help: "A file with one question a line; without it the service's documents are asked about.") var questions: String?
  @Flag(help: "Send load to a service on another machine.") var allowRemote = false

  func validate() throws {
    guard allowRemote || (LoadRun.isLoopback(service) && simulator.map(LoadRun.isLoopback) ?? true) else {
      throw ValidationError("\(service) is not on this machine; give --allow-remote if that is meant")
    }
    guard rate > 0, rate <= LoadRun.rateLimit else { throw ValidationError("--rate must be more than 0 and at most 500") }
    guard (1...LoadRun.openLimit).contains(open) else { throw ValidationError("--open must be 1 to 1000") }
    if let duration, !(1...604_800).contains(duration) { throw ValidationError("--duration must be 1 to 604800 seconds") }
  }

  func run() async throws {
    let length = duration.map { Duration.seconds($0) } ?? LoadPlan.usualDuration[profile] ?? .seconds(60)
    let phases =
      script.map { [LoadPhase(script: $0, duration: length, rate: $0 == .burst ? rate * 10 : rate)] }
      ?? LoadPlan.phases(profile, duration: length, rate: rate, seed: seed)
    var texts: [String]?
    if let questions {
      guard let text = try? String(contentsOfFile: questions, encoding: .utf8) else {
        throw ValidationError("\(questions) cannot be read as UTF-8 text; give a file with one question a line")
      }
      texts = LoadQuestions.lines(of: text)
    }
    do {
      let report = try await runLoad(
        service: Self.withoutSlash(service), simulator: simulator.map(Self.withoutSlash), phases: phases, open: open, seed: seed,
        questions: texts
      ) { phase, number in
        CommandLineTools.complain(
          "\(number + 1)/\(phases.count) \(phase.script.rawValue), \(phase.duration.components.seconds) s")
      }
      print(report.table)
      if !report.isAllAsExpected { throw ExitCode(1) }
    } catch let error as LoadError {
      CommandLineTools.complain(error.description)
      throw ExitCode(69)
    }
  }

  private static func withoutSlash(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}
