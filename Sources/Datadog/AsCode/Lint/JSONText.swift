// JSON inside of a text, as some exports keep whole objects.

import Foundation

enum JSONText {
  static func value(_ text: JSONValue?) -> JSONValue? {
    guard let text = text?.text else { return text.flatMap { $0.members == nil ? nil : $0 } }
    return try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }
}
