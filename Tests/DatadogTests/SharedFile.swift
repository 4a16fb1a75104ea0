// Finds data that is too large or not ours to keep in the repository; tests on it run only where it lies beside the clone.

import Foundation
import Testing

func sharedFile(_ path: String) -> URL? {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/" + path).standardized
  return FileManager.default.fileExists(atPath: file.path) ? file : nil
}

func sharedLines(_ path: String) throws -> [Substring] {
  String(decoding: try Data(contentsOf: #require(sharedFile(path))), as: UTF8.self).split(separator: "\n")
}
