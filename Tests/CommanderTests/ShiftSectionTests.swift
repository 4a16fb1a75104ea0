// The `shift` section: what is right is read exactly, and every mistake is named at its place.

@testable import Commander
import SemanticRisk
import StrictYAML
import Testing

@Suite struct ShiftSectionTests {
  private func read(_ text: String) -> (settings: ShiftStreams.Settings, problems: [String]) {
    let problems = ProblemList()
    let root = YAMLValue.parse(text, file: "c.yaml", problems: problems)?.mapping(["shift"])
    let settings = ConfigurationReader(environment: [:]).readShift(root?["shift"])
    return (settings, problems.all.map(\.description))
  }

  @Test func settingsAreReadExactly() {
    let (settings, problems) = read("shift: {false_alarms_per_week: 0.25, baseline: 2000, streams: 300}")
    #expect(problems.isEmpty)
    #expect(settings.falseAlarmsPerWeek == 0.25 && settings.baseline == 2_000 && settings.limit == 300)
    let standard = read("shift: {}").settings
    #expect(standard.falseAlarmsPerWeek == 1 && standard.baseline == 5_000 && standard.limit == 1_000)
  }

  @Test(arguments: [
    ("{false_alarms_per_week: 0}", "false_alarms_per_week must be from 0.01 to 100"),
    ("{false_alarms_per_week: often}", "`shift.false_alarms_per_week` must be a number"),
    ("{baseline: 499}", "`shift.baseline` must be a whole number from 500 to 50000"),
    ("{streams: 10001}", "`shift.streams` must be a whole number from 1 to 10000"),
    ("{stream: 10}", "unknown key `stream`; did you mean `streams`?"),
  ]) func aMistakeIsNamedAtItsPlace(section: String, message: String) {
    let (_, problems) = read("shift: \(section)")
    #expect(problems.count == 1 && problems[0].hasPrefix("c.yaml:1:") && problems[0].contains(message), "\(problems)")
  }
}
