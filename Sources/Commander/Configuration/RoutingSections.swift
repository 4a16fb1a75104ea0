// The sections that say who may call, where calls go, and which prompts the gateway holds.

import Gateway
import Providers
import StrictYAML

extension ConfigurationReader {
  func readKeys(_ value: YAMLValue?) -> [VirtualKey] {
    var keys: [VirtualKey] = []
    var names: [(String, YAMLValue)] = []
    var hashes: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      guard let key = item.mapping(["name", "sha256", "tenant", "feature"]) else { continue }
      let name = key.required("name", "a word that tells this key from the others")?.string()
      let hash = key.required("sha256", "the hash that `commander key create` printed")
      guard let name, let hash, let text = hash.string() else { continue }
      names.append((name, item))
      guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
        hash.problem(
          "`\(hash.path)` must be 64 lowercase hexadecimal digits, as `commander key create` prints; the key itself does not belong here"
        )
        continue
      }
      hashes.append((String(text.prefix(8)), hash))
      keys.append(VirtualKey(name: name, sha256: text, tenant: key["tenant"]?.string(), feature: key["feature"]?.string()))
    }
    checkUnique(names, "key")
    checkUnique(hashes, "key with the hash")
    return keys
  }

  func readProviders(_ value: YAMLValue?, into configuration: inout CommanderConfiguration) {
    var providers: [Provider] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      let known = [
        "name", "protocol", "base_url", "credential", "project", "location", "propagate", "certificate_authority",
      ]
      guard let provider = item.mapping(known) else { continue }
      let name = provider.required("name", "a word that routes refer to")?.string()
      let wireProtocol = provider.required("protocol", "openai, anthropic, gemini or vertex")?.choice(WireProtocol.self)
      let baseURL = provider.required("base_url", "where it is, for example https://us-central1-aiplatform.googleapis.com")
      let credential = provider["credential"].flatMap { readCredential($0) }
      guard let name, let wireProtocol, let baseURL, let text = baseURL.string() else { continue }
      names.append((name, item))
      guard let url = BaseURL(text) else {
        baseURL.problem("`\(baseURL.path)` must be http:// or https://, a host, and optionally a port and a path")
        continue
      }
      if url.path.hasSuffix("/v1") || url.path.hasSuffix("/v1beta") {
        baseURL.problem(
          "`\(baseURL.path)` must end before the version: the client's path brings it; write \(text.dropLast(url.path.count))")
      }
      var secret: (source: SecretSource, value: String)?
      switch credential {
      case .secret(let source, let value): secret = (source, value)
      case .google(let source): configuration.googleCredentials[name] = source
      case nil: break
      }
      if let value = provider["credential"] { configuration.places["providers.\(name).credential"] = value.place }
      providers.append(
        Provider(
          name: name, wireProtocol: wireProtocol, host: url.host, port: url.port, usesTLS: url.usesTLS, basePath: url.path,
          credential: secret?.value, project: provider["project"]?.string(), location: provider["location"]?.string()))
      providers[providers.count - 1].propagatesTrace = provider["propagate"]?.boolean() ?? false
      if let authority = provider["certificate_authority"] {
        if !url.usesTLS { authority.problem("`\(authority.path)` says nothing about http://; write https:// or leave it out") }
        providers[providers.count - 1].certificateAuthority = readAuthority(authority)
      }
      if let source = secret?.source, case .file = source { configuration.credentialFiles[name] = source }
      if configuration.googleCredentials[name] != nil {
        providers[providers.count - 1].sendsBearer = true
        if wireProtocol == .anthropic {
          provider["credential"]?.problem(
            "Anthropic takes no Google credential; Claude on Vertex AI is a provider with protocol vertex")
        }
      }
    }
    checkUnique(names, "provider")
    configuration.providers = providers
  }
}
