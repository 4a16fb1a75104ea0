// Tells Datadog of changes and incidents, through an Agent or by HTTP.

import Delivery
import LLMTelemetry

package final class EventSink: Sendable {
  package enum Road: Sendable {
    case dogStatsD(DogStatsDClient)
    /// The key is asked for at every request.
    case intake(site: String, apiKey: @Sendable () -> String, send: DeliverySend)
  }

  private let client: DogStatsDClient?
  private let constantTags: [String]
  private let service: String?
  /// `nil` through an Agent.
  package let lane: DeliveryLane?

  /// - Parameters:
  ///   - constantTags: `name:value`; through an Agent the client has its own.
  ///   - service: what changes have their effect on.
  package init(road: Road, constantTags: [String] = [], service: String? = nil) {
    self.service = service
    switch road {
    case .dogStatsD(let client):
      self.client = client
      // The client adds its own; twice would be twice in the line.
      self.constantTags = []
      lane = nil
    case .intake(let site, let apiKey, let send):
      client = nil
      self.constantTags = constantTags
      var limits = DeliveryLimits()
      limits.itemCapacity = 1000
      limits.byteCapacity = 4 << 20
      // The intake takes one event in a request.
      limits.batchItems = 1
      lane = DeliveryLane(
        name: "events", limits: limits,
        assemble: { items in
          DeliveryRequest(
            url: DatadogSite.origin(site, "event-management-intake") + "/api/v2/events",
            headers: [("Content-Type", "application/json"), ("DD-API-KEY", apiKey())], body: items.first?.bytes ?? [])
        }, send: send)
    }
  }

  /// That a version of a prompt has a text is written down when it is first seen; nothing has changed, so nothing is told.
  package func add(_ change: ChangeEvent) {
    if change.isPromptText { return }
    add(EventReport(change, constantTags: constantTags))
  }

  package func add(_ incident: IncidentReport) { add(EventReport(incident, constantTags: constantTags)) }

  private func add(_ report: EventReport) {
    if let client { client.send(event: report.dogStatsD) }
    lane?.offer([DeliveryItem(report.document(service: service))])
  }
}
