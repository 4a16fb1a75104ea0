// Streams, gauges, times, sampling, names that move and the client's account of itself.

@testable import Datadog
import Foundation
import LLMMetrics
import LLMTelemetry
import Synchronization
import TestSeries
import Testing

@Suite struct DogStatsDTransportTests {
  private static let start = Timestamp(unixSeconds: 1_700_000_000)

  private func requests(_ tenant: String, _ count: Int64 = 1) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.requests, tags: TagSet(["tenant": tenant]), value: .count(count))
  }

  private func state(_ value: Double) -> MetricMeasurement {
    MetricMeasurement(MetricCatalogue.budgetUsed, tags: TagSet([:]), value: .gauge(value))
  }

  private func quiet(_ change: (inout DogStatsDSettings) -> Void = { _ in }) -> DogStatsDSettings {
    var settings = DogStatsDSettings()
    settings.sendsTelemetry = false
    change(&settings)
    return settings
  }

  @Test func aStreamCarriesFramesAndFindsAnAgentThatHasComeBack() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "dss-\(UUID().uuidString.prefix(8))").path
    let client = try DogStatsDClient(address: .unixStream(path: path), settings: quiet())
    client.add([requests("early")])
    client.flush()
    #expect(client.statistics.dropped == [.noReceiver: 1])
    do {
      let agent = try StreamReceiver(path: path)
      client.add([requests("first")])
      client.flush()
      client.add([requests("second")])
      client.flush()
      #expect(agent.datagrams() == ["llm.requests:1|c|#tenant:first\n", "llm.requests:1|c|#tenant:second\n"])
    }
    let restarted = try StreamReceiver(path: path)
    client.add([requests("third")])
    client.flush()
    #expect(restarted.datagrams() == ["llm.requests:1|c|#tenant:third\n"])
    #expect(client.statistics.datagramsSent == 3)
  }

  @Test func aStreamThatNobodyReadsLosesWholeFramesAndIsNeverOutOfStep() throws {
    let agent = try StreamReceiver()
    let client = try DogStatsDClient(address: agent.address, settings: quiet())
    // More than any socket's buffer holds, in frames of many sizes.
    for round in 0..<2000 {
      client.add([requests(String(repeating: "x", count: 1 + round * 7 % 4000))])
      client.flush()
    }
    let atRest = client.statistics
    #expect(atRest.dropped[.receiverFull] ?? 0 > 0)
    var read = agent.datagrams()
    for round in 0..<3 {
      client.add([requests("after-\(round)")])
      client.flush()
      read += agent.datagrams()
    }
    #expect(read.count == client.statistics.datagramsSent)
    #expect(read.last == "llm.requests:1|c|#tenant:after-2\n")
    for datagram in read { _ = try AgentLine.read(datagram: Array(datagram.utf8)) }
    #expect(client.statistics.datagramsSent + client.statistics.datagramsDropped == 2003)
  }

  @Test func aFrameOfWhichAPartWasTakenIsFinishedBeforeTheNext() throws {
    let agent = try StreamReceiver()
    let endpoint = try #require(try AgentEndpoint.find(agent.address).first)
    guard var socket = AgentSocket(endpoint, sendBuffer: 1) else {
      Issue.record("no socket")
      return
    }
    var sent: [String] = []
    var parts = 0
    for round in 0..<400 {
      let datagram = "\(round):" + String(repeating: "x", count: 200 + round * 37 % 7900)
      if socket.send(Array(datagram.utf8)) == .sent { sent.append(datagram) }
      if socket.holdsRest { parts += 1 }
      // The receiver reads now and then, so that frames end in the middle of all its reads.
      if round % 3 == 0 { _ = agent.bytes() }
    }
    #expect(parts > 10)
    var read = agent.datagrams()
    // What still waits goes with the next frame.
    while socket.send(Array("last".utf8)) != .sent { read += agent.datagrams() }
    read += agent.datagrams()
    #expect(read == sent + ["last"])
  }

  @Test func aGaugeKeepsItsLastValueAndAValueOfAnotherTypeIsRefused() throws {
    let receiver = try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address, settings: quiet())
    client.add([state(1), state(3), state(.nan), state(2)])
    client.add([
      MetricMeasurement(MetricCatalogue.requests, tags: TagSet([:]), value: .gauge(4)),
      MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .count(4)),
    ])
    client.flush()
    #expect(receiver.datagrams() == ["\(MetricCatalogue.budgetUsed.name):2.0|g\n"])
    #expect(client.statistics.dropped == [.invalid: 3])
    client.flush()
    #expect(receiver.datagrams().isEmpty)
  }

  @Test func valuesOfAnotherTimeAreNotAddedToThoseOfNow() throws {
    let receiver = try LoopbackReceiver.unix()
    let client = try DogStatsDClient(address: receiver.address, settings: quiet())
    client.add([requests("a"), requests("a")])
    client.add([requests("a", 5), requests("a", 6)], at: Self.start)
    client.add([requests("a", 7)], at: Self.start + .seconds(1))
    client.flush()
    #expect(
      receiver.datagrams() == [
        """
        llm.requests:2|c|#tenant:a
        llm.requests:11|c|#tenant:a|T1700000000
        llm.requests:7|c|#tenant:a|T1700000001

        """
      ])
  }

  @Test func sampledDistributionsSayTheirRateAndAddUpToWhatThereWas() throws {
    let receiver = try LoopbackReceiver.unix()
    let client = try DogStatsDClient(
      address: receiver.address, settings: quiet { $0.sampleRates = ["llm.request.duration": 0.25] }, at: Self.start,
      random: SplitMix(state: 7), find: { try AgentEndpoint.find($0) })
    var kept = 0
    for _ in 0..<20 {
      client.add((0..<1000).map { _ in MetricMeasurement(MetricCatalogue.duration, tags: TagSet([:]), value: .sample(1)) })
      client.flush()
      for datagram in receiver.datagrams() {
        for case .metric(let metric) in try AgentLine.read(datagram: Array(datagram.utf8)) {
          #expect(metric.rate == 0.25)
          kept += metric.values.count
        }
      }
    }
    // Within four standard deviations of a fair die.
    #expect(abs(Double(kept) / 0.25 - 20_000) < 4 * (20_000 * 0.25 * 0.75).squareRoot() / 0.25)
    #expect(client.statistics.metrics == 20_000)
  }

  @Test(arguments: [("llm.request.duration", 0), ("llm.request.duration", 1.5), ("llm.requests", 0.5), ("llm.nothing", 0.5)])
  func aRateThatIsNoneStopsTheStart(_ name: String, _ rate: Double) {
    #expect(throws: DogStatsDError.self) {
      try DogStatsDClient(address: .unix(path: "/tmp/none"), settings: quiet { $0.sampleRates = [name: rate] })
    }
  }

  @Test func aNameThatMovesIsFollowedWithoutWaiting() async throws {
    let first = try LoopbackReceiver.udp()
    let second = try LoopbackReceiver.udp()
    let answer = Mutex(first.address)
    let questions = Mutex(0)
    let client = try DogStatsDClient(
      address: .udp(host: "agent", port: 8125), settings: quiet(), at: Self.start, random: SystemRandomNumberGenerator(),
      find: { _ in
        questions.withLock { $0 += 1 }
        return try AgentEndpoint.find(answer.withLock { $0 })
      })
    client.add([requests("first")])
    client.flush(at: Self.start)
    #expect(first.datagrams() == ["llm.requests:1|c|#tenant:first\n"])
    answer.withLock { $0 = second.address }
    // Nothing is asked before its time.
    client.flush(at: Self.start + .seconds(59))
    #expect(questions.withLock { $0 } == 1)
    client.flush(at: Self.start + .seconds(60))
    var read: [String] = []
    while read.isEmpty {
      await Task.yield()
      client.add([requests("second")])
      client.flush(at: Self.start + .seconds(61))
      read = second.datagrams()
    }
    #expect(read == ["llm.requests:1|c|#tenant:second\n"])
    #expect(questions.withLock { $0 } == 2)
  }

  @Test func aNameThatIsNotThereYetIsAskedForAgain() async throws {
    let receiver = try LoopbackReceiver.udp()
    let address = receiver.address
    let isThere = Mutex(false)
    let client = try DogStatsDClient(
      address: .udp(host: "agent", port: 8125), settings: quiet(), at: Self.start, random: SystemRandomNumberGenerator(),
      find: { _ in
        guard isThere.withLock({ $0 }) else { throw DogStatsDError(description: "agent cannot be resolved") }
        return try AgentEndpoint.find(address)
      })
    #expect(client.unresolved == "agent cannot be resolved")
    client.add([requests("lost")])
    client.flush(at: Self.start)
    #expect(client.statistics.dropped == [.noReceiver: 1])
    isThere.withLock { $0 = true }
    client.flush(at: Self.start + .seconds(4))
    #expect(client.unresolved != nil, "nothing is asked before its time")
    var time = Self.start + .seconds(5)
    while client.unresolved != nil {
      await Task.yield()
      client.flush(at: time)
      time = time + .milliseconds(1)
    }
    client.add([requests("found")])
    client.flush(at: time)
    #expect(receiver.datagrams() == ["llm.requests:1|c|#tenant:found\n"])
  }

  @Test func ofSeveralAddressesTheOneThatListensIsUsed() throws {
    let receiver = try LoopbackReceiver.udp()
    let address = receiver.address
    let silent: DogStatsDAddress
    do { silent = try LoopbackReceiver.udp().address }
    let client = try DogStatsDClient(
      address: .udp(host: "agent", port: 8125), settings: quiet(), at: Self.start, random: SystemRandomNumberGenerator(),
      find: { _ in try AgentEndpoint.find(silent) + AgentEndpoint.find(address) })
    // UDP tells only the second datagram that nobody took the first.
    for tenant in ["lost", "found"] {
      client.add([requests(tenant)])
      client.flush(at: Self.start)
    }
    #expect(receiver.datagrams() == ["llm.requests:1|c|#tenant:found\n"])
  }

  @Test func theClientSaysEveryTenSecondsWhatItSentAndDropped() throws {
    let receiver = try LoopbackReceiver.udp()
    var settings = DogStatsDSettings()
    settings.constantTags = TagSet(["env": "prod"])
    settings.version = "1.2.3"
    let client = try DogStatsDClient(address: receiver.address, settings: settings, at: Self.start)
    client.add([requests("a"), requests("a"), requests("b")])
    client.send(event: DogStatsDEvent(title: "t", text: "x"))
    client.send(event: DogStatsDEvent(title: "", text: "x"))
    client.send(check: DogStatsDCheck(name: "n", status: .ok))
    client.flush(at: Self.start + .seconds(9))
    let sent = receiver.datagrams()
    #expect(sent.count == 3)
    client.flush(at: Self.start + .seconds(10))
    let figures = try figures(receiver)
    #expect(figures["metrics"] == 3)
    #expect(figures["events"] == 2)
    #expect(figures["service_checks"] == 1)
    #expect(figures["packets_sent"] == 3)
    #expect(figures["bytes_sent"] == Double(sent.joined().utf8.count))
    #expect(figures["packets_dropped"] == 0)
    #expect(figures.count == 11)
    #expect(client.statistics.dropped == [.invalid: 1])
    client.flush(at: Self.start + .seconds(19))
    #expect(receiver.datagrams().isEmpty)
    // A clock that is put back delays a report and no more.
    client.flush(at: Self.start - .seconds(500))
    client.flush(at: Self.start - .seconds(490))
    #expect(try self.figures(receiver)["metrics"] == 0)
  }

  @Test func whatCouldNotBeToldIsToldWhenTheAgentIsBack() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "dsd-\(UUID().uuidString.prefix(8))").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let client = try DogStatsDClient(address: .unix(path: path), at: Self.start)
    client.add([requests("a")])
    client.flush(at: Self.start + .seconds(10))
    let agent = try LoopbackReceiver.unix(path: path)
    client.flush(at: Self.start + .seconds(20))
    let figures = try figures(agent)
    #expect(figures["metrics"] == 1)
    #expect(figures["packets_dropped"] == 2)
    #expect(figures["packets_dropped_writer"] == 2)
    #expect(figures["bytes_dropped"] == Double(client.statistics.bytesDropped))
  }

  private func figures(_ receiver: LoopbackReceiver) throws -> [String: Double] {
    var result: [String: Double] = [:]
    for datagram in receiver.datagrams() {
      for case .metric(let metric) in try AgentLine.read(datagram: Array(datagram.utf8)) {
        #expect(metric.tags.contains("client:swift"))
        let prefix = "datadog.dogstatsd.client."
        if metric.name.hasPrefix(prefix) { result[String(metric.name.dropFirst(prefix.count)), default: 0] += metric.values[0] }
      }
    }
    return result
  }
}
