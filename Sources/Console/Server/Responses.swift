// Pages, JSON and text as responses.

import Foundation
import HTTPTypes
import Hummingbird

extension Response {
  static func page(_ page: Page, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
    text(page.render(), type: "text/html; charset=utf-8", status: status, headers: headers)
  }

  static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// Keys sorted and indented: people read it with curl, and tests compare it.
  static func json(_ document: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    var buffer = ByteBuffer(bytes: try encoder.encode(document))
    buffer.writeString("\n")
    return Response(
      status: status, headers: [.contentType: "application/json; charset=utf-8"], body: ResponseBody(byteBuffer: buffer))
  }

  static func seeOther(_ path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }

  /// A fixed file; a browser asks whether its copy is still right.
  static func asset(_ content: StaticString, type: String, entityTag: String, request: Request) -> Response {
    let headers: HTTPFields = [.eTag: entityTag, .cacheControl: "no-cache", .contentType: type]
    if request.headers[.ifNoneMatch] == entityTag { return Response(status: .notModified, headers: headers) }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(staticString: content)))
  }
}
