// What one subject has spent and reserved in the slots of time that count now.

import LLMTelemetry

/// Amounts are in the budget's unit. Time only moves forward; the book sees to that.
struct BudgetWindow: Sendable {
  struct Slot: Sendable {
    var settled: Int64 = 0
    var reserved: Int64 = 0
    /// Since it was last handed out for saving.
    var isChanged = false

    var isEmpty: Bool { settled == 0 && reserved == 0 && !isChanged }
  }

  let period: Budget.Period
  /// A ring: one slot for a calendar period, 61 for a rolling one.
  private(set) var slots: [Slot]
  /// Where the newest slot is in the ring.
  private var head = 0
  /// The newest slot's time, in Unix nanoseconds.
  private var start: Int64
  private var end: Int64
  /// Length of a slot of a rolling period; 0 for a calendar one.
  private let step: Int64
  /// Sums over the ring.
  private(set) var settled: Int64 = 0
  private(set) var reserved: Int64 = 0

  init(_ period: Budget.Period, at now: Timestamp) {
    self.period = period
    slots = Array(repeating: Slot(), count: period.slotCount)
    let slot = period.slot(at: now)
    start = slot.lowerBound.unixNanoseconds
    end = slot.upperBound.unixNanoseconds
    step = period.stepNanoseconds ?? 0
  }

  /// Lets go of the slots that no longer count at `now`.
  @inline(__always)
  mutating func advance(to now: Timestamp) {
    if now.unixNanoseconds >= end { move(to: now) }
  }

  private mutating func move(to now: Timestamp) {
    let slot = period.slot(at: now)
    let newStart = slot.lowerBound.unixNanoseconds
    let steps = step == 0 ? 1 : min((newStart - start) / step, Int64(slots.count))
    for _ in 0..<steps {
      head = head + 1 == slots.count ? 0 : head + 1
      settled -= slots[head].settled
      reserved -= slots[head].reserved
      slots[head] = Slot()
    }
    start = newStart
    end = slot.upperBound.unixNanoseconds
  }

  /// The slot that holds `time`, when it still counts.
  @inline(__always)
  private func index(of time: Timestamp) -> Int? {
    let nanoseconds = time.unixNanoseconds
    if nanoseconds >= start { return head }
    guard step > 0 else { return nil }
    let age = (start - nanoseconds + step - 1) / step
    guard age < Int64(slots.count) else { return nil }
    let index = head - Int(age)
    return index < 0 ? index + slots.count : index
  }

  /// Reserves in the newest slot.
  @inline(__always)
  mutating func reserve(_ amount: Int64) {
    slots[head].reserved += amount
    slots[head].isChanged = true
    reserved += amount
  }

  /// Takes a reservation made at `time` away and counts what was spent instead; nothing when that time no longer counts.
  @inline(__always)
  mutating func settle(_ spent: Int64, reserved amount: Int64, at time: Timestamp) {
    guard let index = index(of: time) else { return }
    // A sum that cannot grow without bound cannot wrap around and become small.
    let spent = min(spent, BudgetBook.ceiling - settled)
    slots[index].reserved -= amount
    slots[index].settled += spent
    slots[index].isChanged = true
    reserved -= amount
    settled += spent
  }

  /// Counts a reservation again whose account was made anew; nothing when that time no longer counts.
  mutating func hold(_ amount: Int64, at time: Timestamp) { settle(0, reserved: -amount, at: time) }

  /// Counts spending that began at `time`; nothing when that time no longer counts.
  mutating func add(_ spent: Int64, at time: Timestamp) { settle(spent, reserved: 0, at: time) }

  /// Each slot that counts, newest first.
  func forEachSlot(_ body: (_ start: Timestamp, _ index: Int) -> Void) {
    for age in 0..<slots.count {
      let index = head - age
      body(Timestamp(unixNanoseconds: start - step * Int64(age)), index < 0 ? index + slots.count : index)
    }
  }

  mutating func markSaved(_ index: Int) { slots[index].isChanged = false }

  /// When so much of what counts now has aged out that at most `room` is left; the last slot's expiry at the latest.
  func time(untilAtMost room: Int64) -> Timestamp {
    guard step > 0 else { return Timestamp(unixNanoseconds: end) }
    var left = settled + reserved
    var latest = Timestamp(unixNanoseconds: end)
    for age in (0..<slots.count).reversed() {
      if left <= room { return latest }
      let index = head - age < 0 ? head - age + slots.count : head - age
      let amount = slots[index].settled + slots[index].reserved
      guard amount != 0 else { continue }
      left -= amount
      latest = Timestamp(unixNanoseconds: start + step * (Int64(slots.count) - Int64(age)))
    }
    return latest
  }

  /// Nothing counts, and nothing waits to be saved.
  var isEmpty: Bool { settled == 0 && reserved == 0 && slots.allSatisfy(\.isEmpty) }
}
