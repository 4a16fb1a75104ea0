// The scorers that are a linear model over one text: prompt injection, refusal, toxicity.

package enum TextClassifierKind: String, CaseIterable, Sendable {
  case injection, refusal, toxicity

  package var shape: HashedText.Shape {
    switch self {
    case .injection: HashedText.Shape(bits: 15, head: 2000, tail: 500)
    // A refusal is told in the first sentences.
    case .refusal: HashedText.Shape(bits: 13, head: 500, tail: 120)
    case .toxicity: HashedText.Shape(bits: 13, head: 1000, tail: 0)
    }
  }

  /// Bytes whose words are counted.
  package var readLimit: Int {
    switch self {
    case .injection: 4096
    case .refusal, .toxicity: 2048
    }
  }

  package var featureLabels: [String] {
    switch self {
    case .injection: InjectionFeature.allCases.map(\.label)
    case .refusal: RefusalFeature.allCases.map(\.label)
    case .toxicity: []
    }
  }

  /// How dear a weight is beside that of an n-gram; counted features are few and meant.
  var featurePenalty: Float { 0.05 }

  package var penalty: Double {
    switch self {
    case .injection: 2e-5
    case .refusal: 1e-4
    case .toxicity: 1e-4
    }
  }

  package func features(_ bytes: UnsafeBufferPointer<UInt8>, read: ReadText) -> [Float] {
    switch self {
    case .injection: InjectionReading(bytes, read: read).features
    case .refusal: RefusalReading(bytes, read: read).features
    case .toxicity: []
    }
  }

  package func row(_ text: String) -> SparseRow {
    let bytes = Array(text.utf8)
    let features = bytes.withUnsafeBufferPointer {
      self.features($0, read: WordReader.read(UnsafeBufferPointer(rebasing: $0.prefix(readLimit))))
    }
    return HashedText.row(bytes, shape: shape, features: features)
  }

  /// Fits a model; both classes weigh the same, so that one half is the right threshold.
  package func fit(_ rows: [SparseRow], labels: [Bool], weights: [Float]? = nil, penalty: Double? = nil) -> LogisticRegression {
    let own = weights ?? [Float](repeating: 1, count: rows.count)
    var mass: (risky: Float, other: Float) = (0, 0)
    for (weight, label) in zip(own, labels) { if label { mass.risky += weight } else { mass.other += weight } }
    let balanced = zip(own, labels).map { weight, label in
      weight * Float(rows.count) / 2 / max(1, label ? mass.risky : mass.other)
    }
    let width = 1 << shape.bits + featureLabels.count
    var penalties = [Float](repeating: 1, count: width)
    for index in (1 << shape.bits)..<width { penalties[index] = featurePenalty }
    var options = LogisticRegression.Options()
    options.penalty = penalty ?? self.penalty
    return LogisticRegression.fit(
      rows, labels: labels, sampleWeights: balanced, width: width, penalties: penalties, options: options)
  }
}
