// Entries of the service catalogue: who owns a service, and where its runbooks, monitors and dashboards are.

import Monitors

package struct ServiceCompiler: Sendable {
  package let settings: CompileSettings

  package init(settings: CompileSettings) { self.settings = settings }

  /// An entity of the catalogue's third version.
  package func compile(_ service: String, pack: MonitorPack) -> CompiledObject {
    var links: [JSONValue] = []
    func add(_ name: String, _ type: String, _ url: String) {
      links.append(.object(["name": .string(name), "type": .string(type), "url": .string(url)]))
    }
    if let runbooks = settings.runbooks { add("Runbooks", "runbook", runbooks) }
    var runbooks: Set<String> = []
    for monitor in pack.allMonitors {
      guard let runbook = monitor.runbook, runbooks.insert(runbook).inserted else { continue }
      add(monitor.definition.title, "runbook", runbook)
    }
    add("Monitors", "other", "https://\(settings.site)/monitors/manage?q=tag%3A%22\(Self.escaped(CompileSettings.ownership))%22")
    if !pack.objectives.isEmpty {
      add("SLOs", "other", "https://\(settings.site)/slo/manage?query=\(Self.escaped(CompileSettings.ownership))")
    }
    for dashboard in pack.dashboards {
      add(dashboard.title, "dashboard", "https://\(settings.site)/dashboard/lists?q=\(Self.escaped(dashboard.title))")
    }
    return CompiledObject(
      DatadogObjectID(.service, service),
      .object([
        "apiVersion": .string("v3"), "kind": .string("service"),
        "metadata": .object([
          "name": .string(service), "displayName": .string(service), "owner": .string(settings.team), "links": .array(links),
          "tags": .array(settings.tags(name: service, owner: nil)),
        ]),
        "spec": .object(["type": .string("custom")]),
      ]))
  }

  static func isService(_ object: JSONValue) -> Bool {
    object["apiVersion"]?.text != nil && object["kind"]?.text == "service" && object["metadata"]?["name"] != nil
  }

  /// For the value of a query in an address.
  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let scalar = Unicode.Scalar(byte)
      if scalar.isASCII, scalar.properties.isAlphabetic || (48...57).contains(byte) || "-_.".unicodeScalars.contains(scalar) {
        return String(scalar)
      }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
