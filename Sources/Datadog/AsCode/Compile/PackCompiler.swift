// Compiles a whole pack: monitors with their downtimes, objectives with their burn rates, dashboards, and the services they are about.

import Monitors

package struct PackCompiler: Sendable {
  package let settings: CompileSettings

  package init(settings: CompileSettings = CompileSettings()) { self.settings = settings }

  package func compile(_ pack: MonitorPack = .default) -> Compilation {
    var result = Compilation()
    let monitors = MonitorCompiler(settings: settings, pack: pack)
    let objectives = SLOCompiler(settings: settings)
    let dashboards = DashboardCompiler(settings: settings)
    for monitor in pack.allMonitors { result.add(monitors.compile(monitor)) }
    for objective in pack.objectives { result.add(objectives.compile(objective)) }
    for dashboard in pack.dashboards { result.add(dashboards.compile(dashboard)) }
    for service in settings.services { result.add(ServiceCompiler(settings: settings).compile(service, pack: pack)) }
    let sorted = result.sorted()
    return settings.pack.map { sorted.marked(by: $0) } ?? sorted
  }
}
