// Questions for a load run: those of a file, or headings and beginnings of the documents the service lists.
import AsyncHTTPClient
import Foundation
import NIOCore

package enum LoadQuestions {
  /// One a line; empty lines and lines that begin with `#` are none.
  package static func lines(of text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map(\.trimmingSpace).filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  /// Asks the service what it has, and asks about that.
  package static func ofDocuments(service: String, httpClient: HTTPClient) async throws -> [String] {
    struct List: Decodable {
      struct Document: Decodable { var id: String }
      var documents: [Document]
    }
    struct Document: Decodable {
      struct Passage: Decodable { var title: String; var text: String }
      var content: [Passage]
    }
    let list: List = try await get(service + "/documents?limit=50", httpClient)
    var questions: [String] = []
    for entry in list.documents {
      let id = entry.id.replacingOccurrences(of: "/", with: "%2F").replacingOccurrences(of: " ", with: "%20")
      let document: Document = try await get(service + "/documents/" + id, httpClient)
      for passage in document.content {
        let subject = Sentences.split(passage.text).first.map { $0.prefix(160).trimmingSpace } ?? passage.title
        questions.append("What do the documents say about this: \(passage.title)? \(subject)")
      }
    }
    return questions
  }

  private static func get<Value: Decodable>(_ url: String, _ httpClient: HTTPClient) async throws -> Value {
    do {
      let response = try await httpClient.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
      let body = try await response.body.collect(upTo: 32 << 20)
      guard response.status == .ok else { throw LoadError("\(url) answered \(response.status.code)") }
      return try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
    } catch let error as LoadError {
      throw error
    } catch {
      throw LoadError("\(url) cannot be read (\(type(of: error))); is rag-service running there?")
    }
  }
}
