// The coverage-guided fuzzer's way into everything that reads bytes from outside; `scripts/fuzz` builds and runs it.

/// libFuzzer calls this with one input after another. A crash, a hang or a broken promise stops it and keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  if let broken = StreamFuzz.run(UnsafeRawBufferPointer(start: start, count: count)) {
    preconditionFailure(broken)
  }
  return 0
}
