// Real mail to aiosmtpd: STARTTLS and TLS from the first byte, logins, and what a server refuses.

import Foundation
import LLMTelemetry
import Notifications
import Remediation
import Synchronization
import Testing

/// `scripts/conformance/smtp_server.py`, which ends when its standard input does.
final class MailServer: Sendable {
  struct Line: Decodable, Sendable {
    var port: Int?
    var from: String?
    var to: [String]?
    var tls: Bool?
    var user: String?
    var data: String?
    var refused: Int?
  }

  let port: Int
  let folder: String
  private let process: Process
  private let input: Pipe
  private let lines: AsyncStream<Line>

  init(_ arguments: [String]) async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    folder = FileManager.default.temporaryDirectory.appending(path: "mail-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let (stream, continuation) = AsyncStream.makeStream(of: Line.self)
    lines = stream
    process = Process()
    process.executableURL = root.appending(path: "scripts/conformance/run_verifier")
    process.arguments = ["smtp", root.appending(path: "scripts/conformance/smtp_server.py").path, "--folder", folder] + arguments
    input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    let buffer = Buffer()
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        continuation.finish()
      }
      for line in buffer.lines(after: data) {
        if let line = try? JSONDecoder().decode(Line.self, from: line) { continuation.yield(line) }
      }
    }
    try process.run()
    var iterator = stream.makeAsyncIterator()
    guard let first = await iterator.next(), let port = first.port else {
      throw CocoaError(
        .executableLoad, userInfo: [NSLocalizedDescriptionKey: "the mail server did not start; run scripts/bootstrap test"])
    }
    self.port = port
  }

  private final class Buffer: Sendable {
    private let rest = Mutex(Data())
    func lines(after data: Data) -> [Data] {
      rest.withLock { rest in
        rest += data
        var lines: [Data] = []
        while let end = rest.firstIndex(of: 10) {
          lines.append(Data(rest[rest.startIndex..<end]))
          rest = Data(rest[rest.index(after: end)...])
        }
        return lines
      }
    }
  }

  /// The next message or refusal.
  func next() async -> Line? {
    var iterator = lines.makeAsyncIterator()
    return await iterator.next()
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

@Suite(.serialized) struct MailServerTests {
  static func receiver(
    _ server: MailServer, _ security: SMTPDialogue.Security, login: (String, String)? = ("dana", "secret"),
    to: [String] = ["dana@example.com"], trusts: Bool = true, host: String = "localhost"
  ) throws -> EmailReceiver {
    EmailReceiver(
      name: "mail",
      server: SMTPServer(
        host: host, port: server.port, security: security, policy: AddressPolicy(allowsPrivate: true),
        trust: TLSTrust(authorityFile: trusts ? server.folder + "/ca.pem" : nil), timeout: .seconds(30)),
      login: login.map { SMTPDialogue.Login(username: $0.0, password: Credential($0.1)) },
      from: try EmailMessageTests.address("incidents@example.com"), to: try to.map(EmailMessageTests.address),
      consoleURL: Scene.console)
  }

  static func attempt(_ receiver: EmailReceiver, _ entries: [LedgerEntry] = Scene.mended, key: String = "INC-1/opened")
    async throws -> Attempt
  {
    let message = NotificationMessage([try #require(Scene.notification(key, entries))])
    return await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now)
  }

  @Test(arguments: [
    (SMTPDialogue.Security.starttls, [String]()), (.starttls, ["--exclude", "PLAIN"]), (.starttls, ["--exclude", "LOGIN"]),
  ])
  func arrivesOverTLSWithALogin(security: SMTPDialogue.Security, more: [String]) async throws {
    let server = try await MailServer(["--tls", security.rawValue, "--login", "dana:secret"] + more)
    defer { server.stop() }
    let receiver = try Self.receiver(server, security, to: ["dana@example.com", "lee@example.org"])
    #expect(try await Self.attempt(receiver) == .delivered(reference: nil))
    let mail = try #require(await server.next())
    #expect(mail.from == "incidents@example.com")
    #expect(mail.to == ["dana@example.com", "lee@example.org"])
    #expect(mail.tls == true)
    #expect(mail.user == "dana")
    #expect(mail.data?.contains("Subject: Opened: SEV-2 INC-1: Answers of rag-answer became poorly grounded") == true)
    #expect(mail.data?.contains("multipart/alternative") == true)
  }

  @Test func arrivesOverTLSFromTheFirstByte() async throws {
    let server = try await MailServer(["--tls", "implicit"])
    defer { server.stop() }
    #expect(try await Self.attempt(try Self.receiver(server, .implicit, login: nil)) == .delivered(reference: nil))
    #expect(await server.next()?.tls == true)
  }

  @Test func hostileNamesArriveAsText() async throws {
    let server = try await MailServer(["--tls", "off"])
    defer { server.stop() }
    let receiver = try Self.receiver(server, .off, login: nil)
    #expect(try await Self.attempt(receiver, Scene.hostile(length: 3_000)) == .delivered(reference: nil))
    let data = try #require(await server.next()?.data)
    let head = data.components(separatedBy: "\r\n\r\n")[0]
    #expect(!head.contains("\r\nBcc"))
    #expect(data.hasSuffix("--\r\n"), "nothing is cut off at a line of one dot")
  }

  @Test func aWrongPasswordIsGivenUp() async throws {
    let server = try await MailServer(["--tls", "starttls", "--login", "dana:secret"])
    defer { server.stop() }
    guard case .refused(let why) = try await Self.attempt(try Self.receiver(server, .starttls, login: ("dana", "wrong"))) else {
      Issue.record("taken with a wrong password")
      return
    }
    #expect(why.hasPrefix("the login was refused: 535") && !why.contains("wrong"))
  }

  @Test func aCertificateOfAnotherIsNotBelieved() async throws {
    let server = try await MailServer(["--tls", "starttls", "--login", "dana:secret"])
    defer { server.stop() }
    let unknown = try await Self.attempt(try Self.receiver(server, .starttls, trusts: false))
    #expect(unknown == .failed("no TLS: the certificate is not trusted, or for another name", retryAfter: nil))
    let other = try await MailServer(["--tls", "starttls", "--name", "other.example"])
    defer { other.stop() }
    let misnamed = try await Self.attempt(try Self.receiver(other, .starttls, login: nil))
    #expect(misnamed == .failed("no TLS: the certificate is not trusted, or for another name", retryAfter: nil))
  }

  @Test func aBusyServerIsTriedAgain() async throws {
    let server = try await MailServer(["--tls", "off", "--busy", "1"])
    defer { server.stop() }
    let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.mended))])
    let delivery = await Courier(policy: WebhookTests.quick).deliver(
      message, to: try Self.receiver(server, .off, login: nil), references: DeliveryReferences())?.first
    #expect(delivery?.outcome == .delivered)
    #expect(delivery?.attempts == 2)
  }

  @Test func whoIsRefusedIsInTheDeliveryLog() async throws {
    let server = try await MailServer(["--tls", "off", "--refuse", "gone@example.com"])
    defer { server.stop() }
    let receiver = try Self.receiver(server, .off, login: nil, to: ["dana@example.com", "gone@example.com"])
    #expect(try await Self.attempt(receiver) == .delivered(reference: "refused for gone@example.com"))
  }
}
