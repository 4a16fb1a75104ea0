// Trains boosted trees on histograms, best leaf first, the same for the same seed.

package struct BoostedTreesOptions: Sendable {
  package var trees = 150
  package var leaves = 8
  package var depth = 5
  package var learningRate = 0.07
  package var minimumRowsInLeaf = 30
  /// Drawn towards nothing.
  package var penalty = 3.0
  package var bins = 48
  package var rowShare = 0.8
  package var featureShare = 0.6
  /// Ends after this many trees that make the validation rows no better; 0 keeps all.
  package var patience = 0
  package var seed: UInt64 = 7
  /// By feature: 1 where more may never lower the score, -1 where it may never raise it, 0 (or nothing at all) where both may be.
  package var directions: [Int] = []
  /// Features that no tree may split by.
  package var unused: Set<Int> = []

  package init() {}
}

package struct BoostedTreesTraining {
  let options: BoostedTreesOptions
  let examples: Examples
  /// The upper bounds of each feature's bins.
  private var bounds: [[Float]] = []
  private var binned: [UInt8] = []

  package init(_ examples: Examples, options: BoostedTreesOptions = BoostedTreesOptions()) {
    self.options = options
    self.examples = examples
    bin()
  }

  /// Trains on `rows`; with `validation` rows and a patience it ends early, at the best number of trees.
  package func train(rows: [Int], validation: [Int] = []) -> BoostedTrees {
    let labels = examples.labels
    var positive = 0.0
    var total = 0.0
    for row in rows {
      total += Double(examples.weights[row])
      if labels[row] { positive += Double(examples.weights[row]) }
    }
    let share = min(0.999, max(0.001, positive / max(1, total)))
    var model = BoostedTrees(width: examples.width, base: Float(Logistic.logarithm(share / (1 - share))))
    var margins = [Double](repeating: Double(model.base), count: examples.count)
    var gradients = [Double](repeating: 0, count: examples.count)
    var curvatures = [Double](repeating: 0, count: examples.count)
    var generator = SeededGenerator(seed: options.seed)
    var best = (loss: Double.infinity, trees: 0, nodes: 0)
    for _ in 0..<options.trees {
      for row in rows {
        let probability = Logistic.probability(margins[row])
        let weight = Double(examples.weights[row])
        gradients[row] = weight * (probability - (labels[row] ? 1 : 0))
        curvatures[row] = max(1e-6, weight * probability * (1 - probability))
      }
      let sample = rows.filter { _ in generator.uniform() < options.rowShare }
      var features = (0..<examples.width).filter { !options.unused.contains($0) }
      features.shuffle(using: &generator)
      features = features.prefix(max(1, Int(Double(features.count) * options.featureShare))).sorted()
      var grower = TreeGrower(training: self, features: features, gradients: gradients, curvatures: curvatures)
      let first = model.nodes.count
      model.roots.append(Int32(first))
      grower.grow(rows: sample, into: &model.nodes)
      for row in rows + validation { margins[row] += Double(leafValue(row, model.nodes, root: first)) }
      if options.patience > 0, !validation.isEmpty {
        let loss = validation.reduce(0.0) { sum, row in
          let probability = min(1 - 1e-9, max(1e-9, Logistic.probability(margins[row])))
          return sum - Logistic.logarithm(labels[row] ? probability : 1 - probability)
        }
        if loss < best.loss { best = (loss, model.roots.count, model.nodes.count) }
        if model.roots.count - best.trees >= options.patience { break }
      }
    }
    if options.patience > 0, !validation.isEmpty {
      model.roots.removeLast(model.roots.count - best.trees)
      model.nodes.removeLast(model.nodes.count - best.nodes)
    }
    return model
  }

  private func leafValue(_ row: Int, _ nodes: ContiguousArray<BoostedTrees.Node>, root: Int) -> Float {
    var index = root
    while nodes[index].feature >= 0 {
      let node = nodes[index]
      index = Int(node.left) + (examples.values[row * examples.width + Int(node.feature)] <= node.threshold ? 0 : 1)
    }
    return nodes[index].value
  }

  private mutating func bin() {
    binned = [UInt8](repeating: 0, count: examples.count * examples.width)
    for feature in 0..<examples.width {
      var column = (0..<examples.count).map { examples.values[$0 * examples.width + feature] }
      column.sort()
      var own: [Float] = []
      for bin in 1..<max(2, options.bins) {
        guard !column.isEmpty else { break }
        let value = column[min(column.count - 1, bin * column.count / options.bins)]
        if own.last.map({ value > $0 }) ?? true { own.append(value) }
      }
      if own.last == column.last { own.removeLast() }
      bounds.append(own)
      for row in 0..<examples.count {
        let value = examples.values[row * examples.width + feature]
        var low = 0
        var high = own.count
        while low < high {
          let middle = (low + high) / 2
          if value <= own[middle] { high = middle } else { low = middle + 1 }
        }
        binned[row * examples.width + feature] = UInt8(low)
      }
    }
  }

  func bin(_ row: Int, _ feature: Int) -> Int { Int(binned[row * examples.width + feature]) }
  func bound(_ feature: Int, _ bin: Int) -> Float { bounds[feature][bin] }
  func binCount(_ feature: Int) -> Int { bounds[feature].count + 1 }
}

