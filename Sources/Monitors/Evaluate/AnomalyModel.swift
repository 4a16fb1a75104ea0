// What is usual for one group of one monitor, learnt from its own past: a middle for each time of the season, and how far chance goes.

import LLMMetrics
import LLMTelemetry

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How values of a query vary, which says how far one is from what was expected.
enum AnomalyForm: Hashable, Sendable {
  /// Things counted: the likelihood of the count, so that two errors where one was expected are nothing.
  case count
  /// A part of a whole: the likelihood of the part.
  case share
  /// Times, money, tokens, scores: heavy tails, so on a logarithmic scale.
  case scale

  init(_ query: MonitorQuery) {
    switch query.form {
    case .ratio(let numerator, let denominator): self = numerator.isSubset(of: denominator) ? .share : .scale
    case .value(let term), .perMinute(let term):
      self = term.metric.type == .count && term.metric.unit != .dollar && term.metric.unit != .token ? .count : .scale
    }
  }
}

/// One step of the past, or the present window.
struct AnomalySample: Hashable, Sendable {
  let time: Timestamp
  let reading: GroupReading
}

struct AnomalyModel: Hashable, Sendable {
  static let leastSteps = 24

  let form: AnomalyForm
  /// The seasonality that the history sufficed for.
  let seasonality: AnomalySettings.Seasonality
  let steps: Int
  /// Widths of the band: standard deviations a healthy week leaves `falseAlarmsPerWeek` times.
  private(set) var limit: Double = 0
  /// How much counts vary beyond chance, for each thing expected; for shares, how alike requests of one step are.
  private var excess: Double = 0
  /// Robust deviation of logarithms.
  private var spread: Double = 0.02
  /// The usual number of requests in a step: a quantile of fewer is less certain.
  private var usualRequests: Double = 1
  /// Stands for zero on the logarithmic scale.
  private var least: Double = 1e-9
  private let season: Season
  /// Middles by place in the season: counts, shares or logarithms.
  private var middles: [Double?]
  private var overall: Double = 0

  /// `nil` with too few steps.
  init?(_ samples: [AnomalySample], query: MonitorQuery, step: Duration, settings: AnomalySettings) {
    let form = AnomalyForm(query)
    let usable = samples.filter { form == .scale ? $0.reading.value != nil : $0.reading.last != nil || $0.reading.requests > 0 }
      .filter { form != .share || $0.reading.whole > 0 }
    guard usable.count >= Self.leastSteps, let first = usable.first, let last = usable.last else { return nil }
    self.form = form
    steps = usable.count
    season = Season(settings.seasonality, span: last.time - first.time + step, step: step)
    seasonality = season.seasonality
    middles = Array(repeating: nil, count: season.places)
    usualRequests = max(1, Robust.median(usable.map { Double($0.reading.requests) }) ?? 1)
    if form == .scale {
      let positive = usable.compactMap(\.reading.value).filter { $0 > 0 }
      least = max(1e-12, (Robust.median(positive) ?? 1) / 1_000)
    }

    let places = usable.map { season.place(of: $0.time + step / 2) }
    var isUsual = Array(repeating: true, count: usable.count)
    // First what is usual among everything, then once more among what was usual.
    for round in 0..<3 {
      fit(usable, places, isUsual, isFirst: round == 0)
      let scores = usable.map { score($0.reading, middle: middle(at: $0.time + step / 2), isRaw: true) }
      widen(usable, scores)
      for index in usable.indices {
        let score = adjusted(scores[index], usable[index].reading, middle: middle(at: usable[index].time + step / 2))
        isUsual[index] = score.magnitude < 5
      }
      // Where much is unusual, that is what is usual here.
      if isUsual.count(where: { !$0 }) > usable.count / 10 { isUsual = Array(repeating: true, count: usable.count) }
    }
    let perPlace = Double(usable.count) / Double(max(1, middles.count { $0 != nil }))
    calibrate(
      usable.indices.filter { isUsual[$0] }.map { score(usable[$0].reading, middle: middle(at: usable[$0].time + step / 2)) },
      settings: settings, step: step, perPlace: perPlace)
  }

  // MARK: Asking

  /// In the query's unit over a window of the model's step.
  func expected(at time: Timestamp) -> Double {
    let middle = middle(at: time)
    return form == .scale ? exp(middle) : middle
  }

  /// Standard deviations from what is usual at `time`; below zero under it.
  func score(_ reading: GroupReading, at time: Timestamp) -> Double { score(reading, middle: middle(at: time)) }

