// The simulator's own endpoints: health, the fault rules in force, the requests it received, and the tokens it issued.
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
    case (.get, "/_simulator/tokens"): return Response(json: simulator.tokens.json)
    case (.put, "/_simulator/tokens"):
      let lifetime = (try? JSONValue(parsing: body.readableBytesView))?["expires_in_s"]?.integer
      guard let lifetime, (0...86_400).contains(lifetime) else {
        return Response(json: ["errors": ["give {\"expires_in_s\": N} with a whole number from 0 to 86,400"]], status: 400)
      }
      simulator.tokens.setLifetime(seconds: lifetime)
      return Response(json: simulator.tokens.json)
    case (.delete, "/_simulator/tokens"):
      simulator.tokens.revokeAll()
      return Response(status: .noContent)
    default:
      let known = "GET health, GET and PUT faults, GET and DELETE requests, GET, PUT and DELETE tokens"
      return Response(
        json: ["errors": [.string("\(method.rawValue) \(path) is unknown; /_simulator/ has \(known)")]], status: 404)
    }
  }

  private var faults: Response { Response(json: ["faults": .array(simulator.faultRules.map(\.json))]) }
}
