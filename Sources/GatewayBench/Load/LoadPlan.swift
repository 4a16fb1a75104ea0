// What one run of the load generator sends, how fast and for how long, and the bytes of the one request it repeats.

import NIOCore

struct LoadPlan {
  static let bodyBytes = 774

  var host = "127.0.0.1"
  var port = 0
  var path = "/v1/chat/completions"
  var key = "none"
  var model = "gpt-4.1-mini"
  var connections = 32
  /// Requests a second; `nil` sends on each connection as soon as its answer is complete.
  var rate: Double?
  var duration = TimeAmount.seconds(5)
  var largestNumberOfRequests = Int.max
  var stallThreshold = TimeAmount.milliseconds(250)
  var instructions = ChatInstructions()

  var pace: UInt64 { UInt64(instructions.paceMicroseconds) * 1_000 }

  var request: ByteBuffer {
    let head =
      #"{"model":"\#(model)","messages":[{"role":"system","content":"You answer questions about orders in two sentences."},"#
      + #"{"role":"user","content":"\#(instructions.promptWords) "#
    var rest = #""}],"temperature":0.2,"max_tokens":256"#
    if instructions.streams { rest += #","stream":true"# }
    if instructions.includesUsage { rest += #","stream_options":{"include_usage":true}"# }
    rest += "}"
    let body = head + ChatAnswers.text(bytes: Self.bodyBytes - head.utf8.count - rest.utf8.count) + rest
    return ByteBuffer(
      string: "POST \(path) HTTP/1.1\r\nhost: \(host):\(port)\r\nauthorization: Bearer \(key)\r\n"
        + "content-type: application/json\r\nuser-agent: gateway-bench\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body)
  }

  init() {}

  init(_ arguments: CommandArguments) throws {
    try arguments.allow([
      "host", "port", "path", "key", "model", "mode", "connections", "rate", "seconds", "requests", "chunks", "pace-us",
      "include-usage", "stall-ms",
    ])
    host = arguments.text("host", default: host)
    port = try arguments.integer("port", in: 1...65_535)
    path = arguments.text("path", default: path)
    key = arguments.text("key", default: key)
    model = arguments.text("model", default: model)
    connections = try arguments.integer("connections", in: 1...4_096, default: connections)
    if arguments.has("rate") { rate = try arguments.number("rate", in: 0.1...1_000_000, default: 1) }
    duration = .nanoseconds(Int64(try arguments.number("seconds", in: 0.1...3_600, default: 5) * 1e9))
    largestNumberOfRequests = try arguments.integer("requests", in: 1...1_000_000_000, default: .max >> 1)
    stallThreshold = .milliseconds(Int64(try arguments.integer("stall-ms", in: 1...60_000, default: 250)))
    switch arguments.text("mode", default: "json") {
    case "json": instructions.streams = false
    case "sse": instructions.streams = true
    default: throw UsageError("--mode is json or sse")
    }
    instructions.includesUsage = instructions.streams && arguments.has("include-usage")
    instructions.chunks = try arguments.integer("chunks", in: 1...1_000_000, default: instructions.chunks)
    instructions.paceMicroseconds = try arguments.integer("pace-us", in: 0...10_000_000, default: 0)
  }
}
