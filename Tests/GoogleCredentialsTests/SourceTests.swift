// Where a credential is found, and what is said of a file that is none.

import Foundation
import Testing

@testable import GoogleCredentials

@Suite struct SourceTests {
  @Test func theOrderIsThatOfApplicationDefaultCredentials() throws {
    func source(_ environment: [String: String], _ files: Set<String>) throws -> GoogleSource.Place {
      try GoogleSource.applicationDefault(environment: environment, fileExists: { files.contains($0) }).place
    }
    let gcloud = "/home/lee/.config/gcloud/application_default_credentials.json"
    let all = ["GOOGLE_APPLICATION_CREDENTIALS": "/key.json", "HOME": "/home/lee", "GCE_METADATA_HOST": "metadata:8"]
    #expect(try source(all, ["/key.json", gcloud]) == .file("/key.json"))
    let unnamed = all.filter { $0.key != "GOOGLE_APPLICATION_CREDENTIALS" }
    #expect(try source(unnamed, ["/key.json", gcloud]) == .file(gcloud))
    #expect(try source(unnamed, []) == .metadataServer(host: "metadata:8"))
    #expect(try source([:], []) == .metadataServer(host: "metadata.google.internal"))
    let moved = unnamed.merging(["CLOUDSDK_CONFIG": "/opt/gcloud"]) { $1 }
    #expect(
      try source(moved, [gcloud, "/opt/gcloud/application_default_credentials.json"])
        == .file("/opt/gcloud/application_default_credentials.json"))
    // A name that leads nowhere is not passed over for another credential.
    let error = #expect(throws: GoogleCredentialError.self) { try source(all, [gcloud]) }
    #expect(error?.reason == .unreadable && error?.description.contains("GOOGLE_APPLICATION_CREDENTIALS names /key.json") == true)
  }

  private func error(_ text: String) -> GoogleCredentialError? {
    do {
      _ = try CredentialFile(data: Data(text.utf8), place: "Google credential file /f (named by the configuration)")
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("not JSON s3cret", "is not a JSON object"), ("[\"s3cret\"]", "is not a JSON object"), ("", "is not a JSON object"),
    ("{}", "has no member `type`"), (#"{"type": 7}"#, "member `type` must be text"),
    (#"{"type": "s3cret"}"#, "member `type` must be service_account, authorized_user, external_account or"),
    (#"{"type": "service_account", "client_email": "a@b"}"#, "has no member `private_key`; download"),
    (#"{"type": "service_account", "private_key": "s3cret"}"#, "has no member `client_email`"),
    (#"{"type": "service_account", "client_email": "a@b", "private_key": "s3cret"}"#, "member `private_key` is not the PEM text"),
    (
      #"{"type": "service_account", "client_email": "a@b", "private_key": "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n"}"#,
      "member `private_key` is not the PEM text"
    ),
    (#"{"type": "authorized_user", "client_id": "i", "client_secret": "s3cret"}"#, "has no member `refresh_token`; run `gcloud"),
    (
      #"{"type": "authorized_user", "client_id": "i", "client_secret": null, "refresh_token": "s3cret"}"#,
      "member `client_secret` must be text"
    ),
    (
      #"{"type": "authorized_user", "client_id": "i", "client_secret": "c", "refresh_token": "s3cret", "token_uri": "http://evil.example/"}"#,
      "member `token_uri` must be an https address"
    ),
  ])
  func aFileThatIsNoneIsNamedWithTheMemberAndNotItsContent(text: String, expected: String) {
    let found = error(text)
    #expect(found?.description.contains(expected) == true, "\(String(describing: found))")
    #expect(found?.description.hasPrefix("Google credential file /f (named by the configuration)") == true)
    #expect(found?.description.contains("s3cret") == false)
  }

  @Test func aMissingFileIsNamed() {
    let error = #expect(throws: GoogleCredentialError.self) { try GoogleSource(file: "/nowhere/key.json").check() }
    #expect(error?.reason == .unreadable && error?.description.contains("/nowhere/key.json") == true)
  }

  @Test(arguments: [
    ("https://oauth2.googleapis.com/token", "https://oauth2.googleapis.com/token"),
    ("https://oauth2.mtls.googleapis.com/token", "https://oauth2.mtls.googleapis.com/token"),
    ("http://127.0.0.1:8000/token", TokenAudience.google), ("https://relay.example/token", TokenAudience.google),
    ("https://evilgoogleapis.com/token", TokenAudience.google), ("https://googleapis.com.evil.example/", TokenAudience.google),
  ])
  func theAudienceIsAlwaysGoogles(tokenAddress: String, audience: String) {
    #expect(TokenAudience.of(tokenAddress: tokenAddress) == audience)
  }
}
