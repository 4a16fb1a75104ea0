// The answers that are kept, in the order they were last asked for, within a number of bytes. A plain value.

import NIOCore

struct AnswerShelf {
  private struct Place {
    var key: CacheKey
    var answer: CachedAnswer
    var newer: Int?
    var older: Int?
  }

  private var numbers: [CacheKey: Int] = [:]
  private var places: [Place?] = []
  private var free: [Int] = []
  private var newest: Int?
  private var oldest: Int?
  private(set) var bytes = 0

  var count: Int { numbers.count }

  /// The answer, which is now the last that was asked for.
  mutating func answer(_ key: CacheKey) -> CachedAnswer? {
    guard let number = numbers[key], let place = places[number] else { return nil }
    unlink(number)
    linkAsNewest(number)
    return place.answer
  }

  /// Takes an answer in the place of an earlier one, and lets go those not asked for the longest until all fit.
  ///
  /// - Returns: how many were let go.
  mutating func put(_ answer: CachedAnswer, for key: CacheKey, within limit: Int) -> Int {
    remove(key)
    guard answer.bytes <= limit else { return 0 }
    let number = free.popLast() ?? places.count
    let place = Place(key: key, answer: answer)
    if number == places.count { places.append(place) } else { places[number] = place }
    numbers[key] = number
    bytes += answer.bytes
    linkAsNewest(number)
    return trim(to: limit)
  }

  /// - Returns: how many were let go.
  @discardableResult
  mutating func trim(to limit: Int) -> Int {
    var count = 0
    while bytes > limit, let oldest, let key = places[oldest]?.key {
      remove(key)
      count += 1
    }
    return count
  }

  mutating func remove(_ key: CacheKey) {
    guard let number = numbers.removeValue(forKey: key), let place = places[number] else { return }
    unlink(number)
    bytes -= place.answer.bytes
    places[number] = nil
    free.append(number)
  }

  private mutating func unlink(_ number: Int) {
    guard let place = places[number] else { return }
    if let newer = place.newer { places[newer]?.older = place.older } else { newest = place.older }
    if let older = place.older { places[older]?.newer = place.newer } else { oldest = place.newer }
  }

  private mutating func linkAsNewest(_ number: Int) {
    places[number]?.newer = nil
    places[number]?.older = newest
    if let newest { places[newest]?.newer = number } else { oldest = number }
    newest = number
  }
}
