// A provider with what every request to it repeats, made once for each configuration.

/// By reference, as `Shared`: requests pass their provider on several times.
final class ServedProvider: Sendable {
  let value: Provider
  /// Where its connections go.
  let endpoint: UpstreamEndpoint
  /// The header lines that are the same in every request to it: its name, what it must not do to its answers, and the credential.
  let fields: String

  init(_ provider: Provider) {
    value = provider
    endpoint = UpstreamEndpoint(provider)
    // Compression is refused, since usage must be read from the answer.
    var fields = "host: \(provider.authority)\r\naccept-encoding: identity\r\n"
    if let (name, value) = provider.credentialHeader { fields += "\(name): \(value)\r\n" }
    self.fields = fields
  }
}
