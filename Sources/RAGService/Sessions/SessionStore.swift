// What was said before in a conversation: kept for a while, for a limited number of conversations and turns.
import LLMTelemetry
import Synchronization

package struct SessionTurn: Sendable, Hashable {
  package var question: String
  package var answer: String

  package init(question: String, answer: String) {
    self.question = question
    self.answer = answer
  }
}

package final class SessionStore: Sendable {
  package struct Limits: Sendable, Hashable {
    /// Turns kept of one conversation, the last ones.
    package var turns = 8
    /// A conversation that rests longer is forgotten.
    package var idle: Duration = .seconds(30 * 60)
    /// Conversations at a time; the one that rested longest makes room.
    package var capacity = 10_000
    /// Characters kept of one answer.
    package var answerCharacters = 4000

    package init() {}
  }

  private struct Session {
    var turns: [SessionTurn] = []
    var usedAt: Timestamp
  }

  private let limits: Limits
  private let now: @Sendable () -> Timestamp
  private let sessions = Mutex<[String: Session]>([:])

  package init(limits: Limits = Limits(), now: @escaping @Sendable () -> Timestamp = { .now() }) {
    self.limits = limits
    self.now = now
  }

  /// A conversation belongs to a tenant: another one that guesses its name finds nothing.
  private static func key(_ id: String, tenant: String) -> String { tenant + "\u{0}" + id }

  package func turns(of id: String, tenant: String) -> [SessionTurn] {
    let now = now()
    return sessions.withLock { sessions in
      let key = Self.key(id, tenant: tenant)
      guard let session = sessions[key] else { return [] }
      if now - session.usedAt > limits.idle {
        sessions[key] = nil
        return []
      }
      return session.turns
    }
  }

  package func add(_ turn: SessionTurn, to id: String, tenant: String) {
    let now = now()
    var turn = turn
    turn.answer = String(turn.answer.prefix(limits.answerCharacters))
    sessions.withLock { sessions in
      let key = Self.key(id, tenant: tenant)
      if sessions[key] == nil, sessions.count >= limits.capacity { makeRoom(in: &sessions, now: now) }
      var session = sessions[key].flatMap { now - $0.usedAt > limits.idle ? nil : $0 } ?? Session(usedAt: now)
      session.turns = Array((session.turns + [turn]).suffix(limits.turns))
      session.usedAt = now
      sessions[key] = session
    }
  }

  package var count: Int { sessions.withLock { $0.count } }

  /// A tenth at a time, so that a full store is not searched for every new conversation.
  private func makeRoom(in sessions: inout [String: Session], now: Timestamp) {
    sessions = sessions.filter { now - $0.value.usedAt <= limits.idle }
    let surplus = sessions.count - limits.capacity + max(1, limits.capacity / 10)
    guard surplus > 0 else { return }
    for entry in sessions.sorted(by: { ($0.value.usedAt, $0.key) < ($1.value.usedAt, $1.key) }).prefix(surplus) {
      sessions[entry.key] = nil
    }
  }
}
