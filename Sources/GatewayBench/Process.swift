// How the program speaks to whoever started it: it serves while standard input is open, and ends with a message and an exit code.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

enum Process {
  /// Returns when standard input ends. A harness that dies, however it dies, closes it: nothing is left running.
  static func waitForEndOfInput() {
    while readLine() != nil {}
  }

  static func stop(_ message: String, code: Int32) -> Never {
    let bytes = Array("gateway-bench: \(message)\n".utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    exit(code)
  }
}
