// Why something was not done: one sentence with the object and the remedy, and what may follow.

package struct DatadogFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    /// Datadog refuses this object as it is.
    case refused
    case notFound
    /// The keys do not open this: nothing else will be answered either.
    case keys
    /// No more is answered for a time that is too long to wait.
    case limited
    /// No answer: it may have been done or not.
    case unknown
    /// An answer that is not what the API promises.
    case unreadable
  }

  package let reason: Reason
  package let description: String

  package init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }

  /// Whether it is pointless to go on with other objects.
  package var endsTheRun: Bool { reason == .keys || reason == .limited }

  /// What an answer that is no success means for `call`.
  static func of(_ call: DatadogCall, status: Int, words: String) -> DatadogFailure {
    switch status {
    case 401:
      DatadogFailure(
        .keys, "\(call.subject): Datadog does not know the keys (401, \(words)); check DD_API_KEY, DD_APP_KEY and the site")
    case 403:
      DatadogFailure(
        .keys,
        """
        \(call.subject): not allowed (403, \(words)); the application key in DD_APP_KEY needs the scope \(call.scope), and its owner \
        the permission of that name
        """)
    case 404:
      DatadogFailure(.notFound, "\(call.subject): not there any more (404, \(words)); plan again")
    case 409:
      DatadogFailure(
        .refused, "\(call.subject): in use or changed meanwhile (409, \(words)); plan again, or delete what uses it first")
    case 413:
      DatadogFailure(.refused, "\(call.subject): too large for Datadog (413, \(words)); split it")
    case 300..<400:
      DatadogFailure(.unreadable, "\(call.subject): Datadog sends elsewhere (\(status)); is the site right?")
    default:
      DatadogFailure(.refused, "\(call.subject): Datadog refuses it (\(status)): \(words)")
    }
  }
}
