// The members of a credential file, read by name: errors say which one is wrong and nothing of what is in it.

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A member's value as far as it matters here.
enum CredentialMember: Decodable, Sendable {
  case text(String)
  case number(Double)
  case list([CredentialMember])
  case object([String: CredentialMember])
  case other

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    self =
      (try? value.decode(String.self)).map(CredentialMember.text)
      ?? (try? value.decode(Double.self)).map(CredentialMember.number)
      ?? (try? value.decode([CredentialMember].self)).map(CredentialMember.list)
      ?? (try? value.decode([String: CredentialMember].self)).map(CredentialMember.object) ?? .other
  }
}

struct CredentialMembers: Sendable {
  let members: [String: CredentialMember]
  let place: String
  /// Of the object these are the members of: `credential_source.`
  var path = ""

  func has(_ name: String) -> Bool { members[name] != nil }

  func problem(
    _ name: String, _ what: String, _ reason: GoogleCredentialError.Reason = .malformed
  ) -> GoogleCredentialError {
    GoogleCredentialError(reason, "\(place): member `\(path)\(name)` \(what)")
  }

  func text(_ name: String, remedy: String) throws(GoogleCredentialError) -> String {
    guard let text = try optionalText(name) else {
      throw GoogleCredentialError(.malformed, "\(place) has no member `\(path)\(name)`; \(remedy)")
    }
    return text
  }

  func optionalText(_ name: String) throws(GoogleCredentialError) -> String? {
    switch members[name] {
    case nil: return nil
    case .text(let text) where !text.isEmpty: return text
    default: throw problem(name, "must be text that is not empty; write the file anew")
    }
  }

  func optionalObject(_ name: String) throws(GoogleCredentialError) -> CredentialMembers? {
    switch members[name] {
    case nil: return nil
    case .object(let members): return CredentialMembers(members: members, place: place, path: "\(path)\(name).")
    default: throw problem(name, "must be an object; write the file anew")
    }
  }

  func object(_ name: String, remedy: String) throws(GoogleCredentialError) -> CredentialMembers {
    guard let object = try optionalObject(name) else {
      throw GoogleCredentialError(.malformed, "\(place) has no member `\(path)\(name)`; \(remedy)")
    }
    return object
  }

  /// An empty list where there is none.
  func texts(_ name: String) throws(GoogleCredentialError) -> [String] {
    guard let member = members[name] else { return [] }
    guard case .list(let list) = member else { throw problem(name, "must be a list of texts; write the file anew") }
    var texts: [String] = []
    for item in list {
      guard case .text(let text) = item, !text.isEmpty else {
        throw problem(name, "must be a list of texts; write the file anew")
      }
      texts.append(text)
    }
    return texts
  }

  /// What is sent there is worth as much as a token, so it travels encrypted, or within this machine.
  func address(_ name: String, usually: String, allowsLinkLocal: Bool = false) throws(GoogleCredentialError) -> String? {
    guard let address = try optionalText(name) else { return nil }
    let near = ["localhost", "127.0.0.1", "::1", "[::1]"]
    guard let url = URL(string: address), let host = url.host(), !host.isEmpty,
      url.scheme == "https"
        || (url.scheme == "http" && (near.contains(host) || (allowsLinkLocal && host.hasPrefix("169.254."))))
    else { throw problem(name, "must be an https address, usually \(usually); correct it or take it out") }
    return address
  }
}
