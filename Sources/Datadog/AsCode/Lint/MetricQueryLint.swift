// Holds one metric query to what is known of its metric: does it exist, may it be asked that, does it carry those tags?

import Monitors

struct MetricQueryLint {
  let knowledge: MetricKnowledge

  /// - Parameter place: where the query stands in its object.
  func findings(of expression: MetricExpression, at place: String) -> [LintFinding] {
    expression.queries.flatMap { findings(of: $0, at: place) }
  }

  func findings(of query: MetricQuery, at place: String) -> [LintFinding] {
    switch knowledge.standing(of: query.metric) {
    case .known(let metric): return findings(of: query, metric: metric, at: place)
    case .histogramSeries(let histogram): return tagFindings(of: query, metric: histogram, at: place)
    case .foreign:
      return [
        LintFinding(
          "metric_unknown", .unknown, at: place,
          "nothing is known of the metric \(query.metric); give a list that has it with --metrics FILE")
      ]
    case .missing(let nearest):
      return [missing(query, nearest: nearest, at: place)]
    }
  }

  private func missing(_ query: MetricQuery, nearest: String?, at place: String) -> LintFinding {
    // A suffix that an Agent makes of histograms, on something that is none.
    if let dot = query.metric.lastIndex(of: "."),
      let base = knowledge.byName[String(query.metric[..<dot])], base.kind != .histogram,
      Self.isHistogramSuffix(query.metric[query.metric.index(after: dot)...])
    {
      let suffix = String(query.metric[query.metric.index(after: dot)...])
      let remedy =
        base.kind == .distribution ? "a distribution is asked with an aggregator, such as p95:\(base.name)" : "use \(base.name)"
      return LintFinding(
        "metric_suffix", .dead, at: place,
        "there is no series \(query.metric): .\(suffix) belongs to histograms, and \(base.name) is a \(base.kind?.rawValue ?? "metric"); \(remedy)"
      )
    }
    let remedy = nearest.map { "; did you mean \($0)?" } ?? "; nothing sends it"
    return LintFinding("metric_missing", .dead, at: place, "there is no metric \(query.metric)\(remedy)")
  }

  /// `avg`, `95percentile`, and what people take for it: `p95`.
  private static func isHistogramSuffix(_ suffix: Substring) -> Bool {
    MetricKnowledge.histogramSuffixes.contains(String(suffix)) || suffix.first == "p" && Int(suffix.dropFirst()) != nil
      || suffix.hasSuffix("percentile")
  }

  private func findings(of query: MetricQuery, metric: KnownMetric, at place: String) -> [LintFinding] {
    var findings: [LintFinding] = []
    func add(_ rule: String, _ weight: LintFinding.Weight, _ message: String) {
      findings.append(LintFinding(rule, weight, at: place, message))
    }
    let isPercentile = query.aggregator?.first == "p" && query.aggregator.map { Double($0.dropFirst()) != nil } == true
    let isCounted = query.modifier("as_count") != nil || query.modifier("as_rate") != nil
    switch metric.kind {
    case .histogram:
      add(
        "histogram_base", .dead,
        "\(metric.name) is a histogram, which has no series of its own name: use \(metric.name).avg, .median, .95percentile, .max or .count"
      )
    case .distribution:
      if query.aggregator == nil || query.aggregator == "last" {
        add("aggregator", .warning, "\(metric.name) is a distribution; say which value of it: avg, max, count or a percentile")
      }
      if isCounted, query.aggregator != "count" {
        add("as_count", .warning, "\(metric.name) is a distribution: as_count applies only to count:\(metric.name)")
      }
    case .count, .rate:
      if isPercentile {
        add(
          "percentile", .dead,
          "\(query.aggregator ?? "") of \(metric.name): only distributions have percentiles, and it is a \(metric.kind?.rawValue ?? "count")"
        )
      } else if !isCounted, metric.kind == .count, query.modifier("rollup")?.arguments.first != "sum" {
        add("as_count", .warning, "\(metric.name) is a count: without .as_count() its values are per second")
      }
      if let aggregator = query.aggregator, ["avg", "min"].contains(aggregator) {
        add("aggregator", .warning, "\(aggregator) of the count \(metric.name) is one series' share of it; use sum")
      }
    case .gauge:
      if isPercentile {
        add(
          "percentile", .dead,
          "\(query.aggregator ?? "") of \(metric.name): only distributions have percentiles, and it is a gauge")
      }
      if isCounted { add("as_count", .dead, "\(metric.name) is a gauge: as_count and as_rate are for counts") }
      if query.modifier("rollup")?.arguments.first == "sum" || query.modifier("rollup")?.arguments.first == "count" {
        add(
          "gauge_sum", .warning,
          "\(metric.name) is a gauge: a sum over time counts the same state again and again; use avg or max")
      }
    case nil: break
    }
    return findings + tagFindings(of: query, metric: metric, at: place)
  }

  /// Tags that an Agent or Datadog itself adds to everything that passes.
  private static let added: Set<String> = [
    "host", "env", "service", "version", "device", "instance", "container_id", "container_name", "pod_name", "kube_namespace",
    "kube_deployment",
    "kube_cluster_name",
    "cluster_name", "image_name", "image_tag", "short_image", "availability-zone", "cloud_provider", "task_family",
    "ecs_cluster_name",
    "dd.internal.card", "git.commit.sha", "git.repository_url", "team",
  ]

  private func tagFindings(of query: MetricQuery, metric: KnownMetric, at place: String) -> [LintFinding] {
    guard let tags = metric.tags else { return [] }
    func isEmitted(_ key: String) -> Bool { tags.contains(key) || Self.added.contains(key) }
    let list = tags.sorted().joined(separator: ", ")
    var findings: [LintFinding] = []
    for keys in query.filter.neededKeys where !keys.contains(where: isEmitted) {
      findings.append(
        LintFinding(
          "tag_missing", .dead, at: place,
          "\(metric.name) carries no tag \(keys.joined(separator: " or ")), so the filter finds nothing\(NearestName.hint(for: keys[0], in: tags.sorted())); it has \(list)"
        ))
    }
    for group in query.groups where !isEmitted(group) {
      findings.append(
        LintFinding(
          "group_missing", .dead, at: place,
          "\(metric.name) carries no tag \(group) to group by\(NearestName.hint(for: group, in: tags.sorted())); it has \(list)"))
    }
    for (key, value) in query.filter.neededValues {
      guard let known = metric.tagValues[key], !value.contains("*"), !known.contains(value) else { continue }
      findings.append(
        LintFinding(
          "tag_value", .dead, at: place,
          "\(key) is never \"\(value)\"\(NearestName.hint(for: value, in: known.sorted())); it is one of \(known.sorted().joined(separator: ", "))"
        ))
    }
    return findings
  }
}

extension TagFilter {
  /// Tags with a whole value, all of which must be there.
  fileprivate var neededValues: [(key: String, value: String)] {
    switch self {
    case .tag(let key?, let value): [(key, value)]
    case .and(let parts): parts.flatMap(\.neededValues)
    case .everything, .variable, .tag, .isOneOf, .not, .or: []
    }
  }
}
