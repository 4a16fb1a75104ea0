// What the metric receiver counts.

import Testing

@testable import gateway_bench

struct DatagramCounterTests {
  @Test("lines are counted, and one counter is summed over its tags and packed values")
  func counts() {
    var counter = DatagramCounter(metric: "llm.requests")
    let datagrams = ["llm.requests:2|c|#route:a\nllm.requests:3:4|c\n", "llm.requests.failed:5|c\nllm.tokens:7|d", ""]
    for datagram in datagrams {
      Array(datagram.utf8).withUnsafeBytes { counter.read($0) }
    }
    let bytes = datagrams.reduce(0) { $0 + $1.utf8.count }
    #expect(counter.json == #"{"datagrams":3,"lines":4,"bytes":\#(bytes),"metric_sum":9}"#)
  }
}
