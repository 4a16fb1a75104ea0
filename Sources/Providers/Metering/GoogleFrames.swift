// Reads Google's answers: generated content, whole or in pieces, and embeddings.

import LLMTelemetry

extension ResponseMeter {
  mutating func readGenerated(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "candidates" {
        reader.forEachElement { readCandidate(&$0) }
      } else if key == "usageMetadata" {
        serviceTier = counts.readGoogle(&reader) ?? serviceTier
      } else if key == "modelVersion" {
        readResponseModel(&reader)
      } else if key == "promptFeedback" {
        readPromptFeedback(&reader)
      } else if key == "error" {
        readError(&reader)
      }
    }
  }

  private mutating func readCandidate(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "content" {
        reader.forEachMember { key, reader in
          if key == "parts" { reader.forEachElement { readPart(&$0) } }
        }
      } else if key == "finishReason" {
        let reason =
          reader.isString
          ? reader.rawString().flatMap(FinishReason.init(google:)) : reader.count().flatMap(FinishReason.init(googleNumber:))
        guard let reason else { return }
        finished(reason)
        sawEnd = true
      }
    }
  }

  private mutating func readPart(_ reader: inout JSONReader) {
    var text: UnsafeRawBufferPointer?
    var isThought = false
    reader.forEachMember { key, reader in
      if key == "text" {
        text = reader.rawString()
      } else if key == "thought" {
        isThought = reader.boolean() ?? false
      } else if key == "functionCall" || key == "inlineData" || key == "executableCode" {
        frameHasToken = true
        if key == "functionCall" { callsTool = true }
        // A picture's bytes are not what it is billed by.
        if !(key == "inlineData") { appendHidden(reader.range()?.count ?? 0) }
      }
    }
    if !isThought {
      append(text)
    } else {
      appendHidden(text?.count ?? 0)
    }
  }

  private mutating func readPromptFeedback(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      guard key == "blockReason" else { return }
      let reason = reader.isString ? reader.string() : reader.count().map(String.init)
      // Zero is how `enum-encoding=int` writes the unspecified one.
      guard let reason, reason != "BLOCK_REASON_UNSPECIFIED", reason != "0" else { return }
      blockReason = reason
      sawEnd = true
    }
  }

  /// Embeddings, by `embedContent`, `batchEmbedContents` or `predict`.
  mutating func readGoogleVectors(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "usageMetadata" {
        serviceTier = counts.readGoogle(&reader) ?? serviceTier
      } else if key == "predictions" {
        counts.readPredictions(&reader)
      } else if key == "error" {
        readError(&reader)
      }
    }
  }
}
