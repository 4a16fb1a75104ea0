// Which resolved addresses are refused, and that a connection is refused before it is made.

import LLMTelemetry
import NIOCore
import NIOPosix
import Notifications
import Testing

@Suite struct AddressPolicyTests {
  static func refuses(_ address: String, allowsPrivate: Bool = false) throws -> Bool {
    AddressPolicy(allowsPrivate: allowsPrivate).refusal(of: try SocketAddress(ipAddress: address, port: 443)) != nil
  }

  @Test(arguments: [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1",
    "100.64.0.1",
    "198.18.0.1", "192.0.0.8", "240.0.0.1", "::1", "::", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1",
    "::ffff:10.1.2.3", "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::1", "::127.0.0.1", "2001:db8::1", "2001:0:1::1",
  ])
  func insideIsRefusedUnlessAllowed(address: String) throws {
    #expect(try Self.refuses(address))
    if !["198.18.0.1"].contains(address) { #expect(try !Self.refuses(address, allowsPrivate: true)) }
  }

  @Test(arguments: [
    "169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "224.0.0.1",
    "255.255.255.255", "ff02::1",
  ])
  func metadataAndMulticastAreRefusedAlways(address: String) throws {
    #expect(try Self.refuses(address))
    #expect(try Self.refuses(address, allowsPrivate: true))
  }

  @Test(arguments: [
    "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "11.0.0.1", "192.167.1.1", "2606:4700::1111",
    "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
  ])
  func publicAddressesPass(address: String) throws { #expect(try !Self.refuses(address)) }

  @Test func aNameThatLeadsInsideIsRefusedBeforeTheConnection() async throws {
    let listener = HTTPListener()
    try await listener.whileRunning { origin in
      let inside = try #require(WebAddress(origin.replacing("127.0.0.1", with: "localhost") + "/hook"))
      await #expect(throws: ConnectionFailure.self) {
        try await HTTPSender(policy: AddressPolicy()).send(to: inside, headers: [], body: [])
      }
      let answer = try await HTTPSender(policy: AddressPolicy(allowsPrivate: true)).send(to: inside, headers: [], body: [])
      #expect(answer.status == 200)
    }
    #expect(listener.arrivals.count == 1)
  }

  /// A server that accepts and never says a word of TLS holds nobody longer than the time there is.
  @Test func aHandshakeThatNeverEndsIsCutOff() async throws {
    let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(silent.localAddress?.port)
    let receiver = WebhookReceiver(
      name: "ops", address: try #require(WebAddress("https://localhost:\(port)/hook")),
      secret: try WebhookSecret(WebhookTests.secretText),
      sender: HTTPSender(policy: AddressPolicy(allowsPrivate: true), timeout: .milliseconds(200)))
    let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.mended))])
    let attempt = await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now)
    #expect(attempt == .failed("no answer in time", retryAfter: nil))
    try await silent.close()
  }

  @Test func redirectsAreNotFollowed() async throws {
    let listener = HTTPListener { arrival, _ in
      HTTPListener.Answer(status: arrival.path == "/hook" ? 307 : 200, headers: ["location": "/elsewhere"])
    }
    try await listener.whileRunning { origin in
      let receiver = try WebhookTests.receiver(origin + "/hook")
      let message = NotificationMessage([try #require(Scene.notification("INC-1/opened", Scene.mended))])
      let attempt = await receiver.attempt(message, references: DeliveryReferences(), now: Scene.now)
      #expect(attempt == .refused("HTTP 307: redirects are not followed; name the final address"))
    }
    #expect(listener.arrivals.map(\.path) == ["/hook"])
  }

  @Test(arguments: [
    ("https://hooks.example.com/a?b=c", true, "hooks.example.com", 443, "/a?b=c"),
    ("http://[::1]:8080", false, "::1", 8_080, "/"),
    ("https://h:8443?x", true, "h", 8_443, "/?x"),
  ])
  func addressesAreTakenApart(text: String, usesTLS: Bool, host: String, port: Int, target: String) throws {
    let address = try #require(WebAddress(text))
    #expect(address.usesTLS == usesTLS && address.host == host && address.port == port && address.target == target)
  }

  @Test(arguments: [
    "", "ftp://a/b", "https://", "https://user:pass@host/", "https://a/b#c", "https://a b/", "https://a/\r\nHost: b",
    "https://a:0/",
    "https://a:70000/", "https://::1/",
  ])
  func crookedAddressesAreRefused(text: String) { #expect(WebAddress(text) == nil) }
}
