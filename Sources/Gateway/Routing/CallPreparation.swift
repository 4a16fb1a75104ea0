// What is sent to one target: the request as it came, with the few edits it needs, or translated. Pure.

import LLMTelemetry
import NIOCore
import Providers

/// One call to a provider, ready to be written.
final class PreparedCall {
  let provider: ServedProvider
  /// The request target at the provider, base path included.
  let uri: String
  let body: ByteBuffer
  /// What the provider's answer looks like.
  let format: BodyFormat
  let framing: ResponseFraming
  /// Withhold the usage chunk that the gateway asked for and the client did not.
  let stripsUsage: Bool
  /// The answer is put into chat.completions form.
  let translates: Bool

  init(
    provider: ServedProvider, uri: String, body: ByteBuffer, format: BodyFormat, framing: ResponseFraming, stripsUsage: Bool,
    translates: Bool
  ) {
    self.provider = provider
    self.uri = uri
    self.body = body
    self.format = format
    self.framing = framing
    self.stripsUsage = stripsUsage
    self.translates = translates
  }
}

enum CallPreparation {
  /// Throws when the target cannot serve the request at all; another one may.
  static func prepare(
    _ call: AdmittedCall, candidate: Candidate, body: ByteBuffer, snapshot: GatewaySnapshot
  ) throws(GatewayFailure) -> PreparedCall {
    guard let shared = snapshot.providers[candidate.provider] else {
      throw GatewayFailure(
        status: 502, errorClass: .providerError,
        message: "Route \"\(call.route.value.name)\" names provider \"\(candidate.provider)\", which is not configured.")
    }
    if shared.value.wireProtocol == call.target.value.wireProtocol { return native(call, candidate, body, shared) }
    let provider = shared.value
    let asked = call.target.value
    if asked.bodyFormat == .googleGenerate, provider.serves(asked) {
      let framing = asked.framing(streams: call.request.streams)
      var path = try uri(call, candidate, provider, format: .googleGenerate, streams: call.request.streams)
      if framing == .jsonArray, path.hasSuffix("?alt=sse") { path.removeLast("?alt=sse".count) }
      var edits = call.edits
      // Names for this gateway and for Google Cloud's bills, which the Gemini API refuses.
      if provider.wireProtocol == .gemini {
        let removal = body.withUnsafeReadableBytes { RequestRewriting.removeMember("labels", from: $0, facts: call.request) }
        edits += removal.map { [$0] } ?? []
      }
      return PreparedCall(
        provider: shared, uri: path, body: edited(body, edits), format: .googleGenerate, framing: framing,
        stripsUsage: false, translates: false)
    }
    guard asked.bodyFormat == .openAIChat else {
      throw GatewayFailure(
        status: 400, errorClass: .invalidRequest,
        message:
          "Provider \"\(provider.name)\" does not speak \(asked.wireProtocol.rawValue), and only chat.completions is translated."
      )
    }
    return try translated(call, candidate, body, shared)
  }

  private static func native(
    _ call: AdmittedCall, _ candidate: Candidate, _ body: ByteBuffer, _ shared: ServedProvider
  ) -> PreparedCall {
    // By reference: a local value would be a copy of all its members.
    let target = call.target
    let asked = (bodyFormat: target.value.bodyFormat, model: target.value.model)
    var edits = call.edits
    var stripsUsage = false
    if asked.bodyFormat == .openAIChat, call.request.streams, !call.request.includesUsage {
      edits.append(RequestRewriting.includeUsage(call.request))
      stripsUsage = true
    }
    var uri = target.value.uri
    if target.value.wireProtocol == .vertex || (asked.model != nil && candidate.model != call.asked) {
      var target = target.value
      if target.model != nil, candidate.model != call.asked { target.model = candidate.model }
      if let project = shared.value.project, target.project != project { target.project = project }
      if let location = shared.value.location, target.location != location { target.location = location }
      uri = target.uri
    }
    if asked.model == nil, candidate.model != call.asked,
      let edit = RequestRewriting.replaceModel(call.request, by: candidate.model)
    {
      edits.append(edit)
    }
    return PreparedCall(
      provider: shared, uri: shared.value.basePath.isEmpty ? uri : shared.value.basePath + uri, body: edited(body, edits),
      format: asked.bodyFormat, framing: target.value.framing(streams: call.request.streams), stripsUsage: stripsUsage,
      translates: false)
  }

  private static func translated(
    _ call: AdmittedCall, _ candidate: Candidate, _ body: ByteBuffer, _ shared: ServedProvider
  ) throws(GatewayFailure) -> PreparedCall {
    let provider = shared.value
    let isClaude = candidate.model.hasPrefix("claude")
    let format: BodyFormat =
      provider.wireProtocol == .anthropic || (provider.wireProtocol == .vertex && isClaude) ? .anthropicMessages : .googleGenerate
    let streams = call.request.streams
    let uri = try uri(call, candidate, provider, format: format, streams: streams)
    let source = edited(body, call.edits)
    let result: Result<[UInt8], TranslationError> = source.withUnsafeReadableBytes { bytes in
      do throws(TranslationError) {
        return .success(
          try ChatTranslation.request(
            bytes, to: format, model: candidate.model, isVertex: provider.wireProtocol == .vertex, streams: streams))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let bytes):
      return PreparedCall(
        provider: shared, uri: uri, body: ByteBuffer(bytes: bytes), format: format,
        framing: streams ? .eventStream : .document, stripsUsage: false, translates: true)
    case .failure(let error):
      throw GatewayFailure(
        status: 400, errorClass: .invalidRequest,
        message: "The request cannot be translated for provider \"\(provider.name)\": \(error)")
    }
  }

  private static func uri(
    _ call: AdmittedCall, _ candidate: Candidate, _ provider: Provider, format: BodyFormat, streams: Bool
  ) throws(GatewayFailure) -> String {
    if provider.wireProtocol == .vertex, provider.project == nil || provider.location == nil {
      throw GatewayFailure(
        status: 502, errorClass: .providerError,
        message:
          "Provider \"\(provider.name)\" needs `project` and `location` to serve requests that do not come in Vertex AI's own form."
      )
    }
    return provider.basePath
      + RequestTarget.upstream(
        bodyFormat: format, wireProtocol: provider.wireProtocol,
        version: provider.wireProtocol == .gemini ? "v1beta" : "v1", model: candidate.model, project: provider.project,
        location: provider.location, streams: streams)
  }

  private static func edited(_ body: ByteBuffer, _ edits: [BodyEdit]) -> ByteBuffer {
    edits.isEmpty ? body : ByteBuffer(bytes: body.withUnsafeReadableBytes { RequestRewriting.apply(edits, to: $0) })
  }
}
