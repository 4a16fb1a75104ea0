// Which container this program runs in, for the Agent to tag its metrics with: the `c:`, `e:` and `card:` fields.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Fields of protocol 1.2 to 1.6. The Agent uses them when its client origin detection is on, and ignores them otherwise.
package struct DogStatsDOrigin: Hashable, Sendable {
  /// How many tags the Agent adds.
  package enum Cardinality: String, CaseIterable, Sendable {
    case none, low, orchestrator, high
  }

  /// `ci-ID` of a container, or `in-INODE` of its control group.
  package var container: String?
  /// What the Agent's admission controller has put into `DD_EXTERNAL_ENV`, as it stands there.
  package var externalData: String?
  package var cardinality: Cardinality?

  package init(container: String? = nil, externalData: String? = nil, cardinality: Cardinality? = nil) {
    self.container = container
    self.externalData = externalData
    self.cardinality = cardinality
  }

  /// What the environment (`DD_EXTERNAL_ENV`, `DD_CARDINALITY`, `DD_ORIGIN_DETECTION_ENABLED`) and the kernel say.
  package static func detected(environment: [String: String], files: ContainerFiles = .system) -> DogStatsDOrigin {
    let isOff = ["no", "false", "0", "n", "off"].contains(environment["DD_ORIGIN_DETECTION_ENABLED"]?.lowercased() ?? "")
    return DogStatsDOrigin(
      container: isOff ? nil : files.container,
      externalData: environment["DD_EXTERNAL_ENV"].flatMap { $0.isEmpty ? nil : $0 },
      cardinality: environment["DD_CARDINALITY"].flatMap { Cardinality(rawValue: $0.lowercased()) })
  }

  /// Bars and line ends would end the field, or the line.
  private static func isKept(_ byte: UInt8) -> Bool { byte > 0x20 && byte != UInt8(ascii: "|") && byte != 0x7f }

  private static func cleaned(_ text: String) -> String { String(decoding: text.utf8.filter(isKept), as: UTF8.self) }

  /// `|c:…|e:…|card:…`, those there are.
  var fields: String {
    var text = ""
    if let container { text += "|c:" + Self.cleaned(container) }
    if let externalData { text += "|e:" + Self.cleaned(externalData) }
    if let cardinality { text += "|card:" + cardinality.rawValue }
    return text
  }
}

/// What the kernel shows of control groups, so that tests can show something else.
package struct ContainerFiles: Sendable {
  /// `/proc/self/cgroup`: a line `NUMBER:CONTROLLERS:PATH` for each hierarchy.
  package var controlGroups: @Sendable () -> String?
  package var inode: @Sendable (_ path: String) -> UInt64?

  package init(controlGroups: @escaping @Sendable () -> String?, inode: @escaping @Sendable (_ path: String) -> UInt64?) {
    self.controlGroups = controlGroups
    self.inode = inode
  }

  package static var system: ContainerFiles {
    ContainerFiles(
      controlGroups: { read("/proc/self/cgroup") },
      inode: { path in
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
      })
  }

  /// The inode of the machine's own control group namespace: a program in it sees its container in the path; all others see `/`
  /// and are known by the inode of that.
  private static let hostNamespace: UInt64 = 0xEFFF_FFFB

  var container: String? {
    guard let lines = controlGroups()?.split(separator: "\n") else { return nil }
    let entries = lines.compactMap { line -> (controllers: Substring, path: Substring)? in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return parts.count == 3 ? (parts[1], parts[2]) : nil
    }
    if inode("/proc/self/ns/cgroup") == Self.hostNamespace {
      return entries.lazy.compactMap { Self.identifier(inPath: $0.path) }.first.map { "ci-\($0)" }
    }
    // Version 1 has a folder for each controller, version 2 one for all, without a name.
    for controller in ["memory", ""] {
      guard let entry = entries.last(where: { $0.controllers == controller }) else { continue }
      let path = ["/sys/fs/cgroup", controller, entry.path == "/" ? "" : String(entry.path.drop { $0 == "/" })]
        .filter { !$0.isEmpty }.joined(separator: "/")
      // 0 is none, 1 marks bad blocks, 2 is the root of a file system.
      if let inode = inode(path), inode > 2 { return "in-\(inode)" }
    }
    return nil
  }

  /// The last part of a path ends with an identifier and perhaps `.scope`: 64 hexadecimal digits (Docker, containerd, CRI-O), a
  /// UUID (Garden), or 32 digits with a number (ECS on Fargate).
  static func identifier(inPath path: Substring) -> String? {
    guard var name = path.split(separator: "/", omittingEmptySubsequences: false).last else { return nil }
    if name.hasSuffix(".scope") { name = name.dropLast(6) }
    let bytes = Array(name.utf8)
    func hexadecimals(_ range: Range<Int>) -> Bool {
      range.lowerBound >= 0
        && bytes[range].allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
    let end = bytes.count
    if end >= 64, hexadecimals(end - 64..<end) { return String(decoding: bytes[(end - 64)...], as: UTF8.self) }
    if end >= 36 {
      let groups = [(0, 8), (9, 13), (14, 18), (19, 23), (24, 36)].map { end - 36 + $0.0..<end - 36 + $0.1 }
      let marks = [8, 13, 18, 23].map { bytes[end - 36 + $0] }
      if groups.allSatisfy(hexadecimals), marks.allSatisfy({ $0 == 45 || $0 == 95 }) {
        return String(decoding: bytes[(end - 36)...], as: UTF8.self)
      }
    }
    if let dash = bytes.lastIndex(of: 45), dash >= 32, dash + 1 < end,
      bytes[(dash + 1)...].allSatisfy({ (48...57).contains($0) }),
      hexadecimals(dash - 32..<dash)
    {
      return String(decoding: bytes[(dash - 32)...], as: UTF8.self)
    }
    return nil
  }

  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    while count < bytes.count {
      let got = bytes[count...].withUnsafeMutableBytes { readSome(descriptor, $0) }
      if got <= 0 { break }
      count += got
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  private static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #else
      Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }
}
