// The list `notifications.email`: a mail server and who is written to.

import LLMTelemetry
import Notifications
import StrictYAML

extension ConfigurationReader {
  func readEmail(_ item: YAMLValue) -> NotificationSettings.Receiver? {
    let known = [
      "name", "host", "port", "tls", "username", "password", "from", "to", "allow_private", "certificate_authority",
    ]
    guard let mapping = item.mapping(known) else { return nil }
    let (policy, trust) = readConnection(mapping)
    let name = mapping.required("name", "a word that the delivery log shows")?.string()
    let host = mapping.required("host", "the mail server, for example smtp.example.com")
    let hostName = host?.string()
    if let host, let hostName { checkHost(hostName, policy, host) }
    let security = mapping["tls"]?.choice(SMTPDialogue.Security.self) ?? .starttls
    let port = mapping["port"]?.integer(1...65_535) ?? security.usualPort
    let from = mapping.required("from", "the sender, for example incidents@example.com").flatMap(readEmailAddress)
    let recipients = mapping.required("to", "a list of addresses")
    let to = (recipients?.list() ?? []).compactMap(readEmailAddress)
    if let recipients, recipients.isEmptyList || to.count > 50 {
      recipients.problem("`\(recipients.path)` must have 1 to 50 addresses; use a mailing list for more")
    }
    let login = readLogin(mapping, security)
    if security == .off, !policy.allowsPrivate {
      mapping["tls"]?.problem(
        "`tls: off` sends in the clear, so it needs `allow_private: true` and a relay on this machine or network; use starttls")
    }
    guard let name, let hostName, let from, !to.isEmpty else { return nil }
    let server = SMTPServer(host: hostName, port: port, security: security, policy: policy, trust: trust)
    return .init(name: name, target: .email(server, login, from: from, to: to), policy: policy, trust: trust)
  }

  private func readLogin(_ mapping: YAMLMapping, _ security: SMTPDialogue.Security) -> SMTPDialogue.Login? {
    switch (mapping["username"], mapping["password"]) {
    case (nil, nil): return nil
    case (let username?, let password?):
      if security == .off { password.problem("a password is sent over TLS only; set `tls` to starttls or implicit") }
      guard let name = username.string(), let text = secret(password) else { return nil }
      return SMTPDialogue.Login(username: name, password: Credential(text))
    case (let username?, nil):
      username.problem("`\(username.path)` needs `password`: {environment: NAME} or {file: PATH}")
      return nil
    case (nil, let password?):
      password.problem("`\(password.path)` needs `username`")
      return nil
    }
  }

  private func readEmailAddress(_ value: YAMLValue) -> EmailAddress? {
    guard let text = value.string() else { return nil }
    guard let address = EmailAddress(text) else {
      value.problem(
        "`\(value.path)` must be a plain address such as on-call@example.com; write a domain of other letters as xn--…")
      return nil
    }
    return address
  }
}

extension YAMLValue {
  /// A list with nothing in it.
  fileprivate var isEmptyList: Bool { list()?.isEmpty ?? false }
}

extension SMTPDialogue.Security {
  fileprivate var usualPort: Int {
    switch self {
    case .starttls: 587
    case .implicit: 465
    case .off: 25
    }
  }
}
