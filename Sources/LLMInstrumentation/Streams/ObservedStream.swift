// A model's streamed answer on its way to whoever reads it: measured as it passes, unchanged.
import LLMTelemetry
import Synchronization

/// What one chunk of a streamed answer says.
public struct ChunkFacts: Sendable {
  /// The piece of the answer in it. Kept only where content is captured.
  public var text: String?
  /// Tokens so far, or at the end; later values replace earlier ones, bucket by bucket.
  public var usage: TokenUsage?
  public var finishReason: FinishReason?
  public var responseModel: String?
  /// Whether the chunk brings some of the answer, rather than what frames it. `nil` decides by the rest: text that is not
  /// empty, or nothing said at all.
  public var hasToken: Bool?

  public init(
    text: String? = nil, usage: TokenUsage? = nil, finishReason: FinishReason? = nil, responseModel: String? = nil,
    hasToken: Bool? = nil
  ) {
    self.text = text
    self.usage = usage
    self.finishReason = finishReason
    self.responseModel = responseModel
    self.hasToken = hasToken
  }

  var bringsToken: Bool {
    if let hasToken { return hasToken }
    if let text { return !text.isEmpty }
    return usage == nil && finishReason == nil && responseModel == nil
  }
}

extension ActiveSpan {
  /// The same chunks, with the time to the first token, the longest pause, and what `reading` finds recorded on the span.
  ///
  /// A span that observes a stream ends with it, even where its closure has returned the stream already. When the stream throws,
  /// the span has failed; when its reader is cancelled or leaves before the end, the span is cancelled, unless the answer
  /// was whole: a finish reason had come. Pauses are the reader's waits, so that a slow reader does not make a slow model.
  ///
  /// - Parameters:
  ///   - chunks: the answer as the client library gives it.
  ///   - reading: what a chunk says; runs on the reader's task, once for each chunk. Without it every chunk counts as a token.
  public func observe<Base: AsyncSequence & Sendable>(
    _ chunks: Base, reading: @escaping @Sendable (Base.Element) -> ChunkFacts = { _ in ChunkFacts() }
  ) -> ObservedStream<Base> {
    ObservedStream(base: chunks, observation: StreamObservation(span: self), reading: reading)
  }
}

/// A stream that is measured while it is read. Read it once.
public struct ObservedStream<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable {
  public typealias Element = Base.Element
  public typealias Failure = Base.Failure

  let base: Base
  let observation: StreamObservation
  let reading: @Sendable (Base.Element) -> ChunkFacts

  public struct Iterator: AsyncIteratorProtocol {
    var base: Base.AsyncIterator
    let observation: StreamObservation
    let reading: @Sendable (Base.Element) -> ChunkFacts

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(Base.Failure) -> Base.Element? {
      let asked = observation.span.age
      do throws(Base.Failure) {
        guard let chunk = try await base.next(isolation: actor) else {
          observation.close(isCancelled: Task.isCancelled)
          return nil
        }
        observation.received(reading(chunk), waited: observation.span.age - asked)
        return chunk
      } catch {
        observation.close(error)
        throw error
      }
    }

    public mutating func next() async throws(Base.Failure) -> Base.Element? { try await next(isolation: nil) }
  }

  public func makeAsyncIterator() -> Iterator {
    Iterator(base: base.makeAsyncIterator(), observation: observation, reading: reading)
  }
}

/// What is known about a stream while it runs. When nobody holds it any more, its reader has left.
final class StreamObservation: Sendable {
  private struct State {
    var isOver = false
    var chunks = 0
    var firstToken: Duration?
    var longestGap: Duration?
    var usage = TokenUsage()
    var finishReason: FinishReason?
    var responseModel: String?
    var text = ""
  }

  /// Text kept of one answer.
  private static let textLimit = 64 * 1024

  let span: ActiveSpan
  private let state = Mutex(State())

  init(span: ActiveSpan) {
    self.span = span
    span.streamOpened()
  }

  deinit { close(isCancelled: true) }

  func received(_ facts: ChunkFacts, waited: Duration) {
    let age = span.age
    let keepsText = span.capturesContent
    state.withLock { state in
      state.chunks += 1
      // Before the first chunk one waits for the answer to begin: that is the time to the first token.
      if state.chunks > 1 { state.longestGap = max(state.longestGap ?? .zero, waited) }
      if state.firstToken == nil, facts.bringsToken { state.firstToken = age }
      if let usage = facts.usage { state.usage.merge(usage) }
      state.finishReason = facts.finishReason ?? state.finishReason
      state.responseModel = facts.responseModel ?? state.responseModel
      if keepsText, let text = facts.text, state.text.utf8.count + text.utf8.count <= Self.textLimit { state.text += text }
    }
  }

  func close(_ error: any Error) { close(outcome: Outcome(of: error)) }

  /// The stream has ended, or its reader has. Cancelled after a whole answer is a whole answer.
  func close(isCancelled: Bool) {
    close(outcome: isCancelled ? .failed(.cancelled, message: "the reader left before the end") : .ok)
  }

  private func close(outcome: Outcome) {
    let last: State? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.isOver = true
      return state
    }
    guard let last else { return }
    let keepsText = span.capturesContent
    span.streamClosed { span in
      span.timeToFirstToken = span.timeToFirstToken ?? last.firstToken
      span.longestGap = [span.longestGap, last.longestGap].compactMap(\.self).max()
      span.usage.merge(last.usage)
      span.finishReason = last.finishReason ?? span.finishReason
      span.responseModel = last.responseModel ?? span.responseModel
      if keepsText, !last.text.isEmpty {
        var content = span.content ?? SpanContent(input: [], output: "")
        content.responseText += last.text
        span.content = content
      }
      let isWhole = outcome.errorClass == .cancelled && span.finishReason != nil
      if span.outcome == .ok, !isWhole { span.outcome = outcome }
    }
  }
}
