// Logistic regression on sparse or dense rows, fitted by L-BFGS with an L2 penalty: no randomness, so no seed.

/// One row: which places are not zero, and what stands there.
package struct SparseRow: Sendable, Equatable {
  package var places: [Int32]
  package var values: [Float]

  package init(places: [Int32] = [], values: [Float] = []) {
    self.places = places
    self.values = values
  }

  /// Every place of a dense row.
  package init(dense: some Sequence<Float>) {
    values = Array(dense)
    places = values.indices.map { Int32($0) }
  }
}

package struct LogisticRegression: Sendable {
  package var weights: [Double]
  package var bias: Double

  package func margin(_ row: SparseRow) -> Double {
    var sum = bias
    for index in row.places.indices { sum += weights[Int(row.places[index])] * Double(row.values[index]) }
    return sum
  }

  package func probability(_ row: SparseRow) -> Double { Logistic.probability(margin(row)) }

  package struct Options: Sendable {
    /// For each weight; `rows` × this is what a weight of one costs.
    package var penalty = 1e-4
    package var iterations = 120
    package var tolerance = 1e-5
    package init() {}
  }

  package static func fit(
    _ rows: [SparseRow], labels: [Bool], sampleWeights: [Float], width: Int, penalties: [Float]? = nil,
    options: Options = Options()
  ) -> LogisticRegression {
    let objective = Objective(
      rows: rows, labels: labels, sampleWeights: sampleWeights, width: width, penalties: penalties, penalty: options.penalty)
    let solution = LimitedMemoryMinimizer.minimize(
      from: [Double](repeating: 0, count: width + 1), iterations: options.iterations, tolerance: options.tolerance,
      value: objective.value)
    return LogisticRegression(weights: Array(solution.prefix(width)), bias: solution[width])
  }
}

/// The penalised mean loss and its gradient. The last variable is the bias, which is not penalised.
private struct Objective {
  let rows: [SparseRow]
  let labels: [Bool]
  let sampleWeights: [Float]
  let width: Int
  let penalties: [Float]?
  let penalty: Double

  func value(_ variables: [Double]) -> (value: Double, gradient: [Double]) {
    var gradient = [Double](repeating: 0, count: width + 1)
    var loss = 0.0
    var total = 0.0
    for index in rows.indices {
      let row = rows[index]
      var margin = variables[width]
      for place in row.places.indices { margin += variables[Int(row.places[place])] * Double(row.values[place]) }
      let weight = Double(sampleWeights[index])
      let probability = Logistic.probability(margin)
      total += weight
      let signed = labels[index] ? margin : -margin
      loss += weight * (signed > 30 ? 0 : signed < -30 ? -signed : Logistic.logarithm(1 + Logistic.exponential(-signed)))
      let slope = weight * (probability - (labels[index] ? 1 : 0))
      for place in row.places.indices { gradient[Int(row.places[place])] += slope * Double(row.values[place]) }
      gradient[width] += slope
    }
    total = max(1, total)
    loss /= total
    for index in gradient.indices { gradient[index] /= total }
    for index in 0..<width {
      let own = penalty * Double(penalties?[index] ?? 1)
      loss += 0.5 * own * variables[index] * variables[index]
      gradient[index] += own * variables[index]
    }
    return (loss, gradient)
  }
}

/// L-BFGS with ten pairs of memory and a halving line search.
enum LimitedMemoryMinimizer {
  static func minimize(
    from start: [Double], iterations: Int, tolerance: Double, value: ([Double]) -> (value: Double, gradient: [Double])
  ) -> [Double] {
    var point = start
    var (current, gradient) = value(point)
    var steps: [[Double]] = []
    var changes: [[Double]] = []
    for _ in 0..<iterations {
      guard length(gradient) > tolerance else { break }
      var direction = direction(gradient, steps, changes)
      var slope = dot(direction, gradient)
      if slope >= 0 {
        direction = gradient.map { -$0 }
        slope = -dot(gradient, gradient)
        steps = []
        changes = []
      }
      var size = steps.isEmpty ? min(1, 1 / length(gradient)) : 1
      var next = point
      var found: (value: Double, gradient: [Double])?
      for _ in 0..<30 {
        for index in point.indices { next[index] = point[index] + size * direction[index] }
        let tried = value(next)
        if tried.value <= current + 1e-4 * size * slope {
          found = tried
          break
        }
        size /= 2
      }
      guard let found else { break }
      let step = next.indices.map { next[$0] - point[$0] }
      let change = next.indices.map { found.gradient[$0] - gradient[$0] }
      if dot(step, change) > 1e-12 {
        steps.append(step)
        changes.append(change)
        if steps.count > 10 {
          steps.removeFirst()
          changes.removeFirst()
        }
      }
      let gained = current - found.value
      (point, current, gradient) = (next, found.value, found.gradient)
      if gained < 1e-9 * max(1, abs(current)) { break }
    }
    return point
  }

  private static func direction(_ gradient: [Double], _ steps: [[Double]], _ changes: [[Double]]) -> [Double] {
    var result = gradient.map { -$0 }
    var shares = [Double](repeating: 0, count: steps.count)
    for index in steps.indices.reversed() {
      shares[index] = dot(steps[index], result) / dot(steps[index], changes[index])
      for place in result.indices { result[place] -= shares[index] * changes[index][place] }
    }
    if let step = steps.last, let change = changes.last {
      let scale = dot(step, change) / dot(change, change)
      for place in result.indices { result[place] *= scale }
    }
    for index in steps.indices {
      let share = dot(changes[index], result) / dot(steps[index], changes[index])
      for place in result.indices { result[place] += (shares[index] - share) * steps[index][place] }
    }
    return result
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for index in left.indices { sum += left[index] * right[index] }
    return sum
  }
  private static func length(_ vector: [Double]) -> Double { dot(vector, vector).squareRoot() }
}
