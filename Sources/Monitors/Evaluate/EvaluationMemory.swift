// What evaluations worked out and the next ones need again: steps of the past, bands, groups. It saves reading and changes no result.

import LLMMetrics
import LLMTelemetry

/// For one set of definitions, and one task at a time. A step that was read is not read again, so data that comes later than a
/// monitor's window and evaluation delay after its step is not in the step.
package final class EvaluationMemory {
  private struct StepKey: Hashable {
    let monitor: String
    let step: Duration
  }

  private struct Steps {
    var range: Range<Timestamp>
    var readings: [StepReading]
  }

  private struct Model {
    let edge: Timestamp
    let episodes: Int
    let model: AnomalyModel?
  }

  private var monitors: [String: EvaluatedMonitor] = [:]
  private var steps: [StepKey: Steps] = [:]
  private var models: [AlertKey: Model] = [:]
  private var groups: [String: [TagSet: Timestamp]] = [:]

  package init() {}

  func shared(_ definition: MonitorDefinition) -> EvaluatedMonitor {
    if let known = monitors[definition.name], known.definition == definition { return known }
    let monitor = EvaluatedMonitor(definition)
    if monitors.updateValue(monitor, forKey: definition.name) != nil { forget(definition.name) }
    return monitor
  }

  private func forget(_ monitor: String) {
    steps = steps.filter { $0.key.monitor != monitor }
    models = models.filter { $0.key.monitor != monitor }
    groups[monitor] = nil
  }

  func steps(
    of monitor: String, in range: Range<Timestamp>, step: Duration, read: (Range<Timestamp>) throws -> [StepReading]
  ) rethrows -> [StepReading] {
    let key = StepKey(monitor: monitor, step: step)
    guard var known = steps.removeValue(forKey: key), known.range.lowerBound <= range.lowerBound,
      known.range.upperBound >= range.lowerBound
    else {
      let readings = try read(range)
      steps[key] = Steps(range: range, readings: readings)
      return readings
    }
    if known.range.upperBound < range.upperBound {
      known.readings += try read(known.range.upperBound..<range.upperBound)
      let first = known.readings.firstIndex { $0.start >= range.lowerBound } ?? known.readings.count
      // Some room, so that what is forgotten is not moved at every step.
      if first > 64 {
        known.readings.removeFirst(first)
        known.range = range.lowerBound..<range.upperBound
      } else {
        known.range = known.range.lowerBound..<range.upperBound
      }
    }
    steps[key] = known
    let first = Self.place(of: range.lowerBound, in: known.readings)
    return Array(known.readings[first..<Self.place(of: range.upperBound, in: known.readings)])
  }

  func hasSteps(of monitor: String, step: Duration, until edge: Timestamp) -> Bool {
    steps[StepKey(monitor: monitor, step: step)].map { $0.range.upperBound >= edge } ?? false
  }

  private static func place(of time: Timestamp, in readings: [StepReading]) -> Int {
    var (low, high) = (0, readings.count)
    while low < high {
      let middle = (low + high) / 2
      if readings[middle].start < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func model(of key: AlertKey, before edge: Timestamp, episodes: Int, learn: () throws -> AnomalyModel?) rethrows -> AnomalyModel?
  {
    if let known = models[key], known.edge == edge, known.episodes == episodes { return known.model }
    let model = try learn()
    models[key] = Model(edge: edge, episodes: episodes, model: model)
    return model
  }

  /// Groups with data in `range`, given those just read; `seen` asks for all of them, once.
  func groups(
    of monitor: String, in range: Range<Timestamp>, readings: [GroupReading], seen: () throws -> [TagSet: Timestamp]
  ) rethrows -> Set<TagSet> {
    var known = try groups.removeValue(forKey: monitor) ?? seen()
    for reading in readings {
      if let last = reading.last { known[reading.tags] = max(last, known[reading.tags] ?? last) }
    }
    known = known.filter { $0.value >= range.lowerBound }
    groups[monitor] = known
    return Set(known.keys)
  }
}
