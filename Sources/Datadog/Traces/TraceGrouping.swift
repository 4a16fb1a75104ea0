// Puts the spans of one batch together that are of one trace, and mends what a receiver would choke on: cycles and ids that come twice.

import LLMTelemetry

/// Its memory is kept from batch to batch.
struct TraceGrouping {
  struct Member: Equatable {
    /// Its place in the batch.
    var span: Int
    /// The parent that is sent; 0 is none.
    var parent: UInt64
    /// The span is where a service was entered: no span of the same service above it is in the batch.
    var isTopLevel = true
  }

  /// The first span of each trace, in the order of the batch.
  private(set) var traces: [Int] = []
  /// The trace that was loaded last. Its local root is first.
  private(set) var members: [Member] = []
  /// Spans of it with an id that another one has already; each is sent alone.
  private(set) var duplicates: [Member] = []

  private var lastOfTrace: [TraceID: Int] = [:]
  private var next: [Int] = []
  private var places: [UInt64: Int] = [:]
  private var isDone: [Bool?] = []

  mutating func begin(_ spans: UnsafePointer<LLMSpan>, count: Int) {
    traces.removeAll(keepingCapacity: true)
    lastOfTrace.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    for index in 0..<count {
      next.append(-1)
      if let last = lastOfTrace.updateValue(index, forKey: spans[index].traceID) {
        next[last] = index
      } else {
        traces.append(index)
      }
    }
  }

  /// - Parameter service: of a span, by its place.
  mutating func load(_ first: Int, of spans: UnsafePointer<LLMSpan>, service: (Int) -> String) {
    members.removeAll(keepingCapacity: true)
    duplicates.removeAll(keepingCapacity: true)
    var index = first
    guard next[index] >= 0 else {
      members.append(Self.alone(index, spans))
      return
    }
    places.removeAll(keepingCapacity: true)
    while index >= 0 {
      let id = spans[index].spanID.bits
      if places[id] == nil {
        places[id] = members.count
        members.append(Member(span: index, parent: spans[index].parentSpanID?.bits ?? 0))
      } else {
        duplicates.append(Self.alone(index, spans))
      }
      index = next[index]
    }
    cutCycles()
    markTopLevel(service)
    if let root = members.firstIndex(where: { places[$0.parent] == nil }), root > 0 {
      members.insert(members.remove(at: root), at: 0)
    }
  }

  private static func alone(_ index: Int, _ spans: UnsafePointer<LLMSpan>) -> Member {
    let parent = spans[index].parentSpanID?.bits ?? 0
    return Member(span: index, parent: parent == spans[index].spanID.bits ? 0 : parent)
  }

  /// Ids come from outside too: a span that is above itself would send whoever walks up in circles.
  private mutating func cutCycles() {
    isDone.removeAll(keepingCapacity: true)
    isDone.append(contentsOf: repeatElement(nil, count: members.count))
    for start in members.indices where isDone[start] == nil {
      var place = start
      isDone[place] = false
      while let above = places[members[place].parent], isDone[above] != true {
        if isDone[above] == false {
          members[place].parent = 0
          break
        }
        place = above
        isDone[place] = false
      }
      place = start
      while isDone[place] == false {
        isDone[place] = true
        guard let above = places[members[place].parent] else { break }
        place = above
      }
    }
  }

  private mutating func markTopLevel(_ service: (Int) -> String) {
    for index in members.indices {
      guard let above = places[members[index].parent] else { continue }
      members[index].isTopLevel = service(members[index].span) != service(members[above].span)
    }
  }
}
