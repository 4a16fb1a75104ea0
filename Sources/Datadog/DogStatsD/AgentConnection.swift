// Keeps a socket to the Agent: made when there is something to send, made again when the Agent has come back or moved.

import Dispatch
import LLMTelemetry
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct AgentConnection: ~Copyable {
  /// How long an answer of the name service is believed: an Agent that moves sends nobody a message.
  static let resolutionInterval: Duration = .seconds(60)
  /// The pause between two questions when nobody listens at the addresses known.
  static let resolutionPause: Duration = .seconds(5)

  private let address: DogStatsDAddress
  private let resolver: NameResolver?
  private var endpoints: [AgentEndpoint]
  /// The one that is tried now: a name may mean several addresses, and the Agent listen at one of them.
  private var place = 0
  private var socket: AgentSocket?
  private var hasFailed = false
  private var resolvedAt: Timestamp
  /// Why the host has no address yet; it is asked for again.
  private(set) var unresolved: String?

  /// Throws `DogStatsDError` when the path is too long. A host that cannot be resolved may be there later.
  init(
    _ address: DogStatsDAddress, at now: Timestamp,
    find: @escaping @Sendable (DogStatsDAddress) throws -> [AgentEndpoint] = { try AgentEndpoint.find($0) }
  ) throws {
    self.address = address
    resolvedAt = now
    guard case .udp = address else {
      endpoints = try find(address)
      resolver = nil
      return
    }
    resolver = NameResolver(address, find: find)
    do { endpoints = try find(address) } catch {
      endpoints = []
      unresolved = "\(error)"
      hasFailed = true
    }
  }

  /// `nil` when it was sent, otherwise why not. `lostEarlier` counts datagrams that were taken for sent and are not.
  mutating func send(_ datagram: [UInt8], lostEarlier: inout Int) -> DogStatsDDrop? {
    if endpoints.isEmpty {
      hasFailed = true
      return .noReceiver
    }
    // The second attempt is with a new socket: the Agent may have gone and come back. One for each further address.
    for _ in 0...endpoints.count {
      if socket == nil { socket = AgentSocket(endpoints[place]) }
      switch socket?.send(datagram) {
      case .sent: return nil
      case .full: return .receiverFull
      case .tooLong: return .tooLong
      case .broken:
        // Over UDP a refusal is the answer to the datagram before this one, which was taken for sent.
        if case .udp = address, errno == ECONNREFUSED { lostEarlier += 1 }
        if socket?.holdsRest == true { lostEarlier += 1 }
        socket = nil
      case nil:
        // A stream socket whose queue of callers is full is there, and does not keep up.
        if errno == EAGAIN { return .receiverFull }
      }
      hasFailed = true
      place = (place + 1) % endpoints.count
    }
    return .noReceiver
  }

  /// Takes what the name service has answered since the last call, and asks again when it is time; never waits for it.
  mutating func refresh(at now: Timestamp) {
    guard let resolver else { return }
    if let found = resolver.takeAnswer(), found != endpoints {
      endpoints = found
      unresolved = nil
      place = 0
      socket = nil
    }
    // A clock that was put back must not stop the questions.
    if now < resolvedAt { resolvedAt = now }
    guard now - resolvedAt >= (hasFailed ? Self.resolutionPause : Self.resolutionInterval) else { return }
    resolvedAt = now
    hasFailed = false
    resolver.ask()
  }
}

/// Asks the name service on a thread that may wait for it, one question at a time.
private final class NameResolver: Sendable {
  private struct State {
    var isAsking = false
    var answer: [AgentEndpoint]?
  }

  private let address: DogStatsDAddress
  private let find: @Sendable (DogStatsDAddress) throws -> [AgentEndpoint]
  private let state = Mutex(State())

  init(_ address: DogStatsDAddress, find: @escaping @Sendable (DogStatsDAddress) throws -> [AgentEndpoint]) {
    self.address = address
    self.find = find
  }

  func ask() {
    let isFree = state.withLock { state in
      defer { state.isAsking = true }
      return !state.isAsking
    }
    guard isFree else { return }
    DispatchQueue.global(qos: .utility).async { [self] in
      // No answer leaves the addresses as they are: they may be right.
      let found = try? find(address)
      state.withLock { state in
        state.isAsking = false
        if let found, !found.isEmpty { state.answer = found }
      }
    }
  }

  func takeAnswer() -> [AgentEndpoint]? { state.withLock { $0.answer.take() } }
}
