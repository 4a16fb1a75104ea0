// Downtimes that are over: Datadog takes none whose end has passed, and there is nothing left to silence.

import LLMTelemetry

extension [CompiledObject] {
  /// Without downtimes that have ended.
  package func withoutPast(at now: Timestamp) -> [CompiledObject] {
    filter { object in
      guard object.id.kind == .downtime,
        let end = DowntimeText.attributes(of: object.json)?["schedule"]?["end"]?.text.flatMap(Timestamp.init(rfc3339:))
      else { return true }
      return end > now
    }
  }
}
