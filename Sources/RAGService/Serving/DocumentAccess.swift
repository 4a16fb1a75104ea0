// Who may change documents.
import Crypto
import Foundation
import Hummingbird

/// Who may change documents: whoever has the key, or, where there is none, whoever is on this machine.
struct DocumentAccess: Sendable {
  let key: String?
  let isLoopback: Bool

  func check(_ request: Request) throws(Refusal) {
    guard let key else {
      guard isLoopback else {
        throw Refusal(
          status: .forbidden, errorClass: "forbidden",
          message: "documents cannot be changed from outside without a key; configure `access.documents`")
      }
      // A page of another site can give its own name this machine's address; it cannot change the name it was loaded under.
      guard Self.isLoopback(authority: request.head.authority) else {
        throw Refusal(
          status: .forbidden, errorClass: "forbidden",
          message: "documents are changed under the name localhost or 127.0.0.1; for another name configure `access.documents`")
      }
      return
    }
    let header = request.headers[.authorization] ?? ""
    let given = header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : ""
    // Of equal length and random: how long the comparison takes tells nothing about the key.
    guard SHA256.hash(data: Data(given.utf8)) == SHA256.hash(data: Data(key.utf8)) else {
      throw Refusal(
        status: .unauthorized, errorClass: "auth", message: "send the key for documents as Authorization: Bearer KEY")
    }
  }

  static func isLoopback(authority: String?) -> Bool {
    guard let authority else { return true }
    let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
    return host == "localhost" || host == "::1" || LoadRun.isLoopback("http://\(host)")
  }
}
