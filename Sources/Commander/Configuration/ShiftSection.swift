// How streams of scores are watched for population shifts: `shift`.

import SemanticRisk
import StrictYAML

extension ConfigurationReader {
  func readShift(_ value: YAMLValue?) -> ShiftStreams.Settings {
    var settings = ShiftStreams.Settings()
    guard let section = value?.mapping(["false_alarms_per_week", "baseline", "streams"]) else { return settings }
    if let alarms = section["false_alarms_per_week"], let number = alarms.number() {
      if (0.01...100).contains(number) {
        settings.falseAlarmsPerWeek = number
      } else {
        alarms.problem("false_alarms_per_week must be from 0.01 to 100: how many all streams together may have in a healthy week")
      }
    }
    if let baseline = section["baseline"]?.integer(500...50_000) { settings.baseline = baseline }
    if let streams = section["streams"]?.integer(1...10_000) { settings.limit = streams }
    return settings
  }
}
