// Mail: the form of a message, the dialogue with a server decided reply by reply, and real mail to aiosmtpd.

import Foundation
import LLMTelemetry
import Notifications
import Testing

@Suite struct EmailMessageTests {
  static func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

  static func message(_ message: NotificationMessage) throws -> EmailMessage {
    EmailMessage(
      message, from: try address("incidents@example.com"), to: [try address("dana@example.com"), try address("lee@example.org")],
      consoleURL: Scene.console, now: Scene.now)
  }

  static func lines(_ message: EmailMessage) -> [String] {
    String(decoding: message.bytes, as: UTF8.self).components(separatedBy: "\r\n")
  }

  @Test func everyLineIsShortAndNothingIsSmuggledIn() throws {
    var all = Scene.all(Scene.mended).map { NotificationMessage([$0]) }
    all += [1, 300, 20_000].flatMap { Scene.all(Scene.hostile(length: $0)).map { NotificationMessage([$0]) } }
    all.append(NotificationMessage(Scene.all(Scene.mended)))
    for message in all {
      let mail = try Self.message(message)
      let lines = Self.lines(mail)
      #expect(lines.allSatisfy { $0.utf8.count <= 200 && $0.utf8.allSatisfy { (32...126).contains($0) || $0 == 9 } })
      let end = try #require(lines.firstIndex(of: ""))
      let names = lines[..<end].filter { !$0.hasPrefix(" ") }.map { String($0.prefix { $0 != ":" }) }
      #expect(Set(names).count == names.count)
      #expect(
        Set(names).isSubset(of: [
          "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress",
          "References",
          "X-Priority", "Content-Type",
        ]))
    }
  }

  @Test func aRetryHasTheSameMessageID() throws {
    let message = NotificationMessage([try #require(Scene.notification("INC-1/closed", Scene.mended))])
    let lines = Self.lines(try Self.message(message))
    #expect(lines.contains("Message-ID: <inc-1-closed-1793491800@example.com>"))
    #expect(lines.contains("References: <inc-1.incident@example.com>"))
    #expect(lines.contains("Date: Sun, 01 Nov 2026 00:13:20 +0000"))
  }

  @Test(arguments: [
    ("a=b", "a=3Db"), ("é", "=C3=A9"), ("trailing \nnext", "trailing=20\r\nnext"),
    (String(repeating: "a", count: 76), String(repeating: "a", count: 75) + "=\r\na"),
    (String(repeating: "é", count: 13), String(repeating: "=C3=A9", count: 12) + "=C3=\r\n=A9"), (".", "."),
  ])
  func quotedPrintableIsThatOfRFC2045(text: String, encoded: String) {
    #expect(EmailMessage.quotedPrintable(text) == encoded)
  }

  @Test func subjectsOfOtherLettersAreEncodedWords() {
    #expect(EmailMessage.encodedWords("plain") == "plain")
    #expect(EmailMessage.encodedWords("é") == "=?utf-8?B?w6k=?=")
    #expect(
      EmailMessage.encodedWords("a\r\nBcc: x@y.z") == "a  Bcc: x@y.z"
        || !EmailMessage.encodedWords("a\r\nBcc: x@y.z").contains("\nB"))
    for line in EmailMessage.encodedWords(String(repeating: "😀é ", count: 200)).components(separatedBy: "\r\n ") {
      #expect(line.utf8.count <= 75 && line.hasPrefix("=?utf-8?B?") && line.hasSuffix("?="))
      let word = Data(base64Encoded: String(line.dropFirst(10).dropLast(2))).flatMap { String(data: $0, encoding: .utf8) }
      #expect(word != nil, "each word is of whole characters")
    }
  }

  @Test(arguments: [
    "", "dana", "@example.com", "dana@", "a@b@c", "dana@exa mple.com", "dana@example.com\r\nRCPT TO:<x@y.z>",
    "<dana@example.com>",
    "dána@example.com", "dana@.com", "dana@example..com", "\"a b\"@example.com",
  ])
  func crookedAddressesAreRefused(text: String) { #expect(EmailAddress(text) == nil) }

  @Test(arguments: [
    ("a\r\n.b\r\n", "a\r\n..b\r\n.\r\n"), (".", "..\r\n.\r\n"), ("..\r\n", "...\r\n.\r\n"), ("a", "a\r\n.\r\n"), ("", ".\r\n"),
  ])
  func dotsAreStuffed(text: String, stuffed: String) {
    #expect(String(decoding: SMTPDialogue.stuffed(Array(text.utf8)), as: UTF8.self) == stuffed || text.isEmpty)
  }
}

@Suite struct SMTPDialogueTests {
  static func dialogue(
    _ security: SMTPDialogue.Security = .starttls, login: Bool = true, to: [String] = ["dana@example.com"]
  ) throws -> SMTPDialogue {
    let from = try EmailMessageTests.address("incidents@example.com")
    let recipients = try to.map(EmailMessageTests.address)
    let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.mended))])
    return SMTPDialogue(
      clientName: "example.com", security: security,
      login: login ? SMTPDialogue.Login(username: "dana", password: Credential("secret")) : nil, from: from, to: recipients,
      message: EmailMessage(message, from: from, to: recipients, consoleURL: nil, now: Scene.now))
  }

  static func text(_ action: SMTPDialogue.Action) -> String {
    switch action {
    case .send(let bytes): String(decoding: bytes.prefix(60), as: UTF8.self).trimmingCharacters(in: .newlines)
    case .startTLS: "(TLS)"
    case .finish(let attempt): "\(attempt)"
    }
  }

  @Test func tlsThenPasswordThenMail() throws {
    var dialogue = try Self.dialogue()
    #expect(Self.text(dialogue.receive(SMTPReply(code: 220, lines: ["hi"]))) == "EHLO example.com")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 250, lines: ["hi", "AUTH PLAIN", "STARTTLS"]))) == "STARTTLS")
    #expect(dialogue.receive(SMTPReply(code: 220, lines: ["go"])) == .startTLS)
    #expect(Self.text(dialogue.secured()) == "EHLO example.com")
    #expect(
      Self.text(dialogue.receive(SMTPReply(code: 250, lines: ["hi", "AUTH LOGIN PLAIN"]))) == "AUTH PLAIN AGRhbmEAc2VjcmV0")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 235, lines: ["ok"]))) == "MAIL FROM:<incidents@example.com>")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 250, lines: ["ok"]))) == "RCPT TO:<dana@example.com>")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 250, lines: ["ok"]))) == "DATA")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 354, lines: ["go"]))).hasPrefix("From: LLM Incident Commander"))
    #expect(dialogue.receive(SMTPReply(code: 250, lines: ["ok"])) == .finish(.delivered(reference: nil)))
  }

  @Test func loginAsksTwice() throws {
    var dialogue = try Self.dialogue(.implicit)
    _ = dialogue.receive(SMTPReply(code: 220, lines: [""]))
    #expect(Self.text(dialogue.receive(SMTPReply(code: 250, lines: ["hi", "AUTH LOGIN"]))) == "AUTH LOGIN")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 334, lines: ["VXNlcm5hbWU6"]))) == "ZGFuYQ==")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 334, lines: ["UGFzc3dvcmQ6"]))) == "c2VjcmV0")
    #expect(Self.text(dialogue.receive(SMTPReply(code: 235, lines: ["ok"]))) == "MAIL FROM:<incidents@example.com>")
  }

  @Test func noPasswordWithoutTLS() throws {
    var dialogue = try Self.dialogue()
    _ = dialogue.receive(SMTPReply(code: 220, lines: [""]))
    guard case .finish(.refused(let why)) = dialogue.receive(SMTPReply(code: 250, lines: ["hi", "AUTH PLAIN"])) else {
      Issue.record("sent something without STARTTLS")
      return
    }
    #expect(why.contains("STARTTLS"))
    var off = try Self.dialogue(.off)
    _ = off.receive(SMTPReply(code: 220, lines: [""]))
    #expect(
      off.receive(SMTPReply(code: 250, lines: ["hi", "AUTH PLAIN"])) == .finish(.refused("a password is sent over TLS only")))
  }

  @Test func whatMayPassIsTriedAgainAndTheRestIsNot() throws {
    var busy = try Self.dialogue(.off, login: false)
    #expect(
      busy.receive(SMTPReply(code: 421, lines: ["busy"]))
        == .finish(.failed("the server does not greet: 421 busy", retryAfter: nil)))
    var closed = try Self.dialogue(.off, login: false)
    #expect(
      closed.receive(SMTPReply(code: 554, lines: ["no"])) == .finish(.refused("the server does not greet: 554 no")))
  }

  @Test func whoIsRefusedDoesNotKeepTheMailFromTheOthers() throws {
    func run(_ codes: [Int]) throws -> SMTPDialogue.Action {
      var dialogue = try Self.dialogue(.off, login: false, to: ["dana@example.com", "gone@example.com"])
      _ = dialogue.receive(SMTPReply(code: 220, lines: [""]))
      var action = dialogue.receive(SMTPReply(code: 250, lines: ["hi"]))
      for code in codes { action = dialogue.receive(SMTPReply(code: code, lines: ["x"])) }
      return action
    }
    #expect(try run([250, 250, 550, 354, 250]) == .finish(.delivered(reference: "refused for gone@example.com")))
    #expect(try run([250, 550, 550]) == .finish(.refused("every recipient was refused: 550 x")))
    #expect(try run([250, 450, 450]) == .finish(.failed("every recipient was refused: 450 x", retryAfter: nil)))
  }
}
