// Fits one scorer's model to labelled rows, tells honestly how good it is, and gives the model's bytes.

package struct TrainingOptions: Sendable {
  package var folds = 5
  package var seed: UInt64 = 7
  /// One group in so many is kept away from fitting and looked at once, at the end; 0 keeps none.
  package var heldOut = 5
  /// The shipped models are fitted to all rows in the end, after the held-out ones were scored by a model without them.
  package var fitsHeldOutInTheEnd = true
  /// Sets whose rows are only looked at and never fitted, as their licence or purpose wants.
  package var checkedSets: [String] = []
  /// For injection: the prompts that were written for this project.
  package var usesTemplates = true
  package var trees = BoostedTreesOptions()

  package init(_ scorer: RowScorer) {
    trees.trees = 200
    trees.learningRate = 0.05
    if scorer == .groundedness {
      trees.leaves = 16
      trees.depth = 6
    }
  }
}

package struct TrainingResult: Sendable {
  /// What was measured, a line each.
  package var report: [String]
  /// What `RiskModels` reads, or `--model` of `commander risk score`.
  package var model: [UInt8]
}

package struct TrainingFailure: Error, CustomStringConvertible {
  package var description: String
}

package enum TrainingRun {
  package static func run(_ scorer: RowScorer, rows: [LabelledRow], options: TrainingOptions) throws -> TrainingResult {
    let labelled = rows.filter { $0.label != nil }
    guard labelled.contains(where: { $0.label == true }), labelled.contains(where: { $0.label == false }) else {
      throw TrainingFailure(description: "training needs rows with label 1 and rows with label 0")
    }
    switch scorer {
    case .groundedness: return GroundednessRun(rows: labelled, options: options).run()
    case .injection: return TextClassifierRun(kind: .injection, rows: labelled, options: options).run()
    case .refusal: return TextClassifierRun(kind: .refusal, rows: labelled, options: options).run()
    case .toxicity: return TextClassifierRun(kind: .toxicity, rows: labelled, options: options).run()
    case .indirectInjection: return IndirectInjectionRun(rows: labelled, options: options).run()
    default:
      throw TrainingFailure(
        description:
          "\(scorer.rawValue) has no model to train; groundedness, injection, indirect_injection, refusal and toxicity have")
    }
  }

  /// A group's number; the same on every machine.
  static func number(_ group: String) -> Int {
    Int(truncatingIfNeeded: group.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
  }

  static func isHeldOut(_ group: String, options: TrainingOptions) -> Bool {
    options.heldOut > 1 && (UInt64(bitPattern: Int64(number("lock" + group))) >> 20) % UInt64(options.heldOut) == 0
  }

  static func text(_ value: Double?) -> String {
    guard let value else { return "–" }
    return "\((value * 1e4).rounded() / 1e4)"
  }

  static func line(_ name: String, scores: [Double], labels: [Bool]) -> String {
    let decision = RankingMetrics.decision(scores: scores, labels: labels, threshold: 0.5)
    return """
      \(name): rows \(labels.count), risky \(labels.count { $0 }), AUROC \(text(RankingMetrics.areaUnderCurve(scores: scores, labels: labels))), \
      at 0.5 precision \(text(decision.precision)) recall \(text(decision.recall)) F1 \(text(decision.f1)) \
      false positives \(text(decision.falsePositiveRate))
      """
  }
}

/// Linear models over one text.
private struct TextClassifierRun {
  let kind: TextClassifierKind
  let options: TrainingOptions
  private let fitted: [LabelledRow]
  private let held: [LabelledRow]
  private let checked: [LabelledRow]

  init(kind: TextClassifierKind, rows: [LabelledRow], options: TrainingOptions) {
    self.kind = kind
    self.options = options
    let isChecked = { (row: LabelledRow) in options.checkedSets.contains { row.set.hasPrefix($0) } }
    checked = rows.filter(isChecked)
    let rest = rows.filter { !isChecked($0) }
    held = rest.filter { TrainingRun.isHeldOut(Self.group($0, kind), options: options) }
    fitted = rest.filter { !TrainingRun.isHeldOut(Self.group($0, kind), options: options) }
  }

  /// Answers to one prompt stay together; other texts stand for themselves.
  private static func group(_ row: LabelledRow, _ kind: TextClassifierKind) -> String {
    kind == .refusal && !row.question.isEmpty ? row.question : row.group == row.id ? row.subject : row.group
  }

  func run() -> TrainingResult {
    var extra: [(String, Bool)] = []
    if kind == .injection, options.usesTemplates {
      extra = InjectionTemplates.attacks().map { ($0, true) } + InjectionTemplates.harmless().map { ($0, false) }
    }
    let rows = fitted.map { kind.row($0.subject) }
    let labels = fitted.map { $0.label == true }
    let extraRows = extra.map { kind.row($0.0) }
    let groups = fitted.map { TrainingRun.number(Self.group($0, kind)) }
    let folds = GroupedFolds.assign(groups: groups, folds: options.folds, seed: options.seed)
    var scores = [Double](repeating: 0, count: rows.count)
    for fold in 0..<options.folds {
      let inside = folds.indices.filter { folds[$0] != fold }
      let model = fit(inside.map { rows[$0] } + extraRows, inside.map { labels[$0] } + extra.map(\.1), extra: extra.count)
      for index in folds.indices where folds[index] == fold { scores[index] = model.probability(rows[index]) }
    }
    var report = [TrainingRun.line("cross-validation", scores: scores, labels: labels)]
    for set in Set(fitted.map(\.set)).sorted() where !set.isEmpty {
      let inside = fitted.indices.filter { fitted[$0].set == set }
      let right = inside.count { (scores[$0] >= 0.5) == labels[$0] }
      report.append("  \(set): accuracy \(TrainingRun.text(Double(right) / Double(inside.count))) of \(inside.count)")
    }
    var model = fit(rows + extraRows, labels + extra.map(\.1), extra: extra.count)
    for (name, rows) in [("held out", held), ("only checked", checked)] where !rows.isEmpty {
      report.append(
        TrainingRun.line(
          name, scores: rows.map { model.probability(kind.row($0.subject)) }, labels: rows.map { $0.label == true }))
    }
    if !held.isEmpty, !checked.isEmpty {
      let both = held + checked
      report.append(
        TrainingRun.line(
          "held out and checked", scores: both.map { model.probability(kind.row($0.subject)) },
          labels: both.map { $0.label == true }))
    }
    if options.fitsHeldOutInTheEnd, !held.isEmpty {
      model = fit(
        rows + held.map { kind.row($0.subject) } + extraRows, labels + held.map { $0.label == true } + extra.map(\.1),
        extra: extra.count)
    }
    return TrainingResult(
      report: report, model: HashedTextModel(model, shape: kind.shape, features: kind.featureLabels.count).encoded)
  }

  /// The last `extra` rows weigh half.
  private func fit(_ rows: [SparseRow], _ labels: [Bool], extra: Int) -> LogisticRegression {
    let weights = [Float](repeating: 1, count: rows.count - extra) + [Float](repeating: 0.5, count: extra)
    return kind.fit(rows, labels: labels, weights: weights)
  }
}

/// Trees over sentences and trees over answers, then a line that is fitted to what trees say of answers they did not see.
private struct GroundednessRun {
  let rows: [LabelledRow]
  let options: TrainingOptions

  func run() -> TrainingResult {
    var fitted = GroundednessExamples()
    var held = GroundednessExamples()
    for row in rows {
      let isHeld = TrainingRun.isHeldOut(row.group, options: options)
      if isHeld {
        held.add(row, group: TrainingRun.number(row.group))
      } else {
        fitted.add(row, group: TrainingRun.number(row.group))
      }
    }
    let (model, scores, aggregates) = fit(fitted)
    var report = [
      "sentences: rows \(scores.count), cross-validation AUROC "
        + TrainingRun.text(RankingMetrics.areaUnderCurve(scores: scores, labels: fitted.examples.labels)),
      TrainingRun.line("answers, cross-validation", scores: stacked(fitted, aggregates), labels: fitted.answers.map(\.label)),
    ]
    var shipped = model
    if !held.answers.isEmpty {
      let sentenceScores = (0..<held.examples.count).map { model.trees.probability(held.examples.row($0)) }
      report.append(
        "sentences: rows \(sentenceScores.count), held out AUROC "
          + TrainingRun.text(RankingMetrics.areaUnderCurve(scores: sentenceScores, labels: held.examples.labels)))
      let margins = Self.margins(model.answerTrees, held.answerExamples)
      let answers = zip(held.answers, margins).map { answer, margin in
        model.answerProbability(held.aggregate(answer, sentenceScores, margin: margin))
      }
      report.append(TrainingRun.line("answers, held out", scores: answers, labels: held.answers.map(\.label)))
      if options.fitsHeldOutInTheEnd {
        var all = fitted
        for row in rows where TrainingRun.isHeldOut(row.group, options: options) {
          all.add(row, group: TrainingRun.number(row.group))
        }
        shipped = fit(all).model
      }
    }
    return TrainingResult(report: report, model: shipped.encoded)
  }

  private func fit(_ data: GroundednessExamples) -> (model: GroundednessModel, scores: [Double], aggregates: [[Float]]) {
    var trees = options.trees
    trees.directions = GroundednessFeature.allCases.map(\.direction)
    trees.seed = options.seed
    let sentences = unseen(data.examples, options: trees)
    let scores = sentences.margins.map { Logistic.probability(Double($0)) }
    let rows = data.answerExamples
    let answers = unseen(rows, options: answerOptions)
    let aggregates = zip(data.answers, answers.margins).map { data.aggregate($0, scores, margin: $1) }
    let line = answerModel(aggregates, data.answers.map(\.label))
    let model = GroundednessModel(
      trees: sentences.model, answerTrees: answers.model, answerWeights: line.weights.map { Float($0) } + [Float(line.bias)])
    return (model, scores, aggregates)
  }

  /// Small and slow trees: there are few answers.
  private var answerOptions: BoostedTreesOptions {
    var trees = BoostedTreesOptions()
    trees.trees = 200
    trees.leaves = 8
    trees.depth = 4
    trees.learningRate = 0.03
    trees.penalty = 5
    trees.rowShare = 0.7
    trees.featureShare = 0.3
    trees.directions = AnswerRow.directions
    trees.seed = options.seed
    return trees
  }

  /// A model of all examples, and what models say of those they did not see.
  private func unseen(_ examples: Examples, options trees: BoostedTreesOptions) -> (model: BoostedTrees, margins: [Float]) {
    let training = BoostedTreesTraining(examples, options: trees)
    let folds = GroupedFolds.assign(groups: examples.groups, folds: options.folds, seed: options.seed)
    var margins = [Float](repeating: 0, count: examples.count)
    for fold in 0..<options.folds {
      let model = training.train(rows: folds.indices.filter { folds[$0] != fold })
      for index in folds.indices where folds[index] == fold { margins[index] = Self.margin(model, examples.row(index)) }
    }
    // With patience, one fold in five decides when to stop.
    let validation = trees.patience > 0 ? folds.indices.filter { folds[$0] == 0 } : []
    let model = training.train(rows: folds.indices.filter { trees.patience == 0 || folds[$0] != 0 }, validation: validation)
    return (model, margins)
  }

  private static func margins(_ model: BoostedTrees, _ examples: Examples) -> [Float] {
    (0..<examples.count).map { margin(model, examples.row($0)) }
  }

  private static func margin(_ model: BoostedTrees, _ row: ArraySlice<Float>) -> Float {
    row.withUnsafeBufferPointer { model.margin($0) }
  }

  private func answerModel(_ aggregates: [[Float]], _ labels: [Bool]) -> LogisticRegression {
    var options = LogisticRegression.Options()
    options.penalty = 1e-3
    return LogisticRegression.fit(
      aggregates.map { SparseRow(dense: $0) }, labels: labels, sampleWeights: labels.map { _ in 1 }, width: AnswerAggregate.width,
      options: options)
  }

  /// The last step is cross-validated too.
  private func stacked(_ data: GroundednessExamples, _ aggregates: [[Float]]) -> [Double] {
    let labels = data.answers.map(\.label)
    let folds = GroupedFolds.assign(groups: data.answers.map(\.group), folds: options.folds, seed: options.seed &+ 1)
    var result = [Double](repeating: 0, count: aggregates.count)
    for fold in 0..<options.folds {
      let inside = folds.indices.filter { folds[$0] != fold }
      let model = answerModel(inside.map { aggregates[$0] }, inside.map { labels[$0] })
      for index in folds.indices where folds[index] == fold {
        result[index] = model.probability(SparseRow(dense: aggregates[index]))
      }
    }
    return result
  }
}

/// Trees over the sentences of documents; a row's spans say which of them are orders.
private struct IndirectInjectionRun {
  let rows: [LabelledRow]
  let options: TrainingOptions

  func run() -> TrainingResult {
    var fitted = IndirectExamples()
    var held = IndirectExamples()
    for row in rows {
      if TrainingRun.isHeldOut(row.group, options: options) { held.add(row) } else { fitted.add(row) }
    }
    var trees = options.trees
    trees.seed = options.seed
    let training = BoostedTreesTraining(fitted.examples, options: trees)
    let folds = GroupedFolds.assign(groups: fitted.examples.groups, folds: options.folds, seed: options.seed)
    var scores = [Double](repeating: 0, count: fitted.examples.count)
    for fold in 0..<options.folds {
      let model = training.train(rows: folds.indices.filter { folds[$0] != fold })
      for index in folds.indices where folds[index] == fold { scores[index] = model.probability(fitted.examples.row(index)) }
    }
    var report = [
      TrainingRun.line("sentences, cross-validation", scores: scores, labels: fitted.examples.labels),
      TrainingRun.line(
        "documents, cross-validation", scores: fitted.documentScores(scores), labels: fitted.documents.map(\.label)),
    ]
    var model = training.train(rows: Array(folds.indices))
    if !held.documents.isEmpty {
      let sentences = (0..<held.examples.count).map { model.probability(held.examples.row($0)) }
      report.append(
        TrainingRun.line("documents, held out", scores: held.documentScores(sentences), labels: held.documents.map(\.label)))
      if options.fitsHeldOutInTheEnd {
        for row in rows where TrainingRun.isHeldOut(row.group, options: options) { fitted.add(row) }
        model = BoostedTreesTraining(fitted.examples, options: trees).train(rows: Array(0..<fitted.examples.count))
      }
    }
    return TrainingResult(report: report, model: model.encoded)
  }
}
