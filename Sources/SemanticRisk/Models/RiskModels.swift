// The fitted models that scorers use: the shipped ones, or a user's own.

package struct RiskModels: Sendable {
  package var groundedness: GroundednessModel?
  package var injection: HashedTextModel?
  package var indirectInjection: BoostedTrees?
  package var refusal: HashedTextModel?
  package var toxicity: HashedTextModel?

  /// Decoded once. A scorer whose numbers are damaged says nothing; a test sees to it that none is.
  package static let shipped = RiskModels(
    groundedness: GroundednessModel(encoded: ModelText.bytes(GroundednessNumbers.text)),
    injection: HashedTextModel(encoded: ModelText.bytes(InjectionNumbers.text)),
    indirectInjection: BoostedTrees(encoded: ModelText.bytes(IndirectInjectionNumbers.text)),
    refusal: HashedTextModel(encoded: ModelText.bytes(RefusalNumbers.text)),
    toxicity: HashedTextModel(encoded: ModelText.bytes(ToxicityNumbers.text)))

  /// Named in explanations and cards; it changes with the numbers.
  package static let version = "2026-11"

  /// The same models with one of a user's own; nil when the bytes are no model of that scorer.
  package func replacing(_ scorer: RowScorer, with bytes: [UInt8]) -> RiskModels? {
    var models = self
    switch scorer {
    case .groundedness:
      guard let model = GroundednessModel(encoded: bytes) else { return nil }
      models.groundedness = model
    case .injection, .refusal, .toxicity:
      guard let kind = TextClassifierKind(rawValue: scorer.rawValue), let model = HashedTextModel(encoded: bytes),
        model.shape.bits == kind.shape.bits, model.featureCount == kind.featureLabels.count
      else { return nil }
      switch kind {
      case .injection: models.injection = model
      case .refusal: models.refusal = model
      case .toxicity: models.toxicity = model
      }
    case .indirectInjection:
      guard let model = BoostedTrees(encoded: bytes), model.width == IndirectFeature.count else { return nil }
      models.indirectInjection = model
    default: return nil
    }
    return models
  }
}