  /// The values of a window like `reading` that lie within the band.
  func band(_ reading: GroupReading, at time: Timestamp) -> (lower: Double, upper: Double) {
    let middle = middle(at: time)
    if form == .scale {
      let reach = limit * spread / certainty(of: reading)
      return (exp(middle - reach), exp(middle + reach))
    }
    let most = form == .share ? reading.whole : max(10, middle * 1e4 + 1e4)
    func edge(_ inside: Double, _ outside: Double) -> Double {
      var (near, far) = (inside, outside)
      for _ in 0..<50 {
        var probe = reading
        probe.part = (near + far) / 2
        if score(probe, middle: middle).magnitude <= limit { near = probe.part } else { far = probe.part }
      }
      return near
    }
    let center = form == .share ? middle * reading.whole : middle
    let (lower, upper) = (edge(center, 0), edge(center, most))
    return form == .share ? (lower / max(1, reading.whole), upper / max(1, reading.whole)) : (lower, upper)
  }

  // MARK: Learning

  private mutating func fit(_ samples: [AnomalySample], _ places: [Int], _ isUsual: [Bool], isFirst: Bool) {
    var grouped: [[GroupReading]] = Array(repeating: [], count: middles.count)
    var all: [GroupReading] = []
    for index in samples.indices where isUsual[index] {
      grouped[places[index]].append(samples[index].reading)
      all.append(samples[index].reading)
    }
    overall = center(all, isFirst: isFirst, prior: nil) ?? overall
    for place in grouped.indices {
      middles[place] = grouped[place].count >= 3 ? center(grouped[place], isFirst: isFirst, prior: overall) : nil
    }
  }

  private func center(_ readings: [GroupReading], isFirst: Bool, prior: Double?) -> Double? {
    guard !readings.isEmpty else { return nil }
    switch form {
    case .count:
      let counts = readings.map(\.part)
      // At first the largest tenth counts as no more than its least, so that an incident does not hide itself.
      let cap = isFirst ? Robust.quantile(counts, 0.9) ?? .infinity : .infinity
      return max(0.05, counts.reduce(0) { $0 + min($1, max(cap, 1)) } / Double(counts.count))
    case .share:
      let cap = isFirst ? max(Robust.quantile(readings.map { $0.part / $0.whole }, 0.9) ?? 1, 1e-6) : 1
      let part = readings.reduce(0) { $0 + min($1.part, max(cap * $1.whole, 1)) }
      let whole = readings.reduce(0) { $0 + $1.whole }
      // One hour's requests are few: they borrow from the whole day's.
      let borrowed = prior == nil ? 0 : 4 * usualRequests
      let share = (part + borrowed * (prior ?? 0) + (prior == nil ? 0.5 : 0)) / (whole + borrowed + (prior == nil ? 1 : 0))
      return min(max(share, 1e-6), 1 - 1e-6)
    case .scale:
      return Robust.median(readings.compactMap { $0.value.map(logarithm) })
    }
  }

  /// Learns how much further values go than chance alone would have them.
  private mutating func widen(_ samples: [AnomalySample], _ scores: [Double]) {
    if form == .scale {
      spread = max(0.02, Robust.median(scores.map(\.magnitude)).map { $0 * 1.4826 } ?? 0.02)
      return
    }
    // The median square of a normal variable is 0.455.
    let factor = (Robust.median(scores.map { $0 * $0 }) ?? 0.455) / 0.455
    let size =
      form == .count
      ? Robust.median(samples.map { middle(at: $0.time) }) ?? 1
      : max(1, (Robust.median(samples.map(\.reading.whole)) ?? 1) - 1)
    excess = max(0, factor - 1) / max(size, 1e-3)
  }

  /// The band leaves out as many windows of a week as were asked for. Past the scores that the history has, their tail goes on
  /// exponentially, which no normal variable exceeds.
  private mutating func calibrate(_ scores: [Double], settings: AnomalySettings, step: Duration, perPlace: Double) {
    let week = 7 * 86_400.0
    let tail = min(0.2, max(1e-6, settings.falseAlarmsPerWeek * step.inSeconds / week))
    let directed: [Double]
    switch settings.direction {
    case .above: directed = scores
    case .below: directed = scores.map { -$0 }
    case .both: directed = scores.map(\.magnitude)
    }
    let normal = Robust.normalQuantile(tail: settings.direction == .both ? tail / 2 : tail)
    let edge = Robust.quantile(directed, 0.9) ?? 1.28
    let beyond = directed.filter { $0 > edge }
    let excess = beyond.isEmpty ? 0 : beyond.reduce(0) { $0 + $1 - edge } / Double(beyond.count)
    let exponential = tail < 0.1 ? edge + excess * log(0.1 / tail) : edge
    // Scores of what the middle was made of are smaller than those of what comes.
    let unseen = ((1 + 1 / max(2, perPlace)) / (1 - 1 / max(2, perPlace))).squareRoot()
    limit = max(normal, exponential) * unseen
  }

