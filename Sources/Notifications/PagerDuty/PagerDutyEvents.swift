// What people do in PagerDuty is heard here: checked, matched with our incident, done once, and never sent round in circles.

import LLMTelemetry
import Logging
import Remediation

/// A receiver whose webhook subscription is heard.
package struct PagerDutySubscription: Sendable {
  package let receiver: String
  package let secret: PagerDutySecret

  package init(receiver: String, secret: PagerDutySecret) {
    self.receiver = receiver
    self.secret = secret
  }
}

package struct PagerDutyEvents: Sendable {
  /// PagerDuty sends at most 256 KB.
  package static let bodyLimit = 256 << 10
  /// PagerDuty tries for about twenty minutes, and what waits behind that comes later still.
  static let window: Duration = .seconds(7_200)
  static let source = "pagerduty"

  private let subscriptions: [PagerDutySubscription]
  private let now: @Sendable () -> Timestamp
  private let state: @Sendable () async -> CommandState
  private let hear: @Sendable (HeardEvent, OperatorCommand?, _ actor: String) async throws -> CommandRefusal?
  private let logger: Logger

  /// - Parameter hear: writes down that the event was heard, with what it asks for; returns why that was not possible.
  package init(
    subscriptions: [PagerDutySubscription], now: @escaping @Sendable () -> Timestamp = { .now() }, logger: Logger,
    state: @escaping @Sendable () async -> CommandState,
    hear: @escaping @Sendable (HeardEvent, OperatorCommand?, _ actor: String) async throws -> CommandRefusal?
  ) {
    self.subscriptions = subscriptions
    self.now = now
    self.state = state
    self.hear = hear
    self.logger = logger
  }

  package var isEmpty: Bool { subscriptions.isEmpty }

  /// Whatever is PagerDuty's is answered with 202, also what is nothing to us: a subscription that is refused three times is turned
  /// off there for a day.
  /// - Parameters: the header `X-PagerDuty-Signature` and the body as it came.
  package func handle(signature: String?, body: [UInt8]) async -> (status: Int, text: String) {
    guard subscriptions.contains(where: { $0.secret.hasSigned(body, header: signature) }) else {
      logger.warning("a request to the PagerDuty address was refused", metadata: ["reason": "not signed by PagerDuty"])
      return (401, "the request is not signed with the secret of the webhook subscription")
    }
    guard let event = PagerDutyEvent(body: body) else { return (202, "not an event that is heard") }
    let time = now()
    guard let at = event.occurredAt, time - at <= Self.window, at - time <= .seconds(300) else {
      logger.warning(
        "an event of PagerDuty is from another time", metadata: ["event": "\(event.id)", "time": "\(event.occurred_at)"])
      return (202, "the event is more than two hours old")
    }
    let state = await state()
    guard let incident = self.incident(of: event, in: state) else { return (202, "not about an incident of this commander") }
    let heard = HeardEvent(
      at: time, source: Self.source, id: event.id, what: event.event_type, incident: incident, reference: event.reference)
    do {
      let command = event.isByPerson ? event.command(incident: incident) : nil
      if let refusal = try await hear(heard, command, event.actor) {
        logger.info("an event of PagerDuty changes nothing", metadata: ["event": "\(event.id)", "reason": "\(refusal)"])
      }
      return (202, "")
    } catch {
      // PagerDuty says it again.
      logger.error("an event of PagerDuty could not be written down", metadata: ["error": "\(error)"])
      return (503, "the commander could not write it down")
    }
  }

  /// By the key we gave, or by what PagerDuty called it when it was heard of before: a note does not repeat the key.
  private func incident(of event: PagerDutyEvent, in state: CommandState) -> String? {
    let id = event.data.incident_key ?? event.reference.flatMap { state.heard.incident($0, of: Self.source) }
    return id.flatMap { state.incidents[$0]?.id }
  }
}
