// For the eyes of a developer: each span as one line of JSON, as soon as it ends.
import Foundation
import LLMTelemetry
import Synchronization

/// Writes spans as recorded traffic. For development: it writes on the path of the request.
public final class LineExporter: SpanExporter {
  private let write: @Sendable (String) -> Void

  /// - Parameter write: takes one line with its newline, from any task.
  public init(write: @escaping @Sendable (String) -> Void) { self.write = write }

  /// On standard output, where one write is one line.
  public static let standardOutput = LineExporter { FileHandle.standardOutput.write(Data($0.utf8)) }

  public func export(_ spans: [LLMSpan]) {
    for span in spans {
      if let line = try? RecordedTraffic.line(for: .span(span)) { write(line + "\n") }
    }
  }
}

/// Takes spans and forgets them.
public struct DiscardingExporter: SpanExporter {
  public init() {}
  public func export(_ spans: [LLMSpan]) {}
}

/// Keeps the newest spans in memory, for tests and for pages that show them.
public final class InMemoryExporter: SpanExporter {
  private let capacity: Int
  private let kept = Mutex<[LLMSpan]>([])

  /// - Parameter capacity: spans kept; the oldest go first.
  public init(capacity: Int = 10_000) { self.capacity = max(1, capacity) }

  /// In the order in which they ended.
  public var spans: [LLMSpan] { kept.withLock { $0 } }

  public func export(_ spans: [LLMSpan]) {
    kept.withLock { kept in
      kept += spans
      if kept.count > capacity { kept.removeFirst(kept.count - capacity) }
    }
  }
}
