// Statistics as the Agent takes them on /v0.6/stats: the ClientStatsPayload of Datadog's tracers, in MessagePack.

import Delivery
import LLMTelemetry

struct StatisticsPayload {
  /// Groups in one request: at two kilobytes each it stays far below what the Agent takes.
  static let groupsInPayload = 500

  private let settings: AgentTraces.Settings
  /// Of payloads since the start; the Agent tells a repeated one by it.
  private var sequence: UInt64 = 0

  init(_ settings: AgentTraces.Settings) { self.settings = settings }

  private struct Sender: Hashable {
    var env: String?
    var version: String?
  }

  /// One request for each environment and version, since a payload has one of each.
  mutating func items(_ buckets: [StatisticsBucket]) -> [DeliveryItem] {
    var items: [DeliveryItem] = []
    for bucket in buckets {
      let bySender = Dictionary(grouping: bucket.groups) { Sender(env: $0.key.env, version: $0.key.version) }
      let sorted = bySender.sorted { ($0.key.env ?? "", $0.key.version ?? "") < ($1.key.env ?? "", $1.key.version ?? "") }
      for (sender, groups) in sorted {
        var rest = groups[...]
        while !rest.isEmpty {
          let part = rest.prefix(Self.groupsInPayload)
          rest.removeFirst(part.count)
          sequence += 1
          items.append(DeliveryItem(payload(sender, start: bucket.start, part), count: part.count))
        }
      }
    }
    return items
  }

  private func payload(
    _ sender: Sender, start: Int64, _ groups: ArraySlice<(key: StatisticsKey, value: StatisticsGroup)>
  ) -> [UInt8] {
    var out = MessagePackWriter()
    out.begin()
    out.appendMap(9)
    // The Agent knows its host.
    out.append("Hostname")
    out.append("")
    out.append("Env")
    out.append(sender.env ?? settings.env ?? "", limit: AgentSpanEncoder.textBytes)
    out.append("Version")
    out.append(sender.version ?? "", limit: AgentSpanEncoder.textBytes)
    out.append("Lang")
    out.append("swift")
    out.append("TracerVersion")
    out.append(settings.productVersion)
    out.append("RuntimeID")
    out.append(settings.runtimeID)
    out.append("Sequence")
    out.append(sequence)
    out.append("Service")
    out.append(settings.service, limit: AgentSpanEncoder.nameBytes)
    out.append("Stats")
    out.appendArray(1)
    out.appendMap(3)
    out.append("Start")
    out.append(start)
    out.append("Duration")
    out.append(StatisticsBucket.width)
    out.append("Stats")
    out.appendArray(groups.count)
    for (key, group) in groups { Self.append(key, group, to: &out) }
    return out.bytes()
  }

  private static func append(_ key: StatisticsKey, _ group: StatisticsGroup, to out: inout MessagePackWriter) {
    let words = SpanWords(key.kind)
    out.begin()
    out.appendMap(key.peer == nil ? 14 : 15)
    out.append("Service")
    out.append(key.service, limit: AgentSpanEncoder.nameBytes)
    out.append("Name")
    out.append(words.name)
    out.append("Resource")
    out.append(key.resource, limit: AgentSpanEncoder.resourceBytes)
    out.append("Type")
    out.append("llm")
    out.append("HTTPStatusCode")
    out.append(UInt64(key.httpStatus))
    out.append("Synthetics")
    out.append(false)
    out.append("SpanKind")
    out.append(key.isServer ? "server" : words.role)
    // Yes is 1, no is 2, and 0 that nobody knows.
    out.append("IsTraceRoot")
    out.append(UInt64(key.isTraceRoot ? 1 : 2))
    if let peer = key.peer {
      out.append("PeerTags")
      out.appendArray(1)
      out.append("peer.service:\(peer)", limit: AgentSpanEncoder.textBytes)
    }
    out.append("Hits")
    out.append(UInt64(group.hits))
    out.append("TopLevelHits")
    out.append(UInt64(group.topLevelHits))
    out.append("Errors")
    out.append(UInt64(group.errors))
    out.append("Duration")
    out.append(UInt64(group.duration))
    out.append("OkSummary")
    out.append(binary: group.passed.bytes)
    out.append("ErrorSummary")
    out.append(binary: group.failed.bytes)
  }
}
