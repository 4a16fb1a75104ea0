// Writes an answer at the pace of a model, and breaks off, stalls or garbles it where a fault says so.
import Hummingbird

struct Delivery: Sendable {
  /// The simulator closed the connection on purpose.
  struct CutOff: Error {}

  /// A stalled answer is given up after this time, so that a forgotten client does not keep a connection for ever.
  private static let stallLimit = Duration.seconds(120)

  var pace: ProviderSimulator.Pace
  var effect: FaultRule.Effect
  /// What ends a stream that fails after its beginning.
  var failure: String

  private var firstToken: Duration { effect.firstToken ?? pace.firstToken }
  private var chunkGap: Duration { effect.chunkGap ?? pace.chunkGap }

  func response(_ answer: WireAnswer) async throws -> Response {
    switch answer.form {
    case .document(let body): try await single(body, pieces: answer.pieceCount)
    case .stream(let events, let end, let contentType): stream(events, end: end, contentType: contentType)
    }
  }

  /// An answer in one body, which takes as long as its stream would.
  private func single(_ body: JSONValue, pieces: Int) async throws -> Response {
    try await pause(firstToken + chunkGap * max(0, pieces - 1))
    let text = body.text
    let half = String(text.prefix(text.count / 2))
    if effect.isMalformed {
      return Response(
        status: .ok, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: ByteBuffer(string: half))
      )
    }
    guard effect.cutAfterChunks != nil || effect.stallAfterChunks != nil else { return Response(json: body) }
    let stalls = effect.stallAfterChunks != nil
    return Response(
      status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
      body: .init(contentLength: text.utf8.count) { writer in
        try await writer.write(ByteBuffer(string: half))
        if stalls { try await Task.sleep(for: Self.stallLimit) }
        throw CutOff()
      })
  }

  /// An answer in events, each written and flushed on its own.
  private func stream(_ events: [String], end: String, contentType: String) -> Response {
    let delivery = self
    return Response(
      status: .ok, headers: [.contentType: contentType, .cacheControl: "no-cache"],
      body: .init { writer in
        try await delivery.pause(delivery.firstToken)
        for (index, event) in events.enumerated() {
          if index > 0 { try await delivery.pause(delivery.chunkGap) }
          try await delivery.breakOff(after: index)
          if delivery.effect.errorAfterChunks == index {
            try await writer.write(ByteBuffer(string: delivery.failure))
            try await writer.finish(nil)
            return
          }
          if delivery.effect.isMalformed, index == events.count / 2 {
            let half = event.prefix(event.count / 2)
            try await writer.write(ByteBuffer(string: half + "\n\n"))
            continue
          }
          try await writer.write(ByteBuffer(string: event))
        }
        try await delivery.breakOff(after: events.count)
        if !end.isEmpty { try await writer.write(ByteBuffer(string: end)) }
        try await writer.finish(nil)
      })
  }

  private func breakOff(after sent: Int) async throws {
    if effect.cutAfterChunks == sent { throw CutOff() }
    if effect.stallAfterChunks == sent {
      try await Task.sleep(for: Self.stallLimit)
      throw CutOff()
    }
  }

  private func pause(_ duration: Duration) async throws {
    if duration > .zero { try await Task.sleep(for: duration) }
  }
}
