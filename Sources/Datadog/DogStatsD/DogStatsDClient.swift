// Sends measurements, events and checks to a Datadog Agent: counts added up, samples packed, never waiting for anybody.

import LLMMetrics
import LLMTelemetry
import Synchronization

/// How a client sends.
package struct DogStatsDSettings: Sendable {
  /// On everything that has no tag of the same name.
  package var constantTags = TagSet([:])
  /// The share of samples that is sent, above 0 and at most 1, by the name of a distribution. The Agent makes up for what is left
  /// out: counts stay right on average, rare values may be missed. Nothing is left out unless it is named here.
  package var sampleRates: [String: Double] = [:]
  package var origin = DogStatsDOrigin()
  /// Whether the client counts what it sends and drops in metrics of its own, `datadog.dogstatsd.client.*`, which are free of
  /// charge.
  package var sendsTelemetry = true
  /// The `client_version` there.
  package var version = "1"
  package init() {}
}

package final class DogStatsDClient: Sendable {
  package typealias Statistics = DogStatsDStatistics

  package let address: DogStatsDAddress
  private let settings: DogStatsDSettings
  private let constantTags: [String]
  private let sender: Mutex<DogStatsDSender>

  /// Throws `DogStatsDError` when the path is too long or a rate is none. An Agent that is not there yet is no error, nor is a host that
  /// cannot be resolved: it is asked for again, every five seconds. Waits for the name service, once.
  package convenience init(
    address: DogStatsDAddress, settings: DogStatsDSettings = DogStatsDSettings(), at now: Timestamp = .now()
  ) throws {
    try self.init(
      address: address, settings: settings, at: now, random: SystemRandomNumberGenerator(), find: { try AgentEndpoint.find($0) })
  }

  package convenience init(address: DogStatsDAddress, constantTags: TagSet) throws {
    var settings = DogStatsDSettings()
    settings.constantTags = constantTags
    try self.init(address: address, settings: settings)
  }

  init(
    address: DogStatsDAddress, settings: DogStatsDSettings, at now: Timestamp, random: any RandomNumberGenerator & Sendable,
    find: @escaping @Sendable (DogStatsDAddress) throws -> [AgentEndpoint]
  ) throws {
    for (name, rate) in settings.sampleRates {
      guard rate > 0, rate <= 1, MetricCatalogue.byName[name]?.type == .distribution else {
        throw DogStatsDError(
          description: "sample rate \(rate) of \(name): a rate is above 0 and at most 1, and of a distribution of the catalogue")
      }
    }
    self.address = address
    self.settings = settings
    constantTags = settings.constantTags.tags.map { "\($0.name):\($0.value)" }
    sender = Mutex(
      DogStatsDSender(
        buffer: DogStatsDBuffer(
          constantTags: settings.constantTags, datagramLimit: address.datagramLimit, rates: settings.sampleRates,
          origin: settings.origin.fields, random: random),
        connection: try AgentConnection(address, at: now, find: find), reportedAt: now))
  }

  /// Sends by itself when much has gathered; otherwise the next `flush` does.
  package func add(_ measurements: [MetricMeasurement]) { add(measurements, time: nil) }

  /// Counts and gauges of another time than now, which the Agent passes on without adding them up (its "no aggregation
  /// pipeline"); samples of a distribution have no time, so they are of now.
  package func add(_ measurements: [MetricMeasurement], at time: Timestamp) { add(measurements, time: time.unixSeconds) }

  private func add(_ measurements: [MetricMeasurement], time: Int64?) {
    sender.withLock { sender in
      for measurement in measurements {
        sender.buffer.add(measurement, time: time)
        if sender.buffer.isFull { sender.flush() }
      }
    }
  }

  /// Everything a batch of spans means. Sends by itself when much has gathered.
  package func add(_ batch: MeasurementBatch) {
    sender.withLock { sender in
      sender.buffer.prepare(for: batch)
      for value in batch.values {
        sender.buffer.add(value, of: batch)
        if sender.buffer.isFull { sender.flush() }
      }
    }
    if !batch.others.isEmpty { add(batch.others) }
  }

  /// Sent at once, in a datagram of its own.
  package func send(event: DogStatsDEvent) {
    let line = event.line(constantTags: constantTags, origin: settings.origin.fields, limit: DogStatsDAddress.agentBuffer)
    sender.withLock { sender in
      sender.statistics.events += 1
      sender.send(line: line)
    }
  }

  /// Sent at once, in a datagram of its own.
  package func send(check: DogStatsDCheck) {
    let line = check.line(constantTags: constantTags, origin: settings.origin.fields, limit: DogStatsDAddress.agentBuffer)
    sender.withLock { sender in
      sender.statistics.checks += 1
      sender.send(line: line)
    }
  }

  /// Sends everything gathered; to be called at every tick, about once a second, and at the end.
  package func flush(at now: Timestamp = .now()) {
    sender.withLock { sender in
      sender.connection.refresh(at: now)
      sender.flush()
      if settings.sendsTelemetry { sender.report(address, settings, at: now) }
    }
  }

  package var statistics: Statistics { sender.withLock { $0.statistics } }

  /// Why the Agent's host has no address, as long as it has none: everything is dropped and counted.
  package var unresolved: String? { sender.withLock { $0.connection.unresolved } }
}
