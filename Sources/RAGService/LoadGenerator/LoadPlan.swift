// What a load run does and when: scripts of failures in profiles of phases. Pure, and the same for the same seed.

/// What kind of traffic a phase sends.
package enum LoadScript: String, CaseIterable, Sendable {
  /// Questions that the documents answer, in conversations and by themselves.
  case normal
  /// The model answers late.
  case slow
  /// Long questions in long conversations, and long answers.
  case costSpike = "cost_spike"
  /// Questions that ask the model to go beyond the documents.
  case hallucination
  /// Requests that must be refused, and with which words.
  case invalid
  /// More at a time than the service takes.
  case burst
}

package enum LoadProfile: String, CaseIterable, Sendable {
  /// Each script once, about three minutes.
  case demo
  /// Steady traffic with a little of everything, for hours.
  case soak
  /// Scripts at random, one after the other.
  case chaos
}

package struct LoadPhase: Sendable, Hashable {
  package var script: LoadScript
  package var duration: Duration
  /// Requests a second.
  package var rate: Double

  package init(script: LoadScript, duration: Duration, rate: Double) {
    self.script = script
    self.duration = duration
    self.rate = rate
  }
}

package enum LoadPlan {
  package static let usualDuration: [LoadProfile: Duration] = [
    .demo: .seconds(180), .soak: .seconds(3600), .chaos: .seconds(600),
  ]

  /// Phases that last `duration` together.
  package static func phases(_ profile: LoadProfile, duration: Duration, rate: Double, seed: UInt64) -> [LoadPhase] {
    switch profile {
    case .demo:
      let shares: [(LoadScript, Double, Double)] = [
        (.normal, 0.25, 1), (.slow, 0.12, 1), (.normal, 0.08, 1), (.costSpike, 0.12, 1), (.hallucination, 0.15, 1),
        (.invalid, 0.06, 1), (.burst, 0.06, 10), (.normal, 0.16, 1),
      ]
      return shares.map { LoadPhase(script: $0, duration: duration * $1, rate: rate * $2) }
    case .soak:
      // One that is shorter than a round has a little of everything too.
      let scale = min(1, duration / .seconds(300))
      var phases: [LoadPhase] = []
      var rest = duration
      while rest > .zero {
        for (script, seconds) in [(LoadScript.normal, 270.0), (.invalid, 5), (.hallucination, 20), (.burst, 5)] where rest > .zero
        {
          let length = min(rest, .seconds(seconds * scale))
          phases.append(LoadPhase(script: script, duration: length, rate: script == .burst ? rate * 5 : rate))
          rest -= length
        }
      }
      return phases
    case .chaos:
      var random = LoadRandom(seed: seed)
      var phases: [LoadPhase] = []
      var rest = duration
      while rest > .zero {
        let script = LoadScript.allCases[Int(random.next() % UInt64(LoadScript.allCases.count))]
        let length = min(rest, .seconds(5 + Int(random.next() % 26)))
        phases.append(LoadPhase(script: script, duration: length, rate: script == .burst ? rate * 10 : rate))
        rest -= length
      }
      return phases
    }
  }

  /// The fault that a simulated provider is given for a phase, so that the failure is a real one; `nil` for none.
  package static func fault(_ script: LoadScript) -> String? {
    switch script {
    case .slow: #"{"name":"slow","when":{"path_contains":"enerateContent"},"effect":{"latency_ms":4000,"chunk_gap_ms":60}}"#
    case .costSpike: #"{"name":"cost-spike","when":{"path_contains":"enerateContent"},"effect":{"length_factor":12}}"#
    case .hallucination:
      #"{"name":"hallucination","when":{"path_contains":"enerateContent","share":0.8},"effect":{"hallucinate":true}}"#
    case .normal, .invalid, .burst: nil
    }
  }
}

/// SplitMix64: small, and the same everywhere.
package struct LoadRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
