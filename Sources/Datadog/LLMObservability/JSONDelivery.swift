// Encoded events put together into one JSON document, and the drops that happen before a lane.

import Delivery

extension DeliveryItem {
  /// A JSON array whose elements the items are, with what stands around it.
  static func array(of items: [DeliveryItem], after head: String = "[", before tail: String = "]") -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(items.reduce(head.utf8.count + tail.utf8.count) { $0 + $1.bytes.count + 1 })
    body.append(contentsOf: head.utf8)
    for (index, item) in items.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body.append(contentsOf: item.bytes)
    }
    body.append(contentsOf: tail.utf8)
    return body
  }
}

extension DeliveryLane {
  /// Its own drops by reason, and those that were too old for the receiver before they came to it.
  func takeDrops(and tooOld: Int) -> [String: Int] {
    var drops = Dictionary(uniqueKeysWithValues: takeDrops().map { ($0.key.rawValue, $0.value) })
    if tooOld > 0 { drops["too_old"] = tooOld }
    return drops
  }
}
