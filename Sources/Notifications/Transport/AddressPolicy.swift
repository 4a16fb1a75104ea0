// Which addresses a notification may be sent to: by what a name resolved to, since a name says nothing.

import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Guards against a configured or redirected name that leads into this machine or its network (server-side request forgery).
package struct AddressPolicy: Hashable, Sendable {
  /// True lets loopback, link-local and private networks through; a cloud's metadata service stays closed.
  package var allowsPrivate: Bool

  package init(allowsPrivate: Bool = false) { self.allowsPrivate = allowsPrivate }

  /// Why `address` is refused, in words; `nil` when it may be connected to.
  package func refusal(of address: SocketAddress) -> String? {
    switch address {
    case .v4(let v4):
      return refusal(ofIPv4: UInt32(bigEndian: v4.address.sin_addr.s_addr))
    case .v6(let v6):
      return refusal(ofIPv6: withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) })
    case .unixDomainSocket: return "a Unix socket"
    }
  }

  private func refusal(ofIPv4 address: UInt32) -> String? {
    // Instance metadata: 169.254.169.254 of most clouds, Alibaba's 100.100.100.200, Azure's 168.63.129.16.
    if [0xA9FE_A9FE, 0x6464_64C8, 0xA83F_8110].contains(address) { return "a metadata service" }
    if Self.unusable.contains(where: { $0.holds(address) }) { return "not a unicast address" }
    guard !allowsPrivate else { return nil }
    return Self.internalNetworks.first { $0.holds(address) }?.meaning
  }

  private struct Network {
    let prefix: UInt32
    let bits: UInt32
    let meaning: String
    func holds(_ address: UInt32) -> Bool { address >> (32 - bits) == prefix >> (32 - bits) }
  }

  private static let unusable = [
    Network(prefix: 0xE000_0000, bits: 4, meaning: "multicast"), Network(prefix: 0xFFFF_FFFF, bits: 32, meaning: "broadcast"),
  ]

  /// The special-purpose registry of RFC 6890 and its updates, as far as packets could go there.
  private static let internalNetworks = [
    Network(prefix: 0x0000_0000, bits: 8, meaning: "this machine (0.0.0.0/8)"),
    Network(prefix: 0x7F00_0000, bits: 8, meaning: "loopback"),
    Network(prefix: 0x0A00_0000, bits: 8, meaning: "a private network"),
    Network(prefix: 0xAC10_0000, bits: 12, meaning: "a private network"),
    Network(prefix: 0xC0A8_0000, bits: 16, meaning: "a private network"),
    Network(prefix: 0xA9FE_0000, bits: 16, meaning: "link-local"),
    Network(prefix: 0x6440_0000, bits: 10, meaning: "a carrier's shared network (100.64.0.0/10)"),
    Network(prefix: 0xC000_0000, bits: 24, meaning: "reserved"), Network(prefix: 0xC000_0200, bits: 24, meaning: "reserved"),
    Network(prefix: 0xC612_0000, bits: 15, meaning: "reserved for benchmarks"),
    Network(prefix: 0xC633_6400, bits: 24, meaning: "reserved"), Network(prefix: 0xCB00_7100, bits: 24, meaning: "reserved"),
    Network(prefix: 0xF000_0000, bits: 4, meaning: "reserved"),
  ]

  private func refusal(ofIPv6 bytes: [UInt8]) -> String? {
    guard bytes.count == 16 else { return "unreadable" }
    // An IPv4 address in IPv6 clothes: mapped, compatible, NAT64 and 6to4.
    let low = bytes[12...15].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let isZeroTo10 = bytes[0..<10].allSatisfy { $0 == 0 }
    if isZeroTo10, bytes[10] == 0xFF, bytes[11] == 0xFF { return refusal(ofIPv4: low) }
    if bytes[0..<4].elementsEqual([0x00, 0x64, 0xFF, 0x9B]) { return refusal(ofIPv4: low) }
    if bytes[0] == 0x20, bytes[1] == 0x02 {
      return refusal(ofIPv4: bytes[2...5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
    // The metadata service of AWS: fd00:ec2::254.
    if bytes.elementsEqual([0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54]) { return "a metadata service" }
    if bytes[0] == 0xFF { return "not a unicast address" }
    guard !allowsPrivate else { return nil }
    if isZeroTo10, bytes[10] == 0, bytes[11] == 0 { return low <= 1 ? "loopback" : refusal(ofIPv4: low) ?? "reserved" }
    if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return "link-local" }
    if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0xC0 { return "a private network" }
    if bytes[0] & 0xFE == 0xFC { return "a private network" }
    // Teredo and documentation.
    if bytes[0..<4].elementsEqual([0x20, 0x01, 0, 0]) || bytes[0..<4].elementsEqual([0x20, 0x01, 0x0D, 0xB8]) {
      return "reserved"
    }
    return nil
  }
}
