// The labelled data beside the checkout, for tests that measure; a clone of the project alone does not have it.

import Foundation
@testable import SemanticRisk

/// A file under the folder `shared` beside the checkout, or nil.
func sharedFile(_ path: String) -> URL? {
  let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let file = checkout.deletingLastPathComponent().appending(path: "shared/" + path)
  return FileManager.default.fileExists(atPath: file.path) ? file : nil
}

func sharedRows(_ path: String) throws -> [LabelledRow] {
  guard let file = sharedFile("data/semantic/" + path) else { return [] }
  return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).enumerated().map {
    try LabelledRow(line: $1, number: $0)
  }
}

let hasSharedData = sharedFile("data/semantic/README.md") != nil
