// Compiles a whole pack: monitors, objectives with their burn rates, dashboards, and what only Datadog evaluates.

import Monitors

package struct PackCompiler: Sendable {
  package let settings: CompileSettings

  package init(settings: CompileSettings = CompileSettings()) { self.settings = settings }

  package func compile(
    _ pack: MonitorPack = .default, templates: [DatadogMonitorTemplate] = DatadogMonitorTemplate.defaults
  ) -> Compilation {
    var result = Compilation()
    let (monitors, objectives) = (MonitorCompiler(settings: settings), SLOCompiler(settings: settings))
    let dashboards = DashboardCompiler(settings: settings)
    for monitor in pack.monitors { result.add(monitors.compile(monitor)) }
    for template in templates { result.add(template.compile(settings)) }
    for objective in pack.objectives { result.add(objectives.compile(objective)) }
    for dashboard in pack.dashboards { result.add(dashboards.compile(dashboard)) }
    return result.sorted()
  }
}
