// The documents a question is answered from: paragraphs of the Markdown and text files of one folder.
import Foundation

/// One paragraph of a document.
package struct Passage: Sendable, Hashable {
  /// `returns#2`: the file's name and the paragraph's place in it.
  package var id: String
  /// The document's title, with the section's where there is one.
  package var title: String
  package var text: String
}

package enum DocumentLibrary {
  package struct LoadError: Error { package var message: String }

  private static let byteLimit = 32 * 1024 * 1024

  /// All passages of the `.md` and `.txt` files directly inside `path`, in the order of file names.
  package static func passages(inFolder path: String) throws(LoadError) -> [Passage] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".md") || $0.hasSuffix(".txt") }
        .sorted()
    } catch {
      throw LoadError(message: "the folder \(path) cannot be read; give an existing folder of .md and .txt files")
    }
    var passages: [Passage] = []
    var byteCount = 0
    for name in names {
      guard let data = FileManager.default.contents(atPath: path + "/" + name), let text = String(data: data, encoding: .utf8)
      else {
        throw LoadError(message: "\(path)/\(name) cannot be read as UTF-8 text; correct or remove it")
      }
      byteCount += data.count
      guard byteCount <= byteLimit else { throw LoadError(message: "the folder \(path) holds more than 32 MB; split it") }
      passages += self.passages(of: text, name: String(name.prefix { $0 != "." }))
    }
    guard !passages.isEmpty else {
      throw LoadError(message: "the folder \(path) has no text in .md or .txt files; put documents into it")
    }
    return passages
  }

  static func passages(of text: String, name: String) -> [Passage] {
    var passages: [Passage] = []
    var title = name
    var section: String?
    var lines: [Substring] = []
    func close() {
      guard !lines.isEmpty else { return }
      let heading = [title, section].compactMap(\.self).joined(separator: " – ")
      passages.append(Passage(id: "\(name)#\(passages.count + 1)", title: heading, text: lines.joined(separator: " ")))
      lines = []
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let content = line.trimmingCharacters(in: .whitespaces)
      if content.isEmpty {
        close()
      } else if content.hasPrefix("#") {
        close()
        let heading = content.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
        if content.hasPrefix("##") { section = heading } else { title = heading }
      } else {
        lines.append(content[...])
      }
    }
    close()
    return passages
  }
}
