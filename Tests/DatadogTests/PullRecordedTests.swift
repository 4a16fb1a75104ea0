// Whatever Datadog has answered with is pulled without a loss: said by a definition, or kept as JSON.

import Foundation
import Monitors
import Testing

@testable import Datadog

@Suite struct PullRecordedTests {
  @Test func noRecordedObjectLosesAnything() throws {
    guard let file = sharedFile("reference/datadog-recorded-exchanges.jsonl") else { return }
    var byKey: [String: StoredObject] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      guard let answer = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))["resp"] else { continue }
      var found = DatadogLint.Objects()
      found.add(answer)
      for json in found.all {
        guard let kind = DatadogIdentity.kind(of: json), let object = StoredObject(kind, json) else { continue }
        byKey[LiveObjects.key(object)] = object
      }
    }
    let objects = byKey.sorted { $0.key < $1.key }.map(\.value)
    #expect(objects.count > 100)
    let folder = PullFolder.definitions(objects, decompiler: PackDecompiler(settings: CompileSettings(), adopts: false)) { _ in ""
    }
    #expect(folder.said + folder.raw.count == objects.count)
    for object in objects {
      let number = String(object.number.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
      let text = try #require(folder.texts["\(object.kind.folder)/other-\(number).json"], "\(object.kind) \(object.number)")
      let kept = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
      let (before, after) = (CanonicalForm.of(object.json, kind: object.kind), CanonicalForm.of(kept, kind: object.kind))
      #expect(before == after, "\(object.kind) \(object.number): \(ObjectChanges.between(before, after).map(\.field))")
    }
  }
}
