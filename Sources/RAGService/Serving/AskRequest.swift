// What is accepted as a question.
import Hummingbird

enum AskRequest {
  static let bodyLimit = 64 * 1024
  static let questionLimit = 4000

  static func read(_ request: Request, defaultTenant: String) async throws(Refusal) -> Question {
    var fields = try await request.object(
      upTo: bodyLimit, words: "64 KB", example: #"{"question": "How long is the warranty?"}"#)
    let text = fields.text("question", isRequired: true, limit: questionLimit)
    let tenant = fields.name("tenant")
    let feature = fields.name("feature")
    let session = fields.name("session")
    let filter = fields.restricts("restricts")
    try fields.finish("the question cannot be taken as it is; `fields` says what to change")
    return Question(
      text: (text ?? "").trimmingSpace,
      origin: CallOrigin(tenant: tenant ?? defaultTenant, feature: feature, session: session), filter: filter)
  }
}