  // MARK: Scores

  private func middle(at time: Timestamp) -> Double {
    let (one, other, share) = season.neighbours(of: time)
    let left = middles[one] ?? overall
    guard share > 0 else { return left }
    return left + ((middles[other] ?? overall) - left) * share
  }

  private func logarithm(_ value: Double) -> Double { log(max(value, least)) }

  private func certainty(of reading: GroupReading) -> Double {
    min(1, (Double(max(1, reading.requests)) / usualRequests).squareRoot())
  }

  private func score(_ reading: GroupReading, middle: Double, isRaw: Bool = false) -> Double {
    let raw: Double
    switch form {
    case .count: raw = Self.signedRoot(observed: reading.part, expected: max(middle, 0.05))
    case .share:
      raw = Self.signedRoot(observed: reading.part, of: reading.whole, share: middle)
    case .scale: raw = reading.value.map { logarithm($0) - middle } ?? 0
    }
    return isRaw ? raw : adjusted(raw, reading, middle: middle)
  }

  private func adjusted(_ raw: Double, _ reading: GroupReading, middle: Double) -> Double {
    switch form {
    case .count: raw / (1 + middle * excess).squareRoot()
    case .share: raw / (1 + max(0, reading.whole - 1) * excess).squareRoot()
    case .scale: raw / spread * certainty(of: reading)
    }
  }

  /// The root of twice the log likelihood ratio: close to standard deviations where counts are large, and right where they are small.
  static func signedRoot(observed: Double, expected: Double) -> Double {
    let ratio = (observed > 0 ? observed * log(observed / expected) : 0) - (observed - expected)
    return (2 * max(0, ratio)).squareRoot() * (observed < expected ? -1 : 1)
  }

  static func signedRoot(observed: Double, of whole: Double, share: Double) -> Double {
    let (good, expected) = (whole - observed, whole * share)
    let ratio =
      (observed > 0 ? observed * log(observed / expected) : 0)
      + (good > 0 ? good * log(good / max(whole - expected, 1e-9)) : 0)
    return (2 * max(0, ratio)).squareRoot() * (observed < expected ? -1 : 1)
  }
}

/// The places of a season: hours of a day or a week, or five minutes of an hour.
struct Season: Hashable, Sendable {
  let seasonality: AnomalySettings.Seasonality
  private let length: Int64
  private let width: Int64
  let places: Int

  /// The longest seasonality asked for of which the span holds two; a week falls back to a day, a day to none.
  init(_ wanted: AnomalySettings.Seasonality, span: Duration, step: Duration) {
    let span = span.wholeNanoseconds
    func holds(_ seconds: Int64) -> Bool { span >= 2 * seconds * 1_000_000_000 }
    var chosen = wanted
    if chosen == .weekly, !holds(7 * 86_400) { chosen = .daily }
    if chosen == .daily, !holds(86_400) { chosen = .none }
    if chosen == .hourly, !holds(3_600) || step > .seconds(600) { chosen = .none }
    seasonality = chosen
    let (length, width): (Int64, Int64) =
      switch chosen {
      case .none: (1, 1)
      case .hourly: (3_600, 300)
      case .daily: (86_400, 3_600)
      case .weekly: (7 * 86_400, 3_600)
      }
    self.length = length * 1_000_000_000
    let finest = max(width * 1_000_000_000, step.wholeNanoseconds)
    places = chosen == .none ? 1 : max(1, Int(self.length / finest))
    self.width = self.length / Int64(places)
  }

  private func phase(of time: Timestamp) -> Int64 {
    let rest = time.unixNanoseconds % length
    return rest < 0 ? rest + length : rest
  }

  func place(of time: Timestamp) -> Int { min(places - 1, Int(phase(of: time) / width)) }

  /// The two places a time lies between the middles of, and how far it is towards the second.
  func neighbours(of time: Timestamp) -> (Int, Int, Double) {
    guard places > 1 else { return (0, 0, 0) }
    let position = Double(phase(of: time)) / Double(width) - 0.5
    let floor = position.rounded(.down)
    let one = (Int(floor) + places) % places
    return (one, (one + 1) % places, position - floor)
  }
}
