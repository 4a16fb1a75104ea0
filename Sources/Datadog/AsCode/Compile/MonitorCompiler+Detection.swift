// Monitors on what detection finds: Datadog pages on the verdicts that this product sends as a metric.

import LLMMetrics
import LLMTelemetry
import Monitors

extension MonitorCompiler {
  /// The values detection blames, and the signal; a tag that a finding lacks is left out by Datadog's grouping as `N/A`.
  static let detectionGroups = MetricCatalogue.detectionFindings.extraTags

  /// `max(last_5m):max:llm.detection.findings{signal IN (refusal, malformed)} by {signal,…} > 0.5`
  func detectionQuery(_ filter: DetectionFilter, of monitor: MonitorDefinition) -> String {
    var conditions = MetricQueryText.conditions([:], of: MetricCatalogue.detectionFindings, scope: settings.scope)
    let signals = filter.signals.map(MetricQueryText.tagValue)
    if signals.count == 1 { conditions.append("signal:\(signals[0])") }
    if signals.count > 1 { conditions.append("signal IN (\(signals.joined(separator: ", ")))") }
    let text = conditions.isEmpty ? "*" : conditions.joined(separator: " AND ")
    let by = Self.detectionGroups.joined(separator: ",")
    let critical = MetricQueryText.number(monitor.threshold.critical)
    return
      "max(\(MetricQueryText.window(monitor.window))):max:\(MetricCatalogue.detectionFindings.name){\(text)} by {\(by)} > \(critical)"
  }
}
