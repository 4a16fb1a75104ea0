// Reads the whole body of an answer as JSON of a known shape.
import Foundation

enum JSONAnswer<Value: Decodable & Sendable> {
  static func read(_ answer: ServiceCaller.Answer, of caller: ServiceCaller) async throws -> Value {
    let bytes = try await caller.document(answer)
    guard let value = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else {
      throw caller.unreadable("a body that holds no \(Value.self)", answer)
    }
    return value
  }
}
