// The combinations of dimension values seen, and for each the slices its spans are in.

struct Leaf {
  let key: LeafKey
  let base: Int
  /// Numbers of slices; the first is everything.
  let slices: [Int32]
  /// Its cell for loops: a tenant on a route.
  let cell: Int32
}

extension CauseDimension {
  /// Pairs that are watched as slices of their own; causes of other pairs are found by attribution.
  static let watchedPairs: [(CauseDimension, CauseDimension)] = [
    (.provider, .region), (.route, .model), (.tenant, .route),
  ]
}
