// An incident from its first alarm until its signals have recovered, as detection follows it.

struct OpenIncident {
  var opened: Int32
  var onset: Int32
  var resolved: Int32?
  var signals: [DetectionSignal]
  var slice: SliceKey
  /// The slice it was blamed on when it opened.
  let firstSlice: SliceKey
  var explained: Float = 1
  /// What was seen since the onset, by leaf.
  var leaves: [Int32: Tally] = [:]
  /// Evidence of recovery, by signal.
  var recovery: [DetectionSignal: Float] = [:]
  var lastAlarm: Int32
  var nextSearch: Int32 = 0
  /// Buckets in a row without a request in the slice.
  var silentBuckets: Int32 = 0
  /// Share of all traffic that is in the slice.
  var share: Float = 0

  init(opened: Int32, onset: Int32, signals: [DetectionSignal], slice: SliceKey, lastAlarm: Int32) {
    self.opened = opened
    self.onset = onset
    self.signals = signals
    self.slice = slice
    firstSlice = slice
    self.lastAlarm = lastAlarm
  }

  /// True when it is made of the evidence of slices; traffic loss and loops are followed by their own watches.
  var isStream: Bool { signals.first.map { $0.rawValue < DetectionSignal.laneCount } ?? false }

  /// The lanes it keeps out of the baselines.
  var lanes: UInt32 {
    signals.reduce(0) { $0 | ($1.rawValue < DetectionSignal.laneCount ? $1.bit : 0) }
  }

  func tally(in slice: SliceKey, _ leafs: [Leaf]) -> (inside: Tally, outside: Tally) {
    var inside = Tally()
    var outside = Tally()
    for (leaf, tally) in leaves {
      if slice.contains(leafs[Int(leaf)].key) { inside += tally } else { outside += tally }
    }
    return (inside, outside)
  }
}
