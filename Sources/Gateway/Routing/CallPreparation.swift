// What is sent to one target: the request as it came, with the few edits it needs, or translated. Pure.

import LLMTelemetry
import NIOCore
import Providers

/// One call to a provider, ready to be written.
struct PreparedCall {
  var provider: Provider
  /// The request target at the provider, base path included.
  var uri: String
  var body: ByteBuffer
  /// What the provider's answer looks like.
  var format: BodyFormat
  var framing: ResponseFraming
  /// Withhold the usage chunk that the gateway asked for and the client did not.
  var stripsUsage: Bool
  /// The answer is put into chat.completions form.
  var translates: Bool
}

enum CallPreparation {
  /// Throws when the target cannot serve the request at all; another one may.
  static func prepare(
    _ call: AdmittedCall, candidate: Candidate, body: ByteBuffer, snapshot: GatewaySnapshot
  ) throws(GatewayFailure) -> PreparedCall {
    guard let provider = snapshot.providers[candidate.provider] else {
      throw GatewayFailure(
        status: 502, errorClass: .providerError,
        message: "Route \"\(call.route.name)\" names provider \"\(candidate.provider)\", which is not configured.")
    }
    if provider.wireProtocol == call.target.wireProtocol { return native(call, candidate, body, provider) }
    if call.target.bodyFormat == .googleGenerate, provider.serves(call.target) {
      let framing = call.target.framing(streams: call.request.streams)
      var path = try uri(call, candidate, provider, format: .googleGenerate, streams: call.request.streams)
      if framing == .jsonArray, path.hasSuffix("?alt=sse") { path.removeLast("?alt=sse".count) }
      return PreparedCall(
        provider: provider, uri: path, body: edited(body, call.edits), format: .googleGenerate, framing: framing,
        stripsUsage: false, translates: false)
    }
    guard call.target.bodyFormat == .openAIChat else {
      throw GatewayFailure(
        status: 400, errorClass: .invalidRequest,
        message:
          "Provider \"\(provider.name)\" does not speak \(call.target.wireProtocol.rawValue), and only chat.completions is translated."
      )
    }
    return try translated(call, candidate, body, provider)
  }

  private static func native(
    _ call: AdmittedCall, _ candidate: Candidate, _ body: ByteBuffer, _ provider: Provider
  ) -> PreparedCall {
    var edits = call.edits
    var stripsUsage = false
    if call.target.bodyFormat == .openAIChat, call.request.streams, !call.request.includesUsage {
      edits.append(RequestRewriting.includeUsage(call.request))
      stripsUsage = true
    }
    var target = call.target
    if target.model != nil {
      if candidate.model != call.asked { target.model = candidate.model }
    } else if candidate.model != call.asked, let edit = RequestRewriting.replaceModel(call.request, by: candidate.model) {
      edits.append(edit)
    }
    if let project = provider.project, target.project != project { target.project = project }
    if let location = provider.location, target.location != location { target.location = location }
    return PreparedCall(
      provider: provider, uri: provider.basePath.isEmpty ? target.uri : provider.basePath + target.uri, body: edited(body, edits),
      format: target.bodyFormat, framing: target.framing(streams: call.request.streams), stripsUsage: stripsUsage,
      translates: false)
  }

  private static func translated(
    _ call: AdmittedCall, _ candidate: Candidate, _ body: ByteBuffer, _ provider: Provider
  ) throws(GatewayFailure) -> PreparedCall {
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
        provider: provider, uri: uri, body: ByteBuffer(bytes: bytes), format: format,
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
          "Provider \"\(provider.name)\" needs `project` and `location` to serve requests that do not come in Vertex AI's own form.")
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
