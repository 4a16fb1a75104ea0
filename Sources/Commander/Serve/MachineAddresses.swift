// What this machine is called by its neighbours: its names and the addresses of its interfaces.

import Foundation
import NIOCore
import StrictYAML

enum MachineAddresses {
  /// Names and addresses without ports, in lowercase; what the system does not tell is left out.
  static func all() -> [String] {
    let name = ProcessInfo.processInfo.hostName.lowercased()
    let short = name.split(separator: ".").first.map(String.init)
    let interfaces = ((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress?.lowercased() }
    return Array(Set(([name, short].compactMap(\.self) + interfaces).filter { !$0.isEmpty })).sorted()
  }
}

extension ListenAddress {
  /// Every address of the machine leads here.
  var isWildcard: Bool { ["0.0.0.0", "::", "*"].contains(host) }
}
