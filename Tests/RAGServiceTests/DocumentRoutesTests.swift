// `/documents`: adding, finding, replacing and removing, and who may.
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import RAGService

@Suite struct DocumentRoutesTests {
  @Test func documentsAreAddedFoundReplacedAndRemoved() async throws {
    try await RunningService.with(configure: { $0.documents = nil }) { service in
      let client = service.client
      func send(_ method: HTTPRequest.Method, _ uri: String, _ body: String = "", type: String = "application/json") async throws
        -> TestResponse
      {
        try await client.execute(uri: uri, method: method, headers: [.contentType: type], body: ByteBuffer(string: body))
      }
      let created = try await send(
        .post, "/documents",
        #"{"id":"team/kite","title":"Kites","text":"A kite flies on a line of thirty metres.","tags":{"product":["kite"]}}"#)
      #expect(created.status == .created)
      #expect(created.headers[.location] == "/documents/team%2Fkite")
      #expect(try await send(.post, "/documents", #"{"id":"team/kite","text":"x"}"#).status == .conflict)
      #expect(
        try await send(.put, "/documents/boat", "<h1>Boats</h1><p>A boat swims on the lake.</p>", type: "text/html").status
          == .created)

      var answer = try await service.answer("On how long a line does a kite fly?")
      #expect(answer[path: "sources.0.document"]?.string == "team/kite")
      #expect(answer["answer"]?.string?.contains("thirty metres") == true)
      let restricted = try await service.ask(
        #"{"question":"On how long a line does a kite fly?","restricts":[{"namespace":"product","deny":["kite"]}]}"#)
      #expect(try restricted.json()["declined"]?.string == "too_distant")

      let list = try await send(.get, "/documents?limit=1").json()
      #expect(list[path: "documents.0.id"]?.string == "boat" && list["next"]?.string == "boat")
      #expect(try await send(.get, "/documents?after=boat").json()[path: "documents.0.id"]?.string == "team/kite")
      #expect(try await send(.get, "/documents?limit=0").status == .badRequest)
      let one = try await send(.get, "/documents/team%2Fkite").json()
      #expect(one[path: "content.0.text"]?.string == "A kite flies on a line of thirty metres.")

      #expect(
        try await send(.put, "/documents/team%2Fkite", #"{"text":"A kite flies on a line of ninety metres."}"#).status == .ok)
      answer = try await service.answer("On how long a line does a kite fly?")
      #expect(answer["answer"]?.string?.contains("ninety metres") == true)
      #expect(try await send(.delete, "/documents/team%2Fkite").status == .noContent)
      #expect(try await send(.delete, "/documents/team%2Fkite").status == .notFound)
      #expect(try await send(.get, "/documents/team%2Fkite").status == .notFound)
      #expect(try await service.answer("On how long a line does a kite fly?")["declined"]?.string == "too_distant")

      let wrong = try await send(.post, "/documents", #"{"id":"a b","media_type":"image/png","tags":{"x":[]}}"#)
      #expect(wrong.status == .badRequest)
      #expect(
        try wrong.json()[path: "error.fields"]?.array?.compactMap { $0["field"]?.string } == [
          "id", "text", "tags.x", "media_type",
        ])
      #expect(try await send(.put, "/documents/x", "%PDF-broken", type: "application/pdf").status == .unprocessableContent)
    }
  }

  @Test func whatAFolderBroughtInIsTheFoldersToChange() async throws {
    try await RunningService.with { service in
      let response = try await service.client.execute(uri: "/documents/returns.md", method: .delete)
      #expect(response.status == .conflict)
      #expect(try await service.client.execute(uri: "/documents/returns.md", method: .get).status == .ok)
    }
  }

  @Test func documentsAreChangedWithTheKeyAlone() throws {
    func status(_ access: DocumentAccess, _ authorization: String?, host: String = "127.0.0.1:8070") -> HTTPResponse.Status? {
      var head = HTTPRequest(method: .put, scheme: nil, authority: host, path: "/documents/a")
      head.headerFields[.authorization] = authorization
      do throws(Refusal) {
        try access.check(Request(head: head, body: .init(buffer: ByteBuffer())))
        return nil
      } catch {
        return error.status
      }
    }
    #expect(status(DocumentAccess(key: nil, isLoopback: true), nil) == nil)
    #expect(status(DocumentAccess(key: nil, isLoopback: false), "Bearer x") == .forbidden)
    for host in ["localhost", "localhost:8070", "[::1]:8070", "127.0.0.1"] {
      #expect(status(DocumentAccess(key: nil, isLoopback: true), nil, host: host) == nil, "\(host)")
    }
    for host in ["attacker.example", "127.0.0.1.attacker.example:8070", "[::2]:1", "localhost.attacker.example"] {
      #expect(status(DocumentAccess(key: nil, isLoopback: true), nil, host: host) == .forbidden, "\(host)")
      #expect(status(DocumentAccess(key: "k3y", isLoopback: true), "Bearer k3y", host: host) == nil)
    }
    for isLoopback in [true, false] {
      let access = DocumentAccess(key: "k3y", isLoopback: isLoopback)
      #expect(status(access, nil) == .unauthorized)
      #expect(status(access, "Bearer k3") == .unauthorized)
      #expect(status(access, "Bearer k3y") == nil)
    }
  }
}
