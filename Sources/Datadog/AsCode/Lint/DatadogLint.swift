// Finds the Datadog objects in a JSON document, whatever they are wrapped in, and gives a verdict on each.

package struct DatadogLint: Sendable {
  package let knowledge: MetricKnowledge

  package init(knowledge: MetricKnowledge = .ours) { self.knowledge = knowledge }

  package struct Objects: Sendable {
    package var monitors: [JSONValue] = []
    package var objectives: [JSONValue] = []
    package var dashboards: [JSONValue] = []
    /// Downtimes and entries of the service catalogue, of which there is nothing to judge.
    package var others: [JSONValue] = []
    package init() {}

    package var isEmpty: Bool { all.isEmpty }
    package var all: [JSONValue] { monitors + objectives + dashboards + others }

    /// `{"resource": {"datadog_monitor": {"NAME": {…}}}}`, as Terraform's JSON configuration has it.
    private static func terraformResources(_ members: [String: JSONValue]) -> [JSONValue]? {
      guard let resources = members["resource"] else { return nil }
      let types = (resources.list ?? [resources]).flatMap { ($0.members ?? [:]).sorted { $0.key < $1.key } }
      guard types.contains(where: { $0.key.hasPrefix("datadog_") }) else { return nil }
      return types.flatMap { type, named in
        (named.list ?? [named]).flatMap { ($0.members ?? [:]).sorted { $0.key < $1.key } }.flatMap { _, values in
          (values.list ?? [values]).compactMap { TerraformObject.object(type: type, values: $0) }
        }
      }
    }

    /// Adds every object in `document`: one alone, a list, a list under any name, an answer of the API under `data`.
    package mutating func add(_ document: JSONValue) {
      switch document {
      case .array(let list): for item in list { add(item) }
      case .object(let members):
        if let type = members["type"]?.text, let values = members["values"], values.members != nil,
          let object = TerraformObject.object(type: type, values: values)
        {
          add(object)
        } else if let resources = Self.terraformResources(members) {
          for resource in resources { add(resource) }
        } else if DowntimeText.attributes(of: document) != nil || ServiceCompiler.isService(document) {
          others.append(document)
        } else if members["widgets"]?.list != nil, members["layout_type"] != nil || members["title"] != nil {
          dashboards.append(document)
        } else if members["thresholds"]?.list != nil || members["sli_specification"] != nil
          || ["metric", "monitor", "time_slice"].contains(members["type"]?.text ?? "") && members["name"] != nil
        {
          objectives.append(document)
        } else if members["type"]?.text != nil,
          members["query"]?.text != nil || members["options"] != nil && members["name"] != nil
        {
          monitors.append(document)
        } else if members["query"]?.text != nil, members["message"] != nil || members["options"] != nil {
          monitors.append(document)
        } else {
          for key in members.keys.sorted() { members[key].map { add($0) } }
        }
      case .null, .bool, .number, .string: return
      }
    }
  }

  /// Burn rates are held to the targets of the SLOs among the same objects, named by id, by name, or as `slo:NAME`.
  package func verdicts(on objects: Objects) -> [LintVerdict] {
    var targets: [String: Double] = [:]
    for objective in objects.objectives {
      guard let target = ObjectiveLint.target(of: objective), target > 0, target < 100 else { continue }
      for key in [objective["id"]?.text, objective["name"]?.text].compactMap({ $0 }) {
        targets[key] = target
        targets["slo:\(key)"] = target
      }
      for tag in objective["tags"]?.list?.compactMap(\.text) ?? [] where tag.hasPrefix("commander_id:") {
        targets["slo:\(tag.dropFirst("commander_id:".count))"] = target
      }
    }
    let monitors = DatadogMonitorLint(knowledge: knowledge, targets: targets)
    return CompositeLint.verdicts(on: objects.monitors, monitors.verdict)
      + objects.objectives.map(ObjectiveLint(knowledge: knowledge).verdict)
      + objects.dashboards.map(DashboardLint(knowledge: knowledge).verdict)
  }
}
