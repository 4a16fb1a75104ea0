// The simulator's own endpoints: health, the fault rules in force, and the requests it received.
import Hummingbird

struct SimulatorControl: Sendable {
  let simulator: ProviderSimulator

  func respond(method: HTTPRequest.Method, path: String, body: ByteBuffer) -> Response {
    switch (method, path) {
    case (.get, "/_simulator/health"): return Response(json: ["status": "ok"])
    case (.get, "/_simulator/faults"): return faults
    case (.put, "/_simulator/faults"):
      do throws(FaultRuleErrors) {
        simulator.replaceFaults(with: try FaultRule.list(parsing: body.readableBytesView))
        return faults
      } catch {
        return Response(json: ["errors": .array(error.lines.map(JSONValue.string))], status: 400)
      }
    case (.get, "/_simulator/requests"): return Response(json: simulator.requestLog.json)
    case (.delete, "/_simulator/requests"):
      simulator.requestLog.clear()
      return Response(status: .noContent)
    default:
      let known = "GET health, GET and PUT faults, GET and DELETE requests"
      return Response(
        json: ["errors": [.string("\(method.rawValue) \(path) is unknown; /_simulator/ has \(known)")]], status: 404)
    }
  }

  private var faults: Response { Response(json: ["faults": .array(simulator.faultRules.map(\.json))]) }
}
