// The few functions of the C library that detection needs, so that it does without Foundation.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Float {
  var logarithm: Float { logf(self) }
  var exponential: Float { expf(self) }
}

extension Double {
  var logarithm: Double { log(self) }
  var exponential: Double { exp(self) }
}

/// The first place of a byte.
func findByte(_ start: UnsafeRawPointer, _ byte: Int32, _ count: Int) -> UnsafeMutableRawPointer? { memchr(start, byte, count) }