/// Grows one tree, always at the leaf whose best split gains most.
private struct TreeGrower {
  let training: BoostedTreesTraining
  let features: [Int]
  let gradients: [Double]
  let curvatures: [Double]

  private struct Leaf {
    var node: Int
    var rows: [Int]
    var depth: Int
    var limits: ClosedRange<Double>
    var split: Split?
  }
  private struct Split {
    var gain: Double
    var feature: Int
    var bin: Int
    var values: (left: Double, right: Double)
  }

  mutating func grow(rows: [Int], into nodes: inout ContiguousArray<BoostedTrees.Node>) {
    let all = -Double.infinity...Double.infinity
    nodes.append(leaf(rows, all))
    var leaves = [Leaf(node: nodes.count - 1, rows: rows, depth: 0, limits: all, split: bestSplit(rows, all))]
    while leaves.count < training.options.leaves {
      guard
        let place = leaves.indices.filter({ leaves[$0].split != nil && leaves[$0].depth < training.options.depth })
          .max(by: { (leaves[$0].split?.gain ?? 0) < (leaves[$1].split?.gain ?? 0) }),
        let split = leaves[place].split
      else { return }
      let parent = leaves.remove(at: place)
      let left = parent.rows.filter { training.bin($0, split.feature) <= split.bin }
      let right = parent.rows.filter { training.bin($0, split.feature) > split.bin }
      nodes[parent.node].feature = Int32(split.feature)
      nodes[parent.node].threshold = training.bound(split.feature, split.bin)
      nodes[parent.node].left = Int32(nodes.count)
      // What is left of a monotone split may not rise above its middle further down, nor what is right fall below it.
      let middle = (split.values.left + split.values.right) / 2
      let (low, high) = (parent.limits.lowerBound, parent.limits.upperBound)
      let limits =
        switch direction(split.feature) {
        case 1: (low...middle, middle...high)
        case -1: (middle...high, low...middle)
        default: (parent.limits, parent.limits)
        }
      for (rows, limits) in [(left, limits.0), (right, limits.1)] {
        nodes.append(leaf(rows, limits))
        leaves.append(
          Leaf(node: nodes.count - 1, rows: rows, depth: parent.depth + 1, limits: limits, split: bestSplit(rows, limits)))
      }
    }
  }

  private func direction(_ feature: Int) -> Int {
    feature < training.options.directions.count ? training.options.directions[feature] : 0
  }

  private func value(_ gradient: Double, _ curvature: Double, _ limits: ClosedRange<Double>) -> Double {
    min(limits.upperBound, max(limits.lowerBound, -gradient / (curvature + training.options.penalty)))
  }

  private func leaf(_ rows: [Int], _ limits: ClosedRange<Double>) -> BoostedTrees.Node {
    let sums = rows.reduce((0.0, 0.0)) { ($0.0 + gradients[$1], $0.1 + curvatures[$1]) }
    let value = value(sums.0, sums.1, limits) * training.options.learningRate
    return BoostedTrees.Node(feature: -1, threshold: 0, left: 0, value: Float(value))
  }

  private func bestSplit(_ rows: [Int], _ limits: ClosedRange<Double>) -> Split? {
    let options = training.options
    guard rows.count >= options.minimumRowsInLeaf * 2 else { return nil }
    var best: Split?
    for feature in features {
      let bins = training.binCount(feature)
      guard bins > 1 else { continue }
      var sums = [(gradient: Double, curvature: Double, count: Int)](repeating: (0, 0, 0), count: bins)
      for row in rows {
        let bin = training.bin(row, feature)
        sums[bin].gradient += gradients[row]
        sums[bin].curvature += curvatures[row]
        sums[bin].count += 1
      }
      let total = sums.reduce((0.0, 0.0)) { ($0.0 + $1.gradient, $0.1 + $1.curvature) }
      let whole = total.0 * total.0 / (total.1 + options.penalty)
      var left = (gradient: 0.0, curvature: 0.0, count: 0)
      for bin in 0..<(bins - 1) {
        left.gradient += sums[bin].gradient
        left.curvature += sums[bin].curvature
        left.count += sums[bin].count
        guard left.count >= options.minimumRowsInLeaf, rows.count - left.count >= options.minimumRowsInLeaf else { continue }
        let rest = (gradient: total.0 - left.gradient, curvature: total.1 - left.curvature)
        let gain =
          left.gradient * left.gradient / (left.curvature + options.penalty)
          + rest.gradient * rest.gradient / (rest.curvature + options.penalty) - whole
        guard gain > 1e-6, gain > best?.gain ?? 0 else { continue }
        let values = (left: value(left.gradient, left.curvature, limits), right: value(rest.gradient, rest.curvature, limits))
        if (values.right - values.left) * Double(direction(feature)) < 0 { continue }
        best = Split(gain: gain, feature: feature, bin: bin, values: values)
      }
    }
    return best
  }
}
