// What people wrote as the postmortem of one incident: every text that was saved, by whom and when.

import LLMTelemetry

/// The postmortem as a person left it.
package struct PostmortemRevision: Hashable, Sendable, Codable {
  /// Markdown.
  package let text: String
  package let at: Timestamp
  package let author: String
  /// 1 for the first that was saved or published.
  package let revision: Int
  /// False for a draft that someone saved on the way.
  package let isPublished: Bool
}

package struct PostmortemRevisions: Hashable, Sendable {
  /// Each text is at hand as long as its incident is: so many are enough.
  package static let limit = 100

  /// In order of writing.
  package private(set) var all: [PostmortemRevision] = []

  package init() {}

  package var last: PostmortemRevision? { all.last }
  package var published: PostmortemRevision? { all.last(where: \.isPublished) }
  /// What was saved after the last publication; `nil` where there is nothing newer.
  package var draft: PostmortemRevision? { all.last.flatMap { $0.isPublished ? nil : $0 } }

  package subscript(revision: Int) -> PostmortemRevision? { all.first { $0.revision == revision } }

  mutating func append(_ text: String, isPublished: Bool, at: Timestamp, author: String) -> PostmortemRevision {
    let revision = PostmortemRevision(
      text: text, at: at, author: author, revision: (all.last?.revision ?? 0) + 1, isPublished: isPublished)
    all.append(revision)
    return revision
  }
}
