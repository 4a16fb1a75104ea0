// Our assertion held against the one that Google's own Python library makes of the same key.

import Foundation
import LLMTelemetry
import Testing

@testable import GoogleCredentials

@Suite struct GoogleAuthTests {
  /// Header and claims of an assertion; every value is text or a whole number.
  struct Assertion: Decodable {
    enum Value: Decodable, Equatable {
      case text(String)
      case number(Int64)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
          self = .number(number)
        } else {
          self = .text(try container.decode(String.self))
        }
      }
    }

    var header: [String: Value]
    var claims: [String: Value]

    init(_ text: String) throws {
      var parts: [Data] = []
      for part in text.split(separator: ".") {
        var encoded = String(part).replacing("-", with: "+").replacing("_", with: "/")
        while encoded.utf8.count % 4 != 0 { encoded += "=" }
        parts.append(Data(base64Encoded: encoded) ?? Data())
      }
      guard parts.count == 3, parts[2].count == 256 else {
        throw PythonVerifier.Failure(description: "not header, claims and the signature of a key of 2048 bits")
      }
      header = try JSONDecoder().decode([String: Value].self, from: parts[0])
      claims = try JSONDecoder().decode([String: Value].self, from: parts[1])
    }
  }

  @Test(arguments: [true, false])
  func theAssertionIsThatOfGooglesLibrary(namesItsKey: Bool) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "google-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "key.json")
    var members = [
      "type": "service_account", "project_id": "p", "client_email": "gateway@p.iam.gserviceaccount.com", "client_id": "1",
      "private_key": try Self.privateKey(), "token_uri": "http://127.0.0.1:1/token",
    ]
    if namesItsKey { members["private_key_id"] = "0f1e2d3c" }
    try JSONEncoder().encode(members).write(to: file)

    let scope = GoogleTokenSource.cloudPlatform
    let golden: [Assertion] = try await PythonVerifier(environment: .sdkCurrent)
      .run("google_auth_golden.py", [file.path, scope])
    let theirs = try #require(golden.first)
    guard case .number(let issued) = theirs.claims["iat"] else { throw PythonVerifier.Failure(description: "no iat") }
    guard case .serviceAccount(let key) = try CredentialFile.read(path: file.path, origin: "test") else {
      throw PythonVerifier.Failure(description: "not read as a service account")
    }
    let ours = try Assertion(await key.assertion(scopes: [scope], at: Timestamp(unixSeconds: issued)))
    #expect(ours.header == theirs.header)
    #expect(ours.claims == theirs.claims)
  }

  /// One line of `google_federation_golden.py`.
  private struct Sent: Decodable {
    struct Body: Decodable {
      var scope: [String]
      var lifetime: String
    }

    var url: String
    var form: [String: String]?
    var json: Body?
  }

  @Test func federationAndImpersonationAreThoseOfGooglesLibrary() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "google-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, subject) = (folder.appending(path: "adc.json"), folder.appending(path: "subject"))
    try Data(#"{"id_token": "sub&ject=1"}"#.utf8).write(to: subject)
    let text = """
      {"type": "external_account", "audience": "//iam.googleapis.com/locations/global/workforcePools/pool/providers/p",
       "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token",
       "credential_source": {"file": "\(subject.path)", "format": {"type": "json", "subject_token_field_name": "id_token"}},
       "workforce_pool_user_project": "payer", "service_account_impersonation": {"token_lifetime_seconds": 1800},
       "service_account_impersonation_url":
         "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateAccessToken"}
      """
    try Data(text.utf8).write(to: file)

    let scope = GoogleTokenSource.cloudPlatform
    let sent: [Sent] = try await PythonVerifier(environment: .sdkCurrent)
      .run("google_federation_golden.py", [file.path, scope])
    guard
      case .impersonated(let impersonation, .externalAccount(let account)) = try CredentialFile.read(
        path: file.path, origin: "test")
    else { throw PythonVerifier.Failure(description: "not read as federation that ends in an account") }
    #expect(sent.map(\.url) == [account.tokenAddress, impersonation.address])
    let subjectToken = try #require(account.subjectToken(in: try Data(contentsOf: subject)))
    var components = URLComponents()
    components.percentEncodedQuery = account.form(subjectToken: subjectToken, scopes: [Impersonation.scope]).text
    var ours = Dictionary(uniqueKeysWithValues: (components.queryItems ?? []).map { ($0.name, $0.value ?? "") })
    var theirs = try #require(sent[0].form)
    // The same object, with a space that JSON does not mind.
    #expect(ours.removeValue(forKey: "options") == theirs.removeValue(forKey: "options")?.replacing("%20", with: ""))
    #expect(ours == theirs)
    let body = try JSONDecoder().decode(Sent.Body.self, from: impersonation.body(scopes: [scope]))
    #expect(body.scope == sent[1].json?.scope && body.lifetime == sent[1].json?.lifetime)
  }

  /// Made for this run; no key is in the repository.
  private static func privateKey() throws -> String {
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    let output = Pipe()
    openssl.standardOutput = output
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    let key = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    openssl.waitUntilExit()
    return key
  }
}
