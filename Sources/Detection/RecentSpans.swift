// The spans of the last hour, for whatever has to look back: the onset of an incident, and baselines that learn with a delay.

/// A ring of bounded size, in order of time.
struct RecentSpans {
  struct Entry {
    var span: DetectionSpan
    var leaf: Int32
    var bucket: Int32
  }

  static let capacity = 1 << 17
  private var entries: [Entry?] = Array(repeating: nil, count: 1024)
  private var first = 0
  private(set) var count = 0
  /// How many of the newest have not become part of the baselines.
  private(set) var waiting = 0

  var isFull: Bool { count == Self.capacity }
  var oldest: Int32? { count > 0 ? entries[first]?.bucket : nil }
  /// The oldest that is not part of the baselines.
  var next: Entry? { waiting > 0 ? entries[(first + count - waiting) & (entries.count - 1)] : nil }

  mutating func append(_ entry: Entry) {
    if count == entries.count {
      let ordered = (0..<count).map { entries[(first + $0) & (entries.count - 1)] }
      entries = ordered + Array(repeating: nil, count: count)
      first = 0
    }
    entries[(first + count) & (entries.count - 1)] = entry
    count += 1
    waiting += 1
  }

  mutating func learned() { waiting -= 1 }

  mutating func removeFirst() {
    first = (first + 1) & (entries.count - 1)
    count -= 1
    waiting = min(waiting, count)
  }

  /// From the newest back to the first bucket asked for.
  @inline(__always)
  func backwards(to bucket: Int32, _ body: (Entry) -> Void) {
    var index = count - 1
    while index >= 0 {
      guard let entry = entries[(first + index) & (entries.count - 1)], entry.bucket >= bucket else { return }
      body(entry)
      index -= 1
    }
  }
}
