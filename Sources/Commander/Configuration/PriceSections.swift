// The section that names the user's own price file, which wins over the built-in prices.

import Foundation
import Pricing
import StrictYAML

extension ConfigurationReader {
  /// The built-in book under the file of `prices: {file: prices.yaml}`. The file's mistakes are reported with the
  /// configuration's own: at the line that names the file, each with its own place inside it.
  func readPrices(_ value: YAMLValue?) -> PriceBook {
    guard let value, let prices = value.mapping(["file"]),
      let file = prices.required("file", "the path of a price file, for example prices.yaml"), let path = file.string()
    else { return .builtIn }
    guard let data = FileManager.default.contents(atPath: path) else {
      file.problem("`\(file.path)`: \(path) cannot be read; write the file (docs/money.md has an example) or leave `prices` out")
      return .builtIn
    }
    let mistakes = ProblemList()
    let overrides = PriceFile.parse(String(decoding: data, as: UTF8.self), file: path, problems: mistakes)
    for mistake in mistakes.all { file.problem(mistake.description) }
    return PriceBook.builtIn.overridden(by: overrides)
  }
}
