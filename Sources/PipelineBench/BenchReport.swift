// What `pipeline-bench` prints.

import Foundation

struct BenchReport {
  private var lines: [String] = []

  init(core: Int?) {
    lines.append(core.map { "pinned to core \($0)" } ?? "not pinned: this system cannot")
  }

  mutating func title(_ text: String) { lines += ["", text] }
  mutating func line(_ text: String) { lines += ["", text] }

  mutating func row(_ name: String, nanoseconds: Double, note: String) {
    add(name, String(format: "%8.0f ns", nanoseconds), note)
  }

  mutating func rate(_ name: String, spansPerSecond: Double, note: String) {
    add(name, String(format: "%8.0f spans/s", spansPerSecond), note)
  }

  private mutating func add(_ name: String, _ figure: String, _ note: String) {
    lines.append("  " + name.padding(toLength: 34, withPad: " ", startingAt: 0) + figure + (note.isEmpty ? "" : "   " + note))
  }

  func print() { FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8)) }
}
