// A server that plays Google's token endpoint and a metadata server on port 0, and checks what it is sent as Google would.

import Foundation
import Hummingbird
import HTTPTypes
import JWTKit
import LLMTelemetry
import Logging
import NIOCore
import Synchronization

@testable import GoogleCredentials

/// What the endpoint is asked, decoded.
struct Ask: Sendable {
  var method: String
  var path: String
  var headers: HTTPFields
  var form: [String: String]
  var body: String
}

struct Reply: Sendable {
  var status = 200
  var body: String
  var headers: HTTPFields = [:]
  /// The body's first half is sent, the second never.
  var stalls = false

  static func token(_ value: String = "ya29.first", expiresIn: Int = 3_600) -> Reply {
    Reply(body: #"{"access_token":"\#(value)","expires_in":\#(expiresIn),"token_type":"Bearer"}"#)
  }
}

final class GoogleStandIn: Sendable {
  let asks = Mutex<[Ask]>([])
  private let reply: @Sendable (Ask, _ number: Int) async -> Reply
  /// Holds stalled replies until the test is over.
  private let release = AsyncStream.makeStream(of: Never.self)

  init(_ reply: @escaping @Sendable (Ask, _ number: Int) async -> Reply) { self.reply = reply }

  var askCount: Int { asks.withLock { $0.count } }

  /// Runs `body` with the address of the server, `127.0.0.1:PORT`.
  func whileRunning(_ body: @Sendable @escaping (_ address: String) async throws -> Void) async throws {
    let router = Router()
    for path in ["/token", "/subject", "/v1/**", "/computeMetadata/**"] as [RouterPath] {
      for method in [HTTPRequest.Method.get, .post] {
        router.on(path, method: method) { request, _ in try await self.answer(request) }
      }
    }
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "google")
    logger.logLevel = .critical
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      group.addTask {
        for await port in ports {
          defer { self.release.continuation.finish() }
          try await body("127.0.0.1:\(port)")
          return
        }
      }
      // The body ends first; a server that ends first has failed.
      try await group.next()
      group.cancelAll()
    }
  }

  private func answer(_ request: Request) async throws -> Response {
    let buffer = try await request.body.collect(upTo: 1 << 20)
    let ask = Ask(
      method: request.method.rawValue, path: request.uri.string, headers: request.headers,
      form: Self.form(String(buffer: buffer)),
      body: String(buffer: buffer))
    let number = asks.withLock {
      $0.append(ask)
      return $0.count
    }
    let reply = await reply(ask, number)
    let release = release.stream
    let body = reply.body
    guard reply.stalls else {
      return Response(
        status: .init(code: reply.status), headers: reply.headers, body: .init(byteBuffer: ByteBuffer(string: body)))
    }
    return Response(
      status: .init(code: reply.status), headers: reply.headers,
      body: .init { writer in
        try await writer.write(ByteBuffer(string: String(body.prefix(body.count / 2))))
        for await _ in release {}
        try await writer.finish(nil)
      })
  }

  static func form(_ text: String) -> [String: String] {
    var members: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
      if parts.count == 2 { members[parts[0]] = parts[1] }
    }
    return members
  }
}

/// The claims as any reader would define them, not as the code under test does.
struct Claims: JWTPayload, Equatable {
  var iss: String
  var aud: String
  var scope: String
  var iat: Int64
  var exp: Int64
  func verify(using algorithm: some JWTAlgorithm) {}
}

/// A service account whose key is made for this run of the tests, and its file.
struct ServiceAccount: Sendable {
  static let email = "gateway@project-1.iam.gserviceaccount.com"
  static let keyID = "0f1e2d3c"

  let privateKey: String
  let publicKey: Insecure.RSA.PublicKey

  /// One for the whole run: making an RSA key takes long.
  static let shared = Result { try ServiceAccount() }

  init() throws {
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    let output = Pipe()
    openssl.standardOutput = output
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    privateKey = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    openssl.waitUntilExit()
    publicKey = try Insecure.RSA.PrivateKey(pem: privateKey).publicKey
  }

  /// The file's members, as Google writes them.
  func members(tokenAddress: String) -> [String: String] {
    [
      "type": "service_account", "project_id": "project-1", "private_key_id": Self.keyID, "private_key": privateKey,
      "client_email": Self.email, "client_id": "1234", "auth_uri": "https://accounts.google.com/o/oauth2/auth",
      "token_uri": tokenAddress, "universe_domain": "googleapis.com",
    ]
  }

  /// Header and claims of an assertion, when its signature is this account's.
  func verified(_ assertion: String) async throws -> (header: [String: String], claims: Claims) {
    let keys = JWTKeyCollection()
    await keys.add(rsa: publicKey, digestAlgorithm: .sha256, kid: JWKIdentifier(string: Self.keyID))
    let claims = try await keys.verify(assertion, as: Claims.self)
    var encoded = String(assertion.prefix { $0 != "." }).replacing("-", with: "+").replacing("_", with: "/")
    while encoded.count % 4 != 0 { encoded += "=" }
    let header = try JSONDecoder().decode([String: String].self, from: Data(base64Encoded: encoded) ?? Data())
    return (header, claims)
  }
}

/// A folder with credential files that is gone after the test.
struct CredentialFolder: ~Copyable {
  let path = FileManager.default.temporaryDirectory.appending(path: "google-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ members: [String: String], name: String = "key.json") throws -> String {
    try write(text: String(decoding: try JSONEncoder().encode(members), as: UTF8.self), name: name)
  }

  func write(text: String, name: String = "key.json") throws -> String {
    let file = path + "/" + name
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }
}

/// A clock that stands still until it is moved.
final class Clock: Sendable {
  private let time = Mutex(Timestamp(unixSeconds: 1_793_491_200))
  let pauses = Mutex<[Duration]>([])

  var now: Timestamp { time.withLock { $0 } }
  func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

enum HTTPFieldNames {
  static let metadataFlavor = HTTPField.Name("Metadata-Flavor")
}
