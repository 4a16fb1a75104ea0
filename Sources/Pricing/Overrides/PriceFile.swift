// The user's own prices: a YAML file whose entries win over the built-in book for the dates they hold.

import LLMTelemetry
import StrictYAML

/// What a price file says.
package struct PriceFile: Hashable, Sendable {
  package let entries: [PriceEntry]
  /// `prices.yaml@1f0c9a52`: the file's name and a hash of its content, stored with every cost.
  package let version: String

  /// Reads the text of `file`; every mistake is recorded in `problems` at its place, and what could be read is returned.
  package static func parse(_ text: String, file: String, problems: ProblemList) -> PriceFile {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let reader = PriceFileReader()
    let entries =
      YAMLValue.parse(text, file: file, problems: problems)?.mapping(["prices"])?
      .required("prices", "a list of entries such as {model: my-model, unit: usd_per_million_tokens, input: 2.50, output: 10}")?
      .list().map(reader.entries) ?? []
    return PriceFile(entries: entries, version: "\(name)@\(hash(text))")
  }

  /// FNV-1a of the content, which tells two states of a file apart.
  private static func hash(_ text: String) -> String {
    let value = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    let digits = String((value ^ (value >> 32)) & 0xffff_ffff, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

extension PriceBook {
  /// This book under the user's prices.
  package func overridden(by file: PriceFile) -> PriceBook {
    overridden(by: file.entries, version: "\(version)+\(file.version)", source: "\(source) Overridden by \(file.version).")
  }
}
