// Reads DogStatsD as the Agent does, and refuses what it refuses; written from its rules, not from our writer.

/// What one line says. Throws a word for the reason when the Agent would refuse the line.
enum AgentLine: Equatable {
  struct Metric: Equatable {
    var name: String
    var values: [Double]
    var type: String
    var rate = 1.0
    var tags: [String] = []
    var container: String?
    var external: String?
    var cardinality: String?
    var time: Int64?
  }

  struct Event: Equatable {
    var title: String
    var text: String
    var fields: [String: String] = [:]
    var tags: [String] = []
  }

  struct Check: Equatable {
    var name: String
    var status: Int
    var fields: [String: String] = [:]
    var tags: [String] = []
    var message: String?
  }

  case metric(Metric), event(Event), check(Check)

  struct Refusal: Error, Equatable { let reason: String }

  /// All lines of a datagram; the Agent passes over empty ones.
  static func read(datagram: some Collection<UInt8>) throws -> [AgentLine] {
    try datagram.split(separator: 10).map { try AgentLine(Array($0)) }
  }

  init(_ line: [UInt8]) throws {
    if line.starts(with: Array("_e".utf8)) {
      self = .event(try Self.event(line))
    } else if line.starts(with: Array("_sc".utf8)) {
      self = .check(try Self.check(line))
    } else {
      self = .metric(try Self.metric(line))
    }
  }

  private static func text(_ bytes: some Sequence<UInt8>) throws -> String {
    guard let text = String(validating: Array(bytes), as: UTF8.self) else { throw Refusal(reason: "encoding") }
    return text
  }

  private static func metric(_ line: [UInt8]) throws -> Metric {
    let fields = line.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
    guard fields.count >= 2 else { throw Refusal(reason: "no bar") }
    guard let colon = fields[0].firstIndex(of: UInt8(ascii: ":")) else { throw Refusal(reason: "no colon") }
    let name = try text(fields[0][..<colon])
    let values = fields[0][(colon + 1)...]
    guard !name.isEmpty else { throw Refusal(reason: "empty name") }
    guard !values.isEmpty else { throw Refusal(reason: "empty value") }
    let type = try text(fields[1])
    guard ["g", "c", "h", "d", "s", "ms"].contains(type) else { throw Refusal(reason: "type \(type)") }
    var metric = Metric(name: name, values: [], type: type)
    if type != "s" {
      for value in values.split(separator: UInt8(ascii: ":")) {
        guard let number = Double(try text(value)) else { throw Refusal(reason: "number") }
        metric.values.append(number)
      }
      guard !metric.values.isEmpty else { throw Refusal(reason: "no numbers") }
    }
    for field in fields.dropFirst(2) {
      let content = try text(field)
      if content.hasPrefix("#") {
        metric.tags = content.dropFirst().split(separator: ",").map(String.init)
      } else if content.hasPrefix("@") {
        guard let rate = Double(content.dropFirst()) else { throw Refusal(reason: "rate") }
        metric.rate = rate
      } else if content.hasPrefix("T") {
        guard let time = Int64(content.dropFirst()), time >= 1, type == "g" || type == "c" else { throw Refusal(reason: "time") }
        metric.time = time
      } else if content.hasPrefix("c:") {
        metric.container = String(content.dropFirst(2))
      } else if content.hasPrefix("e:") {
        metric.external = String(content.dropFirst(2))
      } else if content.hasPrefix("card:") {
        metric.cardinality = String(content.dropFirst(5))
      }
    }
    return metric
  }

  private static func event(_ line: [UInt8]) throws -> Event {
    guard line.starts(with: Array("_e{".utf8)), let end = line.firstIndex(of: UInt8(ascii: "}")), end + 1 < line.count,
      line[end + 1] == UInt8(ascii: ":")
    else { throw Refusal(reason: "event head") }
    let lengths = try text(line[3..<end]).split(separator: ",").compactMap { Int($0) }
    guard lengths.count == 2, lengths[0] > 0, lengths[1] >= 0 else { throw Refusal(reason: "event lengths") }
    let title = end + 2..<end + 2 + lengths[0]
    let content = title.upperBound + 1..<title.upperBound + 1 + lengths[1]
    guard content.upperBound <= line.count, line[title.upperBound] == UInt8(ascii: "|") else {
      throw Refusal(reason: "event too short")
    }
    var event = Event(title: try text(line[title]), text: try text(line[content]))
    let rest = line[content.upperBound...]
    guard rest.isEmpty || rest.first == UInt8(ascii: "|") else { throw Refusal(reason: "event rest") }
    for field in rest.split(separator: UInt8(ascii: "|")) {
      let field = try text(field)
      if field.hasPrefix("#") {
        event.tags = field.dropFirst().split(separator: ",").map(String.init)
      } else if let colon = field.firstIndex(of: ":") {
        event.fields[String(field[..<colon])] = String(field[field.index(after: colon)...])
      }
    }
    return event
  }

  private static func check(_ line: [UInt8]) throws -> Check {
    let fields = line.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
    guard fields.count >= 3, fields[0].elementsEqual("_sc".utf8), !fields[1].isEmpty, let status = Int(try text(fields[2])),
      (0...3).contains(status)
    else { throw Refusal(reason: "check head") }
    var check = Check(name: try text(fields[1]), status: status)
    for field in fields.dropFirst(3) {
      let field = try text(field)
      if field.hasPrefix("#") {
        check.tags = field.dropFirst().split(separator: ",").map(String.init)
      } else if field.hasPrefix("m:") {
        check.message = String(field.dropFirst(2))
      } else if let colon = field.firstIndex(of: ":") {
        check.fields[String(field[..<colon])] = String(field[field.index(after: colon)...])
      }
    }
    return check
  }
}
