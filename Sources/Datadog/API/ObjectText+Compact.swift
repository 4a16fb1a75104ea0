// JSON on one line, for files of which every line is a document.

import Foundation

extension ObjectText {
  package static func compact(_ value: JSONValue) -> String {
    // A written text holds no line breaks, so those that are there stand between the parts, with spaces before what follows.
    text(of: value).split(separator: "\n").map { line in String(line.drop { $0 == " " }) }.joined()
  }
}
