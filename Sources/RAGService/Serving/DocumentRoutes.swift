// `/documents`: what the index holds, and changing it.
import Foundation
import Hummingbird
import Logging

struct DocumentRoutes: Sendable {
  let index: DocumentIndex
  let indexer: FolderIndexer
  let asking: AskRoutes
  let access: DocumentAccess
  let tenant: String
  let logger: Logger

  /// `GET /documents?after=ID&limit=N`
  func list(_ request: Request) async -> Response {
    await carryOut(request) { () async throws -> Response in
      let parameters = request.uri.queryParameters
      let limit = parameters["limit"].map { Int($0) } ?? 100
      guard let limit, (1...1000).contains(limit) else {
        throw Refusal(
          message: "the list cannot be given",
          fields: [FieldProblem(field: "limit", message: "must be a whole number from 1 to 1000")])
      }
      let documents = try await index.store.documents(after: parameters["after"].map(String.init) ?? "", limit: limit + 1)
      let page = documents.prefix(limit)
      return .json(
        DocumentListReply(
          documents: page.map { DocumentReply($0) }, next: documents.count > limit ? page.last?.id : nil))
    }
  }

  /// `GET /documents/ID`
  func get(_ request: Request, id: String) async -> Response {
    await carryOut(request) { () async throws -> Response in
      guard let document = try await index.store.document(id) else { throw Self.missing(id) }
      return .json(DocumentReply(document, content: try await index.store.passages(of: id)))
    }
  }

  /// `POST /documents`: JSON with an `id`; a document of that name must not be there yet.
  func create(_ request: Request) async -> Response {
    await change(request) { () async throws -> Response in
      var fields = try await Self.fields(request)
      let id = fields.name("id", isRequired: true)
      let content = try Self.content(&fields)
      guard let id else { throw Refusal(message: "`id` is required") }
      if try await index.store.document(id) != nil {
        throw Refusal(
          status: .conflict, errorClass: "conflict",
          message: "there is a document \(id) already; replace it with PUT /documents/\(id)")
      }
      let record = try await put(content, id: id)
      var response = Response.json(DocumentReply(record), status: .created)
      response.headers[.location] = "/documents/" + Self.pathSegment(id)
      return response
    }
  }

  /// `PUT /documents/ID`: JSON, or the document itself under its own media type.
  func replace(_ request: Request, id: String) async -> Response {
    await change(request) { () async throws -> Response in
      guard Names.isPlain(id) else {
        throw Refusal(
          message: "the document cannot be taken as it is",
          fields: [FieldProblem(field: "id", message: "may have 1 to 100 letters, digits and . _ - /")])
      }
      let content: Content
      if let type = request.mediaType.flatMap({ MediaType(rawValue: $0) }) {
        let body = try await request.body(upTo: DocumentReader.byteLimit, words: "32 MB")
        content = Content(bytes: Data(body.readableBytesView), title: nil, type: type, tags: [:])
      } else {
        var fields = try await Self.fields(request)
        content = try Self.content(&fields)
      }
      let known = try await index.store.document(id)
      try Self.checkOrigin(known)
      let record = try await put(content, id: id)
      return .json(DocumentReply(record), status: known == nil ? .created : .ok)
    }
  }

  /// `DELETE /documents/ID`
  func delete(_ request: Request, id: String) async -> Response {
    await change(request) { () async throws -> Response in
      guard let known = try await index.store.document(id) else { throw Self.missing(id) }
      try Self.checkOrigin(known)
      _ = try await index.remove(id)
      logger.info("document removed", metadata: ["document": "\(id)"])
      return Response(status: .noContent)
    }
  }

  // MARK: Parts

  private struct Content {
    var bytes: Data
    var title: String?
    var type: MediaType
    var tags: [String: [String]]
  }

  private static func fields(_ request: Request) async throws(Refusal) -> FieldReader {
    try await request.object(
      upTo: DocumentReader.byteLimit, words: "32 MB", example: #"{"id": "returns", "title": "Returns", "text": "…"}"#)
  }

  private static func content(_ fields: inout FieldReader) throws(Refusal) -> Content {
    let text = fields.text("text", isRequired: true, limit: DocumentReader.byteLimit)
    let title = fields.text("title", limit: 300)
    let named = fields.text("media_type", limit: 100)
    let tags = fields.tags("tags")
    let type = named.map { MediaType(rawValue: $0) } ?? .markdown
    if type == nil || type == .pdf {
      fields.problem(
        "media_type", "must be text/markdown, text/html or text/plain; send a PDF itself, with PUT, as application/pdf")
    }
    try fields.finish("the document cannot be taken as it is; `fields` says what to change")
    guard let text, let type else { throw Refusal(message: "the document cannot be taken as it is") }
    return Content(bytes: Data(text.utf8), title: title?.trimmingSpace, type: type, tags: tags)
  }

  private func put(_ content: Content, id: String) async throws -> DocumentRecord {
    do {
      let record = try await indexer.put(
        content.bytes, id: id, title: content.title, type: content.type, tags: content.tags,
        origin: CallOrigin(tenant: tenant, feature: "indexing"))
      logger.info("document indexed", metadata: ["document": "\(id)", "passages": "\(record.passageCount)"])
      return record
    } catch let error as ReadingError {
      throw Refusal(
        status: .unprocessableContent, message: "the document cannot be read: \(error)",
        fields: [FieldProblem(field: "text", message: error.description)])
    }
  }

  private static func missing(_ id: String) -> Refusal {
    Refusal(
      status: .notFound, errorClass: "not_found", message: "there is no document \(id.prefix(100)); GET /documents lists them")
  }

  /// What a folder brought in, the folder takes out: the next run would undo a change made here.
  private static func checkOrigin(_ document: DocumentRecord?) throws(Refusal) {
    guard document?.origin == .folder else { return }
    throw Refusal(
      status: .conflict, errorClass: "conflict",
      message: "this document comes from the folder that is indexed; change or remove its file")
  }

  private static func pathSegment(_ id: String) -> String { id.replacingOccurrences(of: "/", with: "%2F") }

  private func change(_ request: Request, _ work: () async throws -> Response) async -> Response {
    await carryOut(request) {
      try access.check(request)
      let place = try asking.enter()
      defer { withExtendedLifetime(place) {} }
      return try await work()
    }
  }

  private func carryOut(_ request: Request, _ work: () async throws -> Response) async -> Response {
    do {
      return try await work()
    } catch let refusal as Refusal {
      return .refusal(refusal)
    } catch let error as ModelCallError {
      return .json(ErrorReply(class: error.errorClass.rawValue, message: error.spanMessage), status: .badGateway)
    } catch {
      logger.error(
        "a document could not be worked on",
        metadata: ["reason": "\((error as? IndexError)?.description ?? "\(type(of: error))")"])
      return .json(ErrorReply(class: "internal", message: "the document could not be worked on"), status: .internalServerError)
    }
  }
}
