// `POST /intake/spans`: where instrumented applications send their own spans, as recorded-traffic JSON Lines: beside the console for this
// machine, beside OTLP for others.

import Console
import Foundation
import Gateway
import Hummingbird
import Ingest
import LLMTelemetry
import Redaction
import Remediation

/// Accepts what a virtual key vouches for. Spans become dimensions' values like the gateway's own; changes go to the ledger.
struct SpanIntake: Sendable {
  /// By SHA-256; keys come and go while the commander runs.
  private let inForce: ConfigurationInForce
  /// Names of the prompts that the gateway resolves.
  private let managed: Set<String>
  private let pipeline: IngestPipeline
  private let center: CommandCenter

  /// Bytes of one request; at about 1 KB a span that is some thousands of spans.
  private static let bodyLimit = 8 << 20

  init(inForce: ConfigurationInForce, pipeline: IngestPipeline, center: CommandCenter) {
    self.inForce = inForce
    managed = Set(inForce.started.prompts.map(\.name))
    self.pipeline = pipeline
    self.center = center
  }

  func add<Context: RequestContext>(to router: Router<Context>) {
    router.post("intake/spans") { request, _ -> Response in
      guard let presented = request.headers[.authorization], presented.lowercased().hasPrefix("bearer "),
        let key = inForce.key(VirtualKeyHash.sha256(of: String(presented.dropFirst(7))))
      else {
        return answer(.unauthorized, ["error": "send a virtual key as Authorization: Bearer ck-…"])
      }
      var request = request
      guard let body = try? await request.collectBody(upTo: Self.bodyLimit) else {
        return answer(.contentTooLarge, ["error": "the body is larger than \(Self.bodyLimit) bytes; send smaller batches"])
      }
      let records: [TrafficRecord]
      do throws(TrafficFormatError) {
        // Spans without ids get theirs from the file's name and line, so each request is a file of its own.
        // Texts are taken along raw; the pipeline's redaction decides what of them goes on, and ends them where capture is off.
        records = try RecordedTraffic.records(
          in: body.readableBytesView, file: "request \(SpanID.random())", contentBytes: RecordedTraffic.contentBytes)
      } catch {
        return answer(.badRequest, ["error": error.description])
      }
      var spans: [LLMSpan] = []
      var changes: [LedgerEntry] = []
      for record in records {
        switch record {
        case .span(var span):
          if let tenant = key.tenant { span.dimensions.tenant = tenant }
          spans.append(span)
        // What a version's text is, only the configuration says.
        case .change(let change) where change.isPromptText: continue
        // What serves the prompts that are managed here is not an application's to change: that takes a person's command.
        case .change(let change) where change.promptSubject.map({ managed.contains($0.prompt) }) == true: continue
        case .change(var change):
          if change.author == "configuration" { change.author = key.name }
          // The ledger is a sink like any other.
          changes.append(.change(SpanRedaction.redact(change)))
        }
      }
      try await center.record(changes)
      let taken = pipeline.offer(spans)
      return answer(.accepted, ["accepted": String(taken + changes.count), "dropped": String(spans.count - taken)])
    }
  }

  private func answer(_ status: HTTPResponse.Status, _ members: [String: String]) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json; charset=utf-8"],
      body: .init(byteBuffer: ByteBuffer(string: JSONOutput.object(members) + "\n")))
  }
}
