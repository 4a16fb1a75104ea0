// Hours of the week in a time zone, for rules that tell or hold by the clock.

import Foundation
import LLMTelemetry

package struct BusinessHours: Hashable, Sendable {
  package enum Day: String, CaseIterable, Hashable, Sendable {
    case mon, tue, wed, thu, fri, sat, sun
  }

  /// On which the hours begin; a night that begins on Friday ends on Saturday.
  package let days: Set<Day>
  /// Minutes after local midnight, 0 to 1,439.
  package let from: Int
  /// 1 to 1,440; at or before `from` it is on the next day.
  package let to: Int
  package let zone: TimeZone

  package init(days: Set<Day>, from: Int, to: Int, zone: TimeZone) {
    self.days = days
    self.from = from
    self.to = to
    self.zone = zone
  }

  /// True when they never end.
  package var isAlways: Bool { days.count == Day.allCases.count && (to - from + 1_440) % 1_440 == 0 }

  package func contains(_ at: Timestamp) -> Bool { endOfRun(at) != nil }

  /// The end of the hours that hold `at`, where they end; `nil` when `at` is outside. Hours that touch each other are one, so
  /// Saturday and Sunday from 00:00 to 24:00 end on Monday.
  package func end(of at: Timestamp) -> Timestamp? {
    guard var end = endOfRun(at) else { return nil }
    for _ in 0..<8 {
      guard let next = endOfRun(end), next > end else { break }
      end = next
    }
    return end
  }

  private func endOfRun(_ at: Timestamp) -> Timestamp? {
    let local = at.unixSeconds + offset(at.unixSeconds)
    let today = floorDivision(local, 86_400)
    let length = to > from ? to - from : to - from + 1_440
    // The run that began today, or the one of yesterday that goes on past midnight.
    for day in [today, today - 1] {
      // 1970-01-01 was a Thursday.
      guard days.contains(Day.allCases[Int(((day + 3) % 7 + 7) % 7)]) else { continue }
      let start = instant(ofLocal: day * 86_400 + Int64(from) * 60)
      let end = instant(ofLocal: day * 86_400 + Int64(from + length) * 60)
      if start <= at, at < end { return end }
    }
    return nil
  }

  private func offset(_ unixSeconds: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(unixSeconds))))
  }

  /// A local time that a clock change skips is taken as the moment of the change or at most an hour beside it.
  private func instant(ofLocal local: Int64) -> Timestamp {
    let guess = local - offset(local)
    return Timestamp(unixSeconds: local - offset(guess))
  }

  private func floorDivision(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }
}
