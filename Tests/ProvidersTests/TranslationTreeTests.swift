// The JSON tree keeps what it reads, refuses what is no JSON, and never runs out of stack.

import Providers
import Testing

@Suite struct TranslationTreeTests {
  @Test(arguments: [
    #"{"b":1,"a":[true,false,null,-0.10e+5,12345678901234567890],"b":2}"#, #""""#, "[]", "{}", "0", "-1.5E-3",
    #"["\"\\\n\r\t\u0001é😀"]"#, #"{"":{"":[[]]}}"#,
  ])
  func writesWhatItRead(_ json: String) {
    #expect(JSONTree(parsing: json).map { String(decoding: $0.serialised, as: UTF8.self) } == json)
    #expect(JSONTree(parsing: " \n\t\r\(json) \n") == JSONTree(parsing: json))
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,]", "[,1]", "{1:2}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, #""a"#, #""a\""#,
    "tru", "nul",
    "falsey", "01", "-", "1.", ".5", "1e", "+1", "NaN", "[1]]", "1 2", "]", "}", ":", ",", #"{"a":1]"#, "\u{feff}1",
  ])
  func refusesWhatIsNoJSON(_ text: String) {
    #expect(JSONTree(parsing: text) == nil)
  }

  @Test func nestingIsLimited() {
    let limit = JSONTree.depthLimit
    #expect(JSONTree(parsing: String(repeating: "[", count: limit) + String(repeating: "]", count: limit)) != nil)
    #expect(JSONTree(parsing: String(repeating: "[", count: limit + 2) + String(repeating: "]", count: limit + 2)) == nil)
    #expect(JSONTree(parsing: String(repeating: #"{"a":["#, count: 200_000)) == nil)
  }

  @Test func numbersAreReadByTheirType() {
    let tree = JSONTree(parsing: #"{"whole":12,"part":1.5,"huge":99999999999999999999,"text":"1"}"#)
    #expect(tree?["whole"]?.integer == 12 && tree?["whole"]?.double == 12)
    #expect(tree?["part"]?.integer == nil && tree?["part"]?.double == 1.5)
    #expect(tree?["huge"]?.integer == nil && tree?["text"]?.integer == nil && tree?["text"]?.double == nil)
  }
}
