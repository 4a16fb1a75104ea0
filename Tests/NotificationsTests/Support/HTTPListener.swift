// A listener on port 0 of this machine that keeps what it is sent and answers as it is told.

import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

final class HTTPListener: Sendable {
  struct Arrival: Sendable {
    let method: String
    let path: String
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var json: NSDictionary? { (try? JSONSerialization.jsonObject(with: Data(body))) as? NSDictionary }
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  struct Answer: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body = ""
  }

  private let kept = Mutex<[Arrival]>([])
  private let answer: @Sendable (_ arrival: Arrival, _ index: Int) -> Answer

  /// `index` counts the requests from 0.
  init(_ answer: @escaping @Sendable (_ arrival: Arrival, _ index: Int) -> Answer = { _, _ in Answer() }) { self.answer = answer }

  convenience init(statuses: [Int]) {
    self.init { _, index in Answer(status: index < statuses.count ? statuses[index] : 200) }
  }

  var arrivals: [Arrival] { kept.withLock { $0 } }

  private struct Responder: HTTPResponder {
    typealias Context = BasicRequestContext
    let listener: HTTPListener

    func respond(to request: Request, context: Context) async throws -> Response {
      let buffer = try await request.body.collect(upTo: 1 << 20)
      let arrival = Arrival(
        method: request.method.rawValue, path: request.uri.description,
        headers: Dictionary(request.headers.map { ($0.name.canonicalName, $0.value) }) { first, _ in first },
        body: Array(buffer.readableBytesView))
      let index = listener.kept.withLock { kept in
        kept.append(arrival)
        return kept.count - 1
      }
      let answer = listener.answer(arrival, index)
      var headers = HTTPFields()
      for (name, value) in answer.headers { if let name = HTTPField.Name(name) { headers[name] = value } }
      return Response(
        status: .init(code: answer.status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
    }
  }

  func whileRunning(_ body: @Sendable @escaping (_ origin: String) async throws -> Void) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "listener")
    logger.logLevel = .critical
    let application = Application(
      responder: Responder(listener: self), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      group.addTask {
        for await port in ports {
          try await body("http://127.0.0.1:\(port)")
          return
        }
      }
      // The body ends first; a listener that ends first has failed.
      try await group.next()
      group.cancelAll()
    }
  }
}

extension NSDictionary {
  /// The value at the end of `a.b.c`; what Foundation has elsewhere.
  func value(forKeyPath path: String) -> Any? {
    path.split(separator: ".").reduce(self as Any?) { value, key in (value as? NSDictionary)?[String(key)] }
  }
}
