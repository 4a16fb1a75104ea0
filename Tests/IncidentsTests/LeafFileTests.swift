// Files of leaf counts: what is read, what is refused and with which words, and what is printed.

import Foundation
import Incidents
import Testing

@Suite struct LeafFileTests {
  static let text = """
    min,model,"tenant, name",value,cnt\r
    60,flash,acme,1,100\r
    60,pro,acme,1,100\r
    60,flash,"glo""bex",1,100\r
    60,pro,"glo""bex",1,100\r
    120,flash,acme,1,100\r
    120,pro,acme,40,100\r
    120,flash,"glo""bex",1,100\r
    120,pro,"glo""bex",40,100\r
    180,flash,acme,100,100\r

    """

  static func problem(_ text: String, _ columns: LeafFileColumns = LeafFileColumns(), at: String = "120") -> String? {
    do {
      _ = try LeafFile(Array(text.utf8), columns: columns, at: at)
      return nil
    } catch { return "\(error)" }
  }

  @Test func fileIsExplained() throws {
    let report = LeafReport(try LeafFile(Array(Self.text.utf8), columns: LeafFileColumns(), at: "120"))
    #expect(report.causes.map(\.dimensions) == [["model": "pro"]])
    #expect(report.causes.first?.observed == 80)
    #expect(report.causes.first?.coverage == 0.5)
    let json = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
    #expect(Set(json.keys) == ["causes", "abstention", "rejected", "overall"])
    #expect(json["abstention"] is NSNull)
    let cause = try #require((json["causes"] as? [[String: Any]])?.first)
    #expect(Set(cause.keys) == ["dimensions", "share", "lift", "coverage", "support", "observed", "expected"])
    #expect(report.rows.map(\.count).allSatisfy { $0 == 8 })
    // Quoted values keep their commas and quotes.
    #expect(report.rejected.flatMap(\.dimensions.keys).allSatisfy { ["model", "tenant, name"].contains($0) })
  }

  @Test func columnsAndTimesAreNamed() throws {
    let text =
      "when,errors,requests,model\n2026-11-01T00:00:00Z,2,200,a\n2026-11-01T00:01:00Z,90,200,a\n2026-11-01T00:00:00Z,2,200,b\n2026-11-01T00:01:00Z,2,200,b\n"
    var columns = LeafFileColumns()
    columns.time = "when"
    columns.observed = "errors"
    columns.exposure = "requests"
    let file = try LeafFile(Array(text.utf8), columns: columns, at: "2026-11-01T00:01:00Z")
    #expect(LeafReport(file).causes.map(\.dimensions) == [["model": "a"]])
  }

  /// Without exposures each leaf is compared with its own past, a minute with a minute.
  @Test func volumesAreComparedWithTheirOwnPast() throws {
    var text = "min,value,tenant,route\n"
    for minute in 1...10 {
      for (tenant, route) in [("acme", "a"), ("acme", "b"), ("globex", "a"), ("globex", "b")] {
        text += "\(minute),\(minute > 8 && tenant == "globex" ? 300 : 50),\(tenant),\(route)\n"
      }
    }
    var columns = LeafFileColumns()
    columns.exposure = nil
    let surge = LeafReport(try LeafFile(Array(text.utf8), columns: columns, at: "9", until: "10"))
    #expect(surge.causes.map(\.dimensions) == [["tenant": "globex"]])
    #expect(surge.causes.first?.expected == 200)
    #expect(surge.causes.first?.lift == 6)
    #expect(surge.overall == nil)
    let lost = text.replacing("300", with: "1")
    let loss = LeafReport(try LeafFile(Array(lost.utf8), columns: columns, at: "9", until: "10"), direction: .fall)
    #expect(loss.causes.map(\.dimensions) == [["tenant": "globex"]])
  }

  @Test func problemsSayWhereAndWhatToDo() {
    var columns = LeafFileColumns()
    columns.observed = "stalls"
    #expect(Self.problem("") == "line 1: a header with the names of the columns is missing")
    #expect(Self.problem(Self.text, columns)?.contains("there is no column `stalls`") == true)
    #expect(Self.problem(Self.text, columns)?.contains("--observed") == true)
    #expect(Self.problem("min,value,cnt\n1,1,1\n")?.contains("no dimension") == true)
    #expect(Self.problem("min,a,a,value,cnt\n") == "line 1: two columns have the same name")
    #expect(Self.problem("min,a,value,cnt\n120,x,1\n") == "line 2: 3 fields where the header has 4")
    #expect(Self.problem("min,a,value,cnt\n120,x,nan,1\n")?.contains("line 2: `value` is \"nan\"") == true)
    #expect(Self.problem("min,a,value,cnt\n120,x,-1,1\n")?.contains("not a number of at least 0") == true)
    #expect(Self.problem("min,a,value,cnt\n60,x,1,1\n") == "there is no row at 120")
    #expect(Self.problem("min,a,value,cnt\n120,\"x\n120,y,1,1\n")?.contains("fields where the header has") == true)
  }

  /// Bytes of any kind give an answer or a problem, never a crash.
  @Test(arguments: UInt64(1)...40)
  func noBytesAreTooStrange(_ seed: UInt64) {
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    var bytes = Array(Self.text.utf8)
    for _ in 0..<20 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let place = Int(state >> 33) % bytes.count
      switch state >> 30 & 3 {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: state >> 40)
      case 1: bytes.remove(at: place)
      case 2: bytes.insert([0x22, 0x2c, 0x0a, 0x39][Int(state >> 50) % 4], at: place)
      default: bytes.append(contentsOf: bytes[place...].prefix(9))
      }
    }
    if let file = try? LeafFile(bytes, columns: LeafFileColumns(), at: "120") { _ = LeafReport(file) }
  }
}
