import Foundation
import HummingbirdTesting
import Testing
@Test func preview() async throws {
  let pages: [(Story.Chapter, String, String)] = [(.empty,"/","now-empty"),(.healthy,"/","now-healthy"),(.proposed,"/","now-open"),(.applied,"/?range=15m","now-applied"),(.resolved,"/?range=6h","now-resolved"),
    (.empty,"/incidents","list-empty"),(.resolved,"/incidents","list"),(.proposed,"/incidents/INC-1","incident-open"),(.applied,"/incidents/INC-1","incident-applied"),(.resolved,"/incidents/INC-1","incident"),(.resolved,"/incidents/INC-1/postmortem","postmortem"),(.healthy,"/nope","notfound")]
  try FileManager.default.createDirectory(atPath: "/tmp/console-preview", withIntermediateDirectories: true)
  for (chapter, path, name) in pages {
    try await Story(chapter).application.test(.router) { client in
      let page = try await client.execute(uri: path, method: .get)
      try page.text.write(toFile: "/tmp/console-preview/\(name).html", atomically: true, encoding: .utf8)
      let css = try await client.execute(uri: "/console.css", method: .get)
      try css.text.write(toFile: "/tmp/console-preview/console.css", atomically: true, encoding: .utf8)
    }
  }
}
