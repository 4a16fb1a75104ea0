// The default pack's objects in the models of Datadog's own client: every key and every value is one that it knows.

import Datadog
import Foundation
import LLMTelemetry
import Monitors
import Testing

@Suite struct DatadogObjectConformanceTests {
  private struct Line: Decodable {
    let file: String
    let kind: String
  }

  private func check(_ objects: [CompiledObject]) async throws -> [Line] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "objects-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try ObjectFolder(path: folder.path).write(ObjectFolder.export(objects, present: [:]), pruning: false)
    return try await PythonVerifier(environment: .datadogAPI).run("datadog_objects.py", [folder.path])
  }

  @Test func datadogsClientKnowsEveryObject() async throws {
    let settings = CompileSettings(scope: ["env": "prod"], runbooks: "https://runbooks.example/", tags: ["pack:default"])
    var pack = MonitorPack.default
    let start = Timestamp(unixSeconds: 1_793_491_200)
    pack.monitors[0].definition.mutes = [
      MuteWindow(start..<start + .seconds(3_600), scope: ["route": "chat"], reason: "Load test")
    ]
    let objects = PackCompiler(settings: settings).compile(pack).objects
    let lines = try await check(objects)
    #expect(lines.count == objects.count)
    #expect(Set(lines.map(\.kind)) == Set(DatadogObjectKind.allCases.map(\.folder)))
  }

  /// A verifier that takes everything verifies nothing.
  @Test(arguments: ["renotify_intervall", "notify_no_data"])
  func whatTheClientDoesNotKnowIsFound(key: String) async throws {
    let object = try #require(PackCompiler().compile().objects.first { $0.id.kind == .monitor })
    guard case .object(var members) = object.json, case .object(var options)? = members["options"] else { return }
    options[key] = .string("soon")
    members["options"] = .object(options)
    await #expect(throws: PythonVerifier.Failure.self) { try await check([CompiledObject(object.id, .object(members))]) }
  }
}
