// One mail over SMTP (RFC 5321), decided reply by reply: what to send next, and what a refusal means. No bytes move here.

package struct SMTPReply: Hashable, Sendable {
  package let code: Int
  /// Without the code; one for each line.
  package let lines: [String]

  package init(code: Int, lines: [String]) {
    self.code = code
    self.lines = lines
  }
}

package struct SMTPDialogue: Sendable {
  package enum Security: String, CaseIterable, Hashable, Sendable {
    /// The connection begins in the clear and must become TLS.
    case starttls
    /// TLS from the first byte.
    case implicit
    /// For a relay on this machine.
    case off
  }

  package struct Login: Sendable {
    package let username: String
    package let password: Credential
    package init(username: String, password: Credential) {
      self.username = username
      self.password = password
    }
  }

  package enum Action: Hashable, Sendable {
    case send([UInt8])
    /// Become TLS, then call `secured()`.
    case startTLS
    case finish(Attempt)
  }

  private enum State: Sendable {
    case greeting
    case hello
    case startTLS
    case authenticatePlain
    case authenticateLogin, authenticateUsername, authenticatePassword
    case from
    case recipient(Int)
    case data
    case content
    case over
  }

  private let clientName: String
  private let security: Security
  private let login: Login?
  private let from: EmailAddress
  private let to: [EmailAddress]
  private let message: EmailMessage
  private var state = State.greeting
  private var isSecure: Bool
  private var refusedRecipients: [String] = []
  private var lastRefusal: SMTPReply?

  package init(
    clientName: String, security: Security, login: Login?, from: EmailAddress, to: [EmailAddress], message: EmailMessage
  ) {
    self.clientName = clientName
    self.security = security
    self.login = login
    self.from = from
    self.to = to
    self.message = message
    isSecure = security == .implicit
  }

  /// After the handshake: everything that was said before it is forgotten (RFC 3207).
  package mutating func secured() -> Action {
    isSecure = true
    return hello()
  }

  package mutating func receive(_ reply: SMTPReply) -> Action {
    switch state {
    case .greeting:
      guard reply.code == 220 else { return fail(reply, "the server does not greet") }
      return hello()
    case .hello:
      guard reply.code == 250 else { return fail(reply, "EHLO was refused") }
      return afterHello(extensions: reply.lines.dropFirst().map { $0.uppercased() })
    case .startTLS:
      guard reply.code == 220 else { return fail(reply, "STARTTLS was refused") }
      return .startTLS
    case .authenticatePlain, .authenticatePassword:
      guard reply.code == 235 else { return fail(reply, "the login was refused") }
      return mailFrom()
    case .authenticateLogin:
      // It asks for the name, whatever its words.
      guard reply.code == 334, let login else { return fail(reply, "the login was refused") }
      state = .authenticateUsername
      return .send(line(base64(Array(login.username.utf8))))
    case .authenticateUsername:
      guard reply.code == 334, let login else { return fail(reply, "the login was refused") }
      state = .authenticatePassword
      return .send(line(base64(Array(login.password.text.utf8))))
    case .from:
      guard reply.code == 250 else { return fail(reply, "the sender was refused") }
      return recipient(0)
    case .recipient(let index):
      if !(250...252).contains(reply.code) {
        refusedRecipients.append(to[index].text)
        lastRefusal = reply
      }
      return recipient(index + 1)
    case .data:
      guard reply.code == 354 else { return fail(reply, "DATA was refused") }
      state = .content
      return .send(Self.stuffed(message.bytes))
    case .content:
      guard reply.code == 250 else { return fail(reply, "the message was refused") }
      state = .over
      // Who did get it must not get it twice, so this is delivered; who did not is told in the delivery log.
      let missing = refusedRecipients.isEmpty ? nil : "refused for \(refusedRecipients.joined(separator: ", "))"
      return .finish(.delivered(reference: missing))
    case .over: return .finish(.failed("the server goes on talking", retryAfter: nil))
    }
  }

  private mutating func hello() -> Action {
    state = .hello
    return .send(line("EHLO \(clientName)"))
  }

  private mutating func afterHello(extensions: [String]) -> Action {
    let words = extensions.map { $0.split(separator: " ").map(String.init) }
    if security == .starttls, !isSecure {
      guard words.contains(where: { $0.first == "STARTTLS" }) else {
        return end(.refused("the server offers no STARTTLS, and nothing is sent without; use another port or tls: implicit"))
      }
      state = .startTLS
      return .send(line("STARTTLS"))
    }
    guard let login else { return mailFrom() }
    guard isSecure else { return end(.refused("a password is sent over TLS only")) }
    let mechanisms = Set(words.first { $0.first == "AUTH" }?.dropFirst() ?? [])
    if mechanisms.contains("PLAIN") {
      state = .authenticatePlain
      let text = [0] + Array(login.username.utf8) + [0] + Array(login.password.text.utf8)
      return .send(line("AUTH PLAIN \(base64(text))"))
    }
    if mechanisms.contains("LOGIN") {
      state = .authenticateLogin
      return .send(line("AUTH LOGIN"))
    }
    return end(.refused("the server offers neither AUTH PLAIN nor AUTH LOGIN"))
  }

  private mutating func mailFrom() -> Action {
    state = .from
    return .send(line("MAIL FROM:<\(from.text)>"))
  }

  private mutating func recipient(_ index: Int) -> Action {
    if index < to.count {
      state = .recipient(index)
      return .send(line("RCPT TO:<\(to[index].text)>"))
    }
    if refusedRecipients.count == to.count, let lastRefusal { return fail(lastRefusal, "every recipient was refused") }
    state = .data
    return .send(line("DATA"))
  }

  /// 4xx may pass, 5xx is for good.
  private mutating func fail(_ reply: SMTPReply, _ what: String) -> Action {
    let said = TextLimit.cut(TextLimit.line(reply.lines.joined(separator: " ")), to: 200)
    let text = "\(what): \(reply.code) \(said)"
    return end((400..<500).contains(reply.code) ? .failed(text, retryAfter: nil) : .refused(text))
  }

  private mutating func end(_ attempt: Attempt) -> Action {
    state = .over
    return .finish(attempt)
  }

  private func line(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }

  /// The message with a dot before each line that begins with one, and the line of a single dot at its end (RFC 5321, 4.5.2).
  package static func stuffed(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + 64)
    var isLineStart = true
    for byte in bytes {
      if isLineStart, byte == 46 { output.append(46) }
      output.append(byte)
      isLineStart = byte == 10
    }
    if !isLineStart { output += [13, 10] }
    return output + [46, 13, 10]
  }
}
