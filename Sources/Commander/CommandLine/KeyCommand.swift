// `commander key create`: makes a virtual key; shows it once and prints the configuration that accepts it.

import ArgumentParser
import Gateway

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Virtual keys of applications.", subcommands: [KeyCreate.self])
}

struct KeyCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a key. It is shown once; only its hash belongs in the configuration.")

  @Argument(help: "A word that tells this key from the others.")
  var name: String
  @Option(help: "The tenant of every request with this key; without it requests name their tenant.")
  var tenant: String?
  @Option(help: "The feature of every request with this key.")
  var feature: String?
  @Option(help: "yaml prints the key and the lines for `keys:`; json prints one object.")
  var output = Output.yaml

  enum Output: String, ExpressibleByArgument, CaseIterable { case yaml, json }

  func run() {
    let key = VirtualKeyHash.makeKey()
    let hash = VirtualKeyHash.sha256(of: key)
    switch output {
    case .yaml:
      Say.message("The key, shown this once: \(key)")
      Say.message("Add this under `keys:` in the configuration:")
      var lines = ["  - name: \(name)", "    sha256: \(hash)"]
      if let tenant { lines.append("    tenant: \(tenant)") }
      if let feature { lines.append("    feature: \(feature)") }
      Say.data(lines.joined(separator: "\n"))
    case .json:
      var members = ["key": key, "name": name, "sha256": hash]
      members["tenant"] = tenant
      members["feature"] = feature
      Say.data(JSONOutput.object(members))
    }
  }
}
