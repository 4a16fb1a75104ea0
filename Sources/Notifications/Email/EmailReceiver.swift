// Mail by SMTP: carries out what the dialogue decides, on a guarded connection that becomes TLS where it must.

import LLMTelemetry
import NIOCore

package struct SMTPServer: Hashable, Sendable {
  package var host: String
  package var port: Int
  package var security: SMTPDialogue.Security
  package var policy: AddressPolicy
  package var trust: TLSTrust
  /// For the whole mail.
  package var timeout: Duration

  package init(
    host: String, port: Int, security: SMTPDialogue.Security, policy: AddressPolicy, trust: TLSTrust = TLSTrust(),
    timeout: Duration = .seconds(60)
  ) {
    self.host = host
    self.port = port
    self.security = security
    self.policy = policy
    self.trust = trust
    self.timeout = timeout
  }
}

package struct EmailReceiver: Receiver {
  package let kind = "email"
  package let profile: ReceiverProfile
  private let server: SMTPServer
  private let login: SMTPDialogue.Login?
  private let from: EmailAddress
  private let to: [EmailAddress]
  private let consoleURL: String?

  package init(
    name: String, server: SMTPServer, login: SMTPDialogue.Login?, from: EmailAddress, to: [EmailAddress], consoleURL: String?
  ) {
    // A mailbox is not a log: what a person has to know or do.
    profile = ReceiverProfile(
      name: name,
      usual: [.opened, .severityRaised, .reopened, .resolved, .escalated, .approvalNeeded, .remediationEscalated, .postmortem])
    self.server = server
    self.login = login
    self.from = from
    self.to = to
    self.consoleURL = consoleURL
  }

  package func attempt(_ message: NotificationMessage, references: DeliveryReferences, now: Timestamp) async -> Attempt {
    let mail = EmailMessage(message, from: from, to: to, consoleURL: consoleURL, now: now)
    let dialogue = SMTPDialogue(
      clientName: from.domain, security: server.security, login: login, from: from, to: to, message: mail)
    do {
      return try await withDeadline(server.timeout) { try await converse(dialogue) }
    } catch is SMTPReplyReader.Malformed {
      return .refused("the server does not speak SMTP")
    } catch {
      return .judging(error)
    }
  }

  private func converse(_ dialogue: SMTPDialogue) async throws -> Attempt {
    let (channel, handshake) = try await GuardedConnection.connect(host: server.host, port: server.port, policy: server.policy) {
      channel in
      channel.eventLoop.makeCompletedFuture {
        let handshake =
          try server.security == .implicit ? TLSHandshake.begin(on: channel, host: server.host, trust: server.trust) : nil
        return (try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel), handshake)
      }
    }
    return try await channel.executeThenClose { inbound, outbound in
      if let handshake { try await TLSHandshake.wait(handshake, on: channel.channel) }
      var dialogue = dialogue
      var reader = SMTPReplyReader()
      var received = inbound.makeAsyncIterator()
      while true {
        guard let reply = try reader.next() else {
          guard let bytes = try await received.next() else { return .failed("the server closed the connection", retryAfter: nil) }
          reader.append(bytes.readableBytesView)
          continue
        }
        var action = dialogue.receive(reply)
        if case .startTLS = action {
          // Whatever came in the clear behind the go-ahead was slipped in by somebody else.
          guard reader.isEmpty else { return .refused("the server talks between STARTTLS and TLS") }
          try await startTLS(channel.channel)
          action = dialogue.secured()
        }
        switch action {
        case .send(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
        case .startTLS: return .refused("STARTTLS twice")
        case .finish(let attempt):
          // Polite, and nobody waits for the answer.
          try? await outbound.write(ByteBuffer(string: "QUIT\r\n"))
          return attempt
        }
      }
    }
  }

  private func startTLS(_ channel: any Channel) async throws {
    let (host, trust) = (server.host, server.trust)
    let handshake = try await channel.eventLoop.submit { try TLSHandshake.begin(on: channel, host: host, trust: trust) }.get()
    try await TLSHandshake.wait(handshake, on: channel)
  }
}
