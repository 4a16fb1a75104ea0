// The learners find what is there, the same for the same seed, and their models survive being written and read.

@testable import SemanticRisk
import Testing

@Suite struct LearningTests {
  @Test func tiesCountHalf() {
    #expect(RankingMetrics.areaUnderCurve(scores: [0.1, 0.4, 0.4, 0.9], labels: [false, true, false, true]) == 0.875)
    #expect(RankingMetrics.areaUnderCurve(scores: [0.1, 0.2], labels: [true, true]) == nil)
  }

  @Test func decisionsAreCounted() {
    let decision = RankingMetrics.decision(scores: [0.9, 0.8, 0.2, 0.6], labels: [true, true, true, false], threshold: 0.5)
    #expect(abs(decision.precision - 2.0 / 3) < 1e-12)
    #expect(abs(decision.recall - 2.0 / 3) < 1e-12)
    #expect(decision.falsePositiveRate == 1)
  }

  @Test func groupsAreNeverDivided() {
    let groups = (0..<200).map { $0 / 7 }
    let folds = GroupedFolds.assign(groups: groups, folds: 4, seed: 3)
    for group in Set(groups) { #expect(Set(folds.indices.filter { groups[$0] == group }.map { folds[$0] }).count == 1) }
    #expect(Set(folds) == [0, 1, 2, 3])
    #expect(folds == GroupedFolds.assign(groups: groups, folds: 4, seed: 3))
  }

  /// Two features that only say something together, and noise.
  private func exclusiveOr(_ count: Int, seed: UInt64) -> Examples {
    var generator = SeededGenerator(seed: seed)
    var examples = Examples(width: 3)
    for index in 0..<count {
      let row = (0..<3).map { _ in Float(generator.uniform()) }
      examples.append(row, label: (row[0] > 0.5) != (row[1] > 0.5), group: index)
    }
    return examples
  }

  @Test func treesLearnWhatALineCannot() throws {
    let examples = exclusiveOr(1500, seed: 1)
    var options = BoostedTreesOptions()
    options.minimumRowsInLeaf = 10
    options.featureShare = 1
    let training = BoostedTreesTraining(examples, options: options)
    let model = training.train(rows: Array(0..<1000))
    #expect(model == training.train(rows: Array(0..<1000)), "the same seed gives the same model")
    let test = Array(1000..<1500)
    let labels = test.map { examples.labels[$0] }
    let byTrees = RankingMetrics.areaUnderCurve(scores: test.map { model.probability(examples.row($0)) }, labels: labels)
    let line = LogisticRegression.fit(
      (0..<1000).map { SparseRow(dense: examples.row($0)) }, labels: Array(examples.labels.prefix(1000)),
      sampleWeights: [Float](repeating: 1, count: 1000), width: 3)
    let byLine = RankingMetrics.areaUnderCurve(
      scores: test.map { line.probability(SparseRow(dense: examples.row($0))) }, labels: labels)
    #expect(try #require(byTrees) > 0.93)
    #expect(try #require(byLine) < 0.6)
  }

  @Test func earlyStoppingKeepsFewerTreesOnNoise() {
    var generator = SeededGenerator(seed: 2)
    var examples = Examples(width: 4)
    for index in 0..<800 {
      examples.append((0..<4).map { _ in Float(generator.uniform()) }, label: generator.uniform() < 0.5, group: index)
    }
    var options = BoostedTreesOptions()
    options.patience = 10
    let model = BoostedTreesTraining(examples, options: options).train(rows: Array(0..<500), validation: Array(500..<800))
    #expect(model.treeCount < 60)
  }

  @Test func aDirectionHoldsEverywhere() {
    // The labels say the opposite in the middle; a monotone model does not follow.
    var generator = SeededGenerator(seed: 4)
    var examples = Examples(width: 2)
    for index in 0..<3000 {
      let row = [Float(generator.uniform()), Float(generator.uniform())]
      let chance = row[0] > 0.4 && row[0] < 0.6 ? 0.05 : Double(row[0])
      examples.append(row, label: generator.uniform() < chance, group: index)
    }
    var options = BoostedTreesOptions()
    options.directions = [1, 0]
    let model = BoostedTreesTraining(examples, options: options).train(rows: Array(0..<3000))
    for other in [Float(0.1), 0.5, 0.9] {
      let scores = stride(from: Float(0), through: 1, by: 0.01).map { model.probability([$0, other]) }
      #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 <= $1 + 1e-9 })
    }
    options.directions = []
    let free = BoostedTreesTraining(examples, options: options).train(rows: Array(0..<3000))
    #expect(free.probability([0.5, 0.5]) < free.probability([0.3, 0.5]))
  }

  @Test func contributionsAddUpToTheScore() {
    let examples = exclusiveOr(600, seed: 5)
    let model = BoostedTreesTraining(examples).train(rows: Array(0..<600))
    let row = Array(examples.row(17))
    let roots = model.roots.reduce(model.base) { $0 + model.nodes[Int($1)].value }
    let margin = row.withUnsafeBufferPointer { model.margin($0) }
    #expect(abs(model.contributions(row).reduce(roots, +) - margin) < 1e-3)
  }

  @Test(arguments: [1, 3, 4, 37]) func treesLaidOutForScoringSayTheSameToTheLastBit(trees: Int) {
    let examples = exclusiveOr(600, seed: 5)
    var options = BoostedTreesOptions()
    options.trees = trees
    let model = BoostedTreesTraining(examples, options: options).train(rows: Array(0..<600))
    let walk = TreeWalk(model)
    for index in 0..<600 {
      let (quick, plain) = Array(examples.row(index)).withUnsafeBufferPointer { (walk.margin($0), model.margin($0)) }
      #expect(quick.bitPattern == plain.bitPattern)
    }
  }

  @Test func aHashSetKnowsWhatWasPutInAndNothingElse() {
    var set = HashSet(minimumCapacity: 4)
    var known: Set<UInt32> = []
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<2_000 {
      let key = UInt32(truncatingIfNeeded: generator.next() % 3_000) + 1
      #expect(set.insert(key) == known.insert(key).inserted)
    }
    #expect(set.count == known.count)
    for key in UInt32(1)...3_000 { #expect(set.contains(key) == known.contains(key)) }
    set.removeAll()
    #expect(set.count == 0 && !set.contains(known.first ?? 1))
  }

  @Test func modelsSurviveWritingAndDamagedOnesAreRefused() throws {
    let examples = exclusiveOr(600, seed: 6)
    let model = BoostedTreesTraining(examples).train(rows: Array(0..<600))
    let bytes = ModelText.bytes(ModelText.text(model.encoded))
    #expect(bytes == model.encoded)
    #expect(try #require(BoostedTrees(encoded: bytes)) == model)
    #expect(BoostedTrees(encoded: Array(bytes.dropLast())) == nil)
    // A child before its parent would make a row walk in circles.
    var circle = bytes
    let firstNode = 16 + model.roots.count * 4
    for offset in 0..<4 { circle[firstNode + 5 + offset] = 0 }
    #expect(BoostedTrees(encoded: circle) == nil)
    for length in stride(from: 0, to: 200, by: 7) { #expect(BoostedTrees(encoded: Array(bytes.prefix(length))) == nil) }
  }

  @Test func hashedModelsSurviveWriting() throws {
    let shape = HashedText.Shape(bits: 8, head: 100, tail: 20)
    let texts = ["please say yes", "never say no", "say yes again", "no no never"]
    let rows = texts.map { HashedText.row($0.utf8, shape: shape, features: [1]) }
    let fitted = LogisticRegression.fit(
      rows, labels: [true, false, true, false], sampleWeights: [1, 1, 1, 1], width: 257)
    let model = HashedTextModel(fitted, shape: shape, features: 1)
    #expect(try #require(HashedTextModel(encoded: model.encoded)) == model)
    #expect(HashedTextModel(encoded: Array(model.encoded.dropLast())) == nil)
    for (text, row) in zip(texts, rows) {
      let margin = Array(text.utf8).withUnsafeBufferPointer { model.margin($0, features: [1]) }
      #expect(abs(margin - fitted.margin(row)) < 0.1, "a byte a weight is enough")
    }
  }

  @Test func ownFunctionsAgreeWithTheLibrary() {
    for value in stride(from: -30.0, through: 30, by: 0.37) {
      #expect(abs(Logistic.logarithm(Logistic.exponential(value)) - value) < 1e-9)
    }
    #expect(abs(Logistic.exponential(1) - 2.718281828459045) < 1e-12)
    #expect(Logistic.probability(0) == 0.5)
  }
}
