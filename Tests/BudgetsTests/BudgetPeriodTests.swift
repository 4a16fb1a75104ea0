// Periods begin and end where the calendar says, and a rolling one never lets a slot go too early.

@testable import Budgets
import LLMTelemetry
import Testing

@Suite struct BudgetPeriodTests {
  @Test(arguments: [
    (Budget.Period.hour, "2025-10-15T12:34:56Z", "2025-10-15T12:00:00Z", "2025-10-15T13:00:00Z"),
    (.day, "2025-10-15T00:00:00Z", "2025-10-15T00:00:00Z", "2025-10-16T00:00:00Z"),
    (.day, "2025-10-15T23:59:59.999999999Z", "2025-10-15T00:00:00Z", "2025-10-16T00:00:00Z"),
    // A Wednesday, a Sunday's last moment, a Monday's first one.
    (.week, "2025-10-15T12:00:00Z", "2025-10-13T00:00:00Z", "2025-10-20T00:00:00Z"),
    (.week, "2025-10-19T23:59:59Z", "2025-10-13T00:00:00Z", "2025-10-20T00:00:00Z"),
    (.week, "2025-10-20T00:00:00Z", "2025-10-20T00:00:00Z", "2025-10-27T00:00:00Z"),
    (.week, "1969-12-31T12:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"),
    (.month, "2025-01-31T23:59:59Z", "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"),
    (.month, "2025-02-28T23:59:59Z", "2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"),
    (.month, "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    (.month, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"),
    (.month, "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
    (.month, "2000-02-29T12:00:00Z", "2000-02-01T00:00:00Z", "2000-03-01T00:00:00Z"),
    (.month, "2025-12-31T23:59:59Z", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    (.month, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
    (.month, "2025-04-30T00:00:00Z", "2025-04-01T00:00:00Z", "2025-05-01T00:00:00Z"),
    (.rolling(.seconds(3600)), "2025-10-15T12:34:56Z", "2025-10-15T12:34:00Z", "2025-10-15T12:35:00Z"),
  ])
  func slotHoldsItsTime(_ period: Budget.Period, _ time: String, _ start: String, _ end: String) {
    #expect(period.slot(at: at(time)) == at(start)..<at(end))
  }

  @Test func everyDayOfFourCenturiesIsInTheMonthThatSaysSo() {
    var expected = at("1999-03-01T00:00:00Z")
    var day = expected
    let last = at("2201-01-01T00:00:00Z")
    while day < last {
      let month = Budget.Period.month.slot(at: day)
      #expect(month.lowerBound == expected && month.contains(day))
      if month.lowerBound != expected { return }
      day = day + .seconds(86_400)
      if day == month.upperBound {
        #expect(day.rfc3339.dropFirst(8) == "01T00:00:00Z")
        expected = day
      }
    }
  }

  @Test func rollingSlotCountsForItsWholeLengthAndOneStepMore() {
    let hour = Budget.Period.rolling(.seconds(3600))
    #expect(hour.expiry(ofSlotAt: noon) == noon + .seconds(3660))
    #expect(hour.counted(at: noon + .seconds(30)) == (noon - .seconds(3600))..<(noon + .seconds(60)))
    #expect(Budget.Period.day.expiry(ofSlotAt: at("2025-10-15T00:00:00Z")) == at("2025-10-16T00:00:00Z"))
  }

  @Test func rollingWindowAgesSlotBySlot() {
    var window = BudgetWindow(.rolling(.seconds(60)), at: noon)
    window.reserve(5)
    window.settle(3, reserved: 5, at: noon)
    window.advance(to: noon + .seconds(10))
    window.add(4, at: noon + .seconds(10))
    #expect(window.settled == 7 && window.reserved == 0)
    #expect(window.time(untilAtMost: 4) == noon + .seconds(61))
    #expect(window.time(untilAtMost: 3) == noon + .seconds(71))
    // 60 s after the last moment of the first slot, what began in it still counts; a step later it does not.
    window.advance(to: noon + .seconds(60))
    #expect(window.settled == 7)
    window.advance(to: noon + .seconds(61))
    #expect(window.settled == 4)
    window.advance(to: noon + .seconds(71))
    #expect(window.settled == 0)
    window.advance(to: noon + .seconds(100_000))
    window.add(1, at: noon + .seconds(100_000))
    #expect(window.settled == 1)
  }

  @Test func whatBeganBeforeTheWindowIsNotCountedInIt() {
    var window = BudgetWindow(.hour, at: noon)
    window.reserve(5)
    window.advance(to: noon + .seconds(3600))
    #expect(window.reserved == 0)
    window.settle(5, reserved: 5, at: noon)
    #expect(window.settled == 0 && window.reserved == 0)
  }
}
