// Slices and incidents in words: symptom and subject, as a person would say them.

import LLMMetrics
import LLMTelemetry
import Monitors

package enum SliceNaming {
  /// `Prompt rag-answer version 43`, `Model gemini-2.5-flash, route chat`
  package static func title(_ dimensions: [String: String]) -> String {
    var parts: [String] = []
    var rest = dimensions
    if let prompt = rest[Dimension.prompt.rawValue], let version = rest[Dimension.promptVersion.rawValue] {
      parts.append("prompt \(prompt) version \(version)")
      rest[Dimension.prompt.rawValue] = nil
      rest[Dimension.promptVersion.rawValue] = nil
    }
    for dimension in Dimension.allCases {
      guard let value = rest[dimension.rawValue] else { continue }
      parts.append("\(dimension.rawValue.replacing("_", with: " ")) \(value)")
    }
    return parts.isEmpty ? "Everything" : parts.joined(separator: ", ").uppercasedFirst
  }

  /// Symptom and subject: `Answers of rag-answer became poorly grounded`, `Errors on route chat`.
  package static func incidentTitle(_ definition: MonitorDefinition, group: [String: String], attribution: Attribution) -> String
  {
    let scope = attribution.cause?.dimensions ?? group
    let isGlobal = scope.isEmpty
    let prompt = scope[Dimension.prompt.rawValue]
    var subject = scope
    subject[Dimension.promptVersion.rawValue] = nil
    let name = subject.isEmpty ? title(scope).lowercasedFirst : title(subject).lowercasedFirst
    switch definition.query.subject.metric {
    case MetricCatalogue.errors:
      return isGlobal ? "Errors everywhere: upstream or global" : "Errors on \(name)"
    case MetricCatalogue.answersUngrounded, MetricCatalogue.ungroundedScore:
      if let prompt { return "Answers of \(prompt) became poorly grounded" }
      return isGlobal ? "Answers became poorly grounded everywhere" : "Answers on \(name) became poorly grounded"
    case MetricCatalogue.duration, MetricCatalogue.timeToFirstToken:
      return isGlobal ? "Answers became slow everywhere: upstream or global" : "Answers on \(name) became slow"
    case MetricCatalogue.cost, MetricCatalogue.tokens:
      return isGlobal ? "Cost rose everywhere" : "Cost of \(name) rose"
    default:
      return isGlobal ? definition.title : "\(definition.title): \(name)"
    }
  }
}

extension String {
  var uppercasedFirst: String { prefix(1).uppercased() + dropFirst() }
  var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
