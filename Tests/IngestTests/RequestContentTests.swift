// Every format's request becomes the same messages, calls of tools and their results among them, also when it was cut.

import LLMTelemetry
import Providers
import Testing

@Suite struct RequestContentTests {
  @Test(arguments: [
    (
      #"{"messages":[{"role":"developer","content":"S"},{"content":[{"type":"text","text":"U"},{"type":"image_url"}],"role":"user"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"R"}]}"#,
      ["system S", "user U", "assistant f {}", "tool R"]
    ),
    (
      #"{"messages":[{"role":"user","content":"U"},{"role":"assistant","content":[{"name":"f","input":{"a":1},"type":"tool_use"}]},{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"R"}]},{"type":"text","text":"V"}]}],"system":[{"type":"text","text":"S"}]}"#,
      ["system S", "user U", #"assistant f {"a":1}"#, "tool R", "user V"]
    ),
    (
      #"{"contents":[{"role":"user","parts":[{"text":"U"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"b":2}}}]}],"systemInstruction":{"parts":[{"text":"S"}]}}"#,
      ["system S", "user U", #"assistant f {"a":1}"#, #"tool f {"b":2}"#]
    ),
    (
      #"{"instructions":"S","input":[{"role":"user","content":[{"type":"input_text","text":"U"}]},{"name":"f","arguments":"{}","type":"function_call"},{"type":"function_call_output","output":"R"}]}"#,
      ["system S", "user U", "assistant f {}", "tool R"]
    ),
    (#"{"input":"U"}"#, ["user U"]), (#"{"input":["A","B"]}"#, ["user A", "user B"]),
    (#"{"instances":[{"content":"A"}]}"#, ["user A"]), (#"{"requests":[{"content":{"parts":[{"text":"A"}]}}]}"#, ["user A"]),
    (
      #"{"messages":[{"role":"user","content":"first"},{"role":"user","content":"my key is sk-pro"#,
      ["user first", "user my key is"]
    ),
    (#"nonsense"#, []), (#"{"messages":5}"#, []),
  ])
  func aBodyIsItsMessages(_ body: String, _ expected: [String]) {
    let messages = RequestContent.messages(inRequestBody: Array(body.utf8))
    #expect(messages.map { "\($0.role) \($0.text)" } == expected)
  }

  @Test func aCutTextLosesItsLastWordOnly() {
    #expect(CutText.whole("one two thr", limit: 11) == "one two" && CutText.whole("one two", limit: 100) == "one two")
    #expect(CutText.withoutLastWord("word").isEmpty)
  }
}
