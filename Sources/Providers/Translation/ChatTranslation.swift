// Turns an OpenAI chat.completions request into another vendor's, so that an OpenAI client can be served by any of them.

package enum ChatTranslation {
  /// Builds the body of the same request for another vendor.
  ///
  /// What has no counterpart is refused, unless it is a hint, that is, unless the answer keeps every promise without it.
  ///
  /// - Parameters:
  ///   - body: the client's chat.completions body.
  ///   - format: `.googleGenerate` or `.anthropicMessages`.
  ///   - model: the target's model, without a path.
  ///   - isVertex: the target is Vertex AI. Anthropic's body there has a version instead of a model, Google's has labels.
  ///   - streams: Anthropic says it in the body, Google in the path.
  package static func request(
    _ body: UnsafeRawBufferPointer, to format: BodyFormat, model: String, isVertex: Bool, streams: Bool
  ) throws(TranslationError) -> [UInt8] {
    guard let tree = JSONTree(parsing: body) else {
      throw TranslationError("", "the body is not well-formed JSON, or is nested more than \(JSONTree.depthLimit) levels deep")
    }
    let request = try ChatRequest(tree)
    switch format {
    case .googleGenerate:
      return try RequestToGoogle(request: request, model: model, isVertex: isVertex).body().serialised
    case .anthropicMessages:
      return try RequestToAnthropic(request: request, model: model, isVertex: isVertex).body(streams: streams).serialised
    default: throw TranslationError("", "chat completions cannot be translated to \(format.rawValue)")
    }
  }
}
