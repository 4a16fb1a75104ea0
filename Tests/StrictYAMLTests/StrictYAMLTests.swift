// Strict reading: every problem is found, with its place and a remedy, and nothing is guessed.

import Testing

@testable import StrictYAML

private func read(_ text: String, environment: [String: String] = [:], _ body: (YAMLMapping) -> Void) -> [String] {
  let problems = ProblemList()
  if let mapping = YAMLValue.parse(text, file: "c.yaml", problems: problems)?.mapping([
    "name", "listen", "timeout", "count", "secret", "on",
  ]) {
    body(mapping)
  }
  return problems.all.map(\.description)
}

@Test func everyProblemIsNamedAtOnceWithItsPlace() {
  let problems = read(
    """
    name: ""
    lisen: 127.0.0.1:1
    timeout: 5 minutes
    count: 12
    secret: hunter2
    on: yes please
    """
  ) { mapping in
    _ = mapping["name"]?.string()
    _ = mapping["timeout"]?.duration()
    _ = mapping["count"]?.integer(1...10)
    _ = mapping["secret"]?.secret(environment: [:])
    _ = mapping["on"]?.boolean()
    _ = mapping.required("listen", "an address such as 127.0.0.1:8080")
  }
  #expect(
    problems == [
      "c.yaml:1:1: the file needs `listen`: an address such as 127.0.0.1:8080",
      "c.yaml:1:7: `name` must not be empty",
      "c.yaml:2:1: unknown key `lisen`; did you mean `listen`?",
      "c.yaml:3:10: `timeout` must be a duration such as 250ms, 30s, 5m, 2h or 7d",
      "c.yaml:4:8: `count` must be a whole number from 1 to 10",
      "c.yaml:5:9: `secret` must not be written here: use {environment: NAME} or {file: PATH}",
      "c.yaml:6:5: `on` must be true or false",
    ])
}

@Test func secretsComeFromTheEnvironment() {
  var value: String?
  #expect(
    read("secret: {environment: TOKEN}", environment: [:]) {
      value = $0["secret"]?.secret(environment: ["TOKEN": " abc\n"])?.value
    } == [])
  #expect(value == "abc")
  #expect(
    read("secret: {environment: TOKEN}") { _ = $0["secret"]?.secret(environment: [:]) }
      == ["c.yaml:1:9: `secret`: environment variable TOKEN is not set; export it before the start"])
}

@Test(arguments: ["a: [1", "a: 1\na: 2", "\ta: 1"])
func syntaxErrorsHaveAPlace(text: String) {
  let problems = ProblemList()
  #expect(YAMLValue.parse(text, file: "c.yaml", problems: problems) == nil)
  #expect(problems.all.count == 1)
  #expect(problems.all.allSatisfy { $0.line > 0 })
}

@Test func addresses() {
  #expect(ListenAddress("127.0.0.1:8080") == ListenAddress(host: "127.0.0.1", port: 8080))
  #expect(ListenAddress("[::1]:0")?.isLoopback == true)
  for wrong in ["8080", "host:", "host:70000", "::1:80", ":80"] { #expect(ListenAddress(wrong) == nil) }
}
