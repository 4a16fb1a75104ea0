// A small model of gradient-boosted trees: what it is, what it says about a row, and which features made it say so.

/// Each node keeps its value, so that a score can be taken apart by feature along the path.
package struct BoostedTrees: Sendable, Equatable {
  struct Node: Equatable, Sendable {
    /// Negative in a leaf.
    var feature: Int32
    var threshold: Float
    /// The right child follows the left one.
    var left: Int32
    var value: Float
  }

  package let width: Int
  var base: Float
  /// All trees' nodes one after another; `left` counts from the beginning of the array.
  var nodes: ContiguousArray<Node> = []
  var roots: ContiguousArray<Int32> = []

  init(width: Int, base: Float) {
    self.width = width
    self.base = base
  }

  package var treeCount: Int { roots.count }

  /// Log-odds.
  @inline(__always)
  func margin(_ row: UnsafeBufferPointer<Float>) -> Float {
    nodes.withUnsafeBufferPointer { nodes in
      var sum = base
      for root in roots {
        var index = Int(root)
        while nodes[index].feature >= 0 {
          let node = nodes[index]
          index = Int(node.left) + (row[Int(node.feature)] <= node.threshold ? 0 : 1)
        }
        sum += nodes[index].value
      }
      return sum
    }
  }

  package func probability(_ row: some Sequence<Float>) -> Double {
    let row = ContiguousArray(row)
    precondition(row.count == width, "a row has \(row.count) values and not \(width)")
    return row.withUnsafeBufferPointer { Logistic.probability(Double(margin($0))) }
  }

  /// What each feature adds to the log-odds: at every split the difference between the child's value and the node's.
  package func contributions(_ row: some Sequence<Float>) -> [Float] {
    let row = ContiguousArray(row)
    var result = [Float](repeating: 0, count: width)
    for root in roots {
      var index = Int(root)
      while nodes[index].feature >= 0 {
        let node = nodes[index]
        let child = Int(node.left) + (row[Int(node.feature)] <= node.threshold ? 0 : 1)
        result[Int(node.feature)] += nodes[child].value - node.value
        index = child
      }
    }
    return result
  }
}

extension BoostedTrees {
  /// A compact form: 13 bytes a node.
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(int: width)
    bytes.append(float: base)
    bytes.append(int: roots.count)
    bytes.append(int: nodes.count)
    for root in roots { bytes.append(int: Int(root)) }
    for node in nodes {
      bytes.append(node.feature < 0 ? 255 : UInt8(node.feature))
      bytes.append(float: node.threshold)
      bytes.append(int: Int(node.left))
      bytes.append(float: node.value)
    }
    return bytes
  }

  /// Nil when the bytes are not a whole model: a child must come after its parent, so that no row can walk in circles.
  package init?(encoded bytes: [UInt8]) {
    var cursor = ByteCursor(bytes)
    let width = cursor.int()
    let base = cursor.float()
    let rootCount = cursor.int()
    let nodeCount = cursor.int()
    guard width > 0, width < 255, base.isFinite, rootCount >= 0, nodeCount >= rootCount,
      bytes.count == 16 + rootCount * 4 + nodeCount * 13
    else { return nil }
    self.init(width: width, base: base)
    for _ in 0..<rootCount {
      let root = cursor.int()
      guard root < nodeCount else { return nil }
      roots.append(Int32(root))
    }
    for index in 0..<nodeCount {
      let feature = cursor.byte()
      let threshold = cursor.float()
      let left = cursor.int()
      let value = cursor.float()
      guard value.isFinite, feature == 255 || (Int(feature) < width && left > index && left + 1 < nodeCount && !threshold.isNaN)
      else { return nil }
      nodes.append(Node(feature: feature == 255 ? -1 : Int32(feature), threshold: threshold, left: Int32(left), value: value))
    }
    guard cursor.isAtEnd else { return nil }
  }
}

/// The same trees laid out for scoring: a leaf leads to itself, so that all rows take as many steps and no step is guessed, and four
/// trees are walked at a time. Sums are taken in the trees' order, so scores are those of `BoostedTrees.margin`.
struct TreeWalk: Sendable {
  private struct Step {
    var threshold: Float
    var left: Int32
    var feature: Int32
    var value: Float
  }

  let trees: BoostedTrees
  private let steps: ContiguousArray<Step>
  private let depths: ContiguousArray<Int32>

  init(_ trees: BoostedTrees) {
    self.trees = trees
    steps = ContiguousArray(
      trees.nodes.enumerated().map { place, node in
        node.feature < 0
          ? Step(threshold: .infinity, left: Int32(place), feature: 0, value: node.value)
          : Step(threshold: node.threshold, left: node.left, feature: node.feature, value: node.value)
      })
    depths = ContiguousArray(trees.roots.map { Int32(Self.depth(trees.nodes, Int($0))) })
  }

  private static func depth(_ nodes: ContiguousArray<BoostedTrees.Node>, _ index: Int) -> Int {
    guard nodes[index].feature >= 0 else { return 0 }
    return 1 + max(depth(nodes, Int(nodes[index].left)), depth(nodes, Int(nodes[index].left) + 1))
  }

  /// Log-odds of a row of finite numbers.
  func margin(_ row: UnsafeBufferPointer<Float>) -> Float {
    steps.withUnsafeBufferPointer { steps in
      @inline(__always) func next(_ index: Int) -> Int {
        let step = steps[index]
        return Int(step.left) &+ (row[Int(step.feature)] > step.threshold ? 1 : 0)
      }
      return trees.roots.withUnsafeBufferPointer { roots in
        var sum = trees.base
        var tree = 0
        while tree &+ 4 <= roots.count {
          var (one, two, three, four) = (Int(roots[tree]), Int(roots[tree &+ 1]), Int(roots[tree &+ 2]), Int(roots[tree &+ 3]))
          var left = max(max(depths[tree], depths[tree &+ 1]), max(depths[tree &+ 2], depths[tree &+ 3]))
          while left > 0 {
            (one, two, three, four) = (next(one), next(two), next(three), next(four))
            left &-= 1
          }
          sum += steps[one].value
          sum += steps[two].value
          sum += steps[three].value
          sum += steps[four].value
          tree &+= 4
        }
        while tree < roots.count {
          var index = Int(roots[tree])
          for _ in 0..<depths[tree] { index = next(index) }
          sum += steps[index].value
          tree &+= 1
        }
        return sum
      }
    }
  }
}

package enum Logistic {
  package static func probability(_ logOdds: Double) -> Double { 1 / (1 + exponential(-logOdds)) }

  /// e to the power of `value`, without a C library: the range is cut by powers of two, the rest is a series.
  package static func exponential(_ value: Double) -> Double {
    let bounded = min(700, max(-700, value))
    let scale = (bounded * 1.4426950408889634).rounded()
    let rest = bounded - scale * 0.6931471805599453
    var term = 1.0
    var sum = 1.0
    for index in 1...14 {
      term *= rest / Double(index)
      sum += term
    }
    return sum * Double(sign: .plus, exponent: Int(scale), significand: 1)
  }

  /// The natural logarithm of a positive number, by the area of the hyperbola.
  package static func logarithm(_ value: Double) -> Double {
    guard value > 0 else { return -.infinity }
    let mantissa = value.significand / 1.4142135623730951
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var term = ratio
    var sum = 0.0
    for index in 0..<16 {
      sum += term / Double(2 * index + 1)
      term *= square
    }
    return 2 * sum + (Double(value.exponent) + 0.5) * 0.6931471805599453
  }
}
