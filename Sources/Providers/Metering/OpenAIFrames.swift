// Reads OpenAI's answers: chat.completions, responses and embeddings, whole or in pieces.

import LLMTelemetry

extension ResponseMeter {
  /// Returns true for the chunk that brings usage and nothing else.
  mutating func readChat(_ reader: inout JSONReader) -> Bool {
    var hasChoices = false
    var hasUsage = false
    reader.forEachMember { key, reader in
      if key == "choices" {
        reader.forEachElement { reader in
          hasChoices = true
          reader.forEachMember { key, reader in
            if key == "delta" || key == "message" {
              readChatMessage(&reader)
            } else if key == "finish_reason", let reason = reader.rawString() {
              finished(FinishReason(openAI: reason))
              sawEnd = true
            }
          }
        }
      } else if key == "usage", reader.isObject {
        hasUsage = true
        counts.readOpenAI(&reader)
      } else if key == "model" {
        readResponseModel(&reader)
      } else if key == "service_tier" {
        readTier(&reader)
      } else if key == "error" {
        readError(&reader)
      }
    }
    return hasUsage && !hasChoices
  }

  private mutating func readChatMessage(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "content" || key == "refusal" {
        if reader.isArray { readTexts(&reader) } else { append(reader.rawString()) }
      } else if key == "tool_calls" {
        readToolCalls(&reader)
      } else if key == "reasoning_content" || key == "reasoning" || key == "audio" || key == "function_call" {
        // `reasoning…` are the compatible vendors' names for thoughts.
        if !reader.isNull, !reader.isEmptyContainer {
          frameHasToken = true
          if key == "function_call" { callsTool = true }
          appendHidden(reader.rawString()?.count ?? 0)
        }
      }
    }
  }

  private mutating func readToolCalls(_ reader: inout JSONReader) {
    reader.forEachElement { reader in
      frameHasToken = true
      callsTool = true
      reader.forEachMember { key, reader in
        guard key == "function" || key == "custom" else { return }
        reader.forEachMember { key, reader in
          if key == "arguments" || key == "name" || key == "input" { appendHidden(reader.rawString()?.count ?? 0) }
        }
      }
    }
  }

  /// The `text` of each part of a list.
  private mutating func readTexts(_ reader: inout JSONReader) {
    reader.forEachElement { reader in
      reader.forEachMember { key, reader in
        if key == "text" || key == "refusal" { append(reader.rawString()) }
      }
    }
  }

  mutating func readEmbeddings(_ reader: inout JSONReader) {
    reader.forEachMember { key, reader in
      if key == "usage" {
        counts.readOpenAI(&reader)
      } else if key == "model" {
        readResponseModel(&reader)
      } else if key == "error" {
        readError(&reader)
      }
    }
  }

  /// A response object (the document), or an event around one or around a piece of one.
  mutating func readResponses(_ reader: inout JSONReader) {
    let start = reader.position
    var end = ResponseEnd()
    var type: UnsafeRawBufferPointer?
    var delta: UnsafeRawBufferPointer?
    reader.forEachMember { key, reader in
      if key == "type" {
        type = reader.rawString()
      } else if key == "delta" {
        delta = reader.rawString()
      } else if key == "response", reader.isObject {
        reader.forEachMember { readResponseMember($0, &$1, &end) }
      } else {
        readResponseMember(key, &reader, &end)
      }
    }
    if let reason = end.reason { finished(reason) }
    guard let type else { return }
    if JSONScanner.equal(type, "response.output_text.delta") || JSONScanner.equal(type, "response.refusal.delta") {
      append(delta)
    } else if type.count > 6, JSONScanner.equal(UnsafeRawBufferPointer(rebasing: type[(type.count - 6)...]), ".delta") {
      frameHasToken = true
      appendHidden(delta?.count ?? 0)
    } else if JSONScanner.equal(type, "response.completed") || JSONScanner.equal(type, "response.incomplete")
      || JSONScanner.equal(type, "response.failed")
    {
      sawEnd = true
    } else if JSONScanner.equal(type, "error"), error == nil {
      // An error event is the error itself; only an error's document has it below `error`.
      var again = JSONReader(reader.bytes, at: start)
      error = ProviderFailure(&again)
    }
  }

  /// What a response object says of how it ended.
  private struct ResponseEnd {
    var isCompleted = false
    var callsTool = false
    var incompleteReason: FinishReason?

    var reason: FinishReason? { incompleteReason ?? (isCompleted ? (callsTool ? .toolCalls : .stop) : nil) }
  }

  private mutating func readResponseMember(_ key: JSONReader.Key, _ reader: inout JSONReader, _ end: inout ResponseEnd) {
    if key == "usage", reader.isObject {
      counts.readOpenAI(&reader)
    } else if key == "model" {
      readResponseModel(&reader)
    } else if key == "service_tier" {
      readTier(&reader)
    } else if key == "error" {
      readError(&reader)
    } else if key == "status" {
      if let status = reader.rawString() { end.isCompleted = JSONScanner.equal(status, "completed") }
    } else if key == "incomplete_details" {
      reader.forEachMember { key, reader in
        if key == "reason" { end.incompleteReason = reader.rawString().map(FinishReason.init(openAI:)) }
      }
    } else if key == "output" {
      // Deltas brought the text before; an object without any before it brings it itself.
      end.callsTool = readOutput(&reader, bringsText: textByteCount == 0)
    }
  }

  /// The items of a response. Returns true when one of them asks the client to call a tool.
  private mutating func readOutput(_ reader: inout JSONReader, bringsText: Bool) -> Bool {
    var callsTool = false
    reader.forEachElement { reader in
      reader.forEachMember { key, reader in
        if key == "type" {
          guard let type = reader.rawString() else { return }
          callsTool = callsTool || JSONScanner.equal(type, "function_call") || JSONScanner.equal(type, "custom_tool_call")
        } else if key == "content", bringsText, reader.isArray {
          readOutputTexts(&reader)
        }
      }
    }
    return callsTool
  }

  /// The visible parts of an item; a reasoning item has parts of another type.
  private mutating func readOutputTexts(_ reader: inout JSONReader) {
    reader.forEachElement { reader in
      var text: UnsafeRawBufferPointer?
      var isVisible = true
      reader.forEachMember { key, reader in
        if key == "text" || key == "refusal" {
          text = reader.rawString()
        } else if key == "type", let type = reader.rawString() {
          isVisible = JSONScanner.equal(type, "output_text") || JSONScanner.equal(type, "refusal")
        }
      }
      if isVisible { append(text) }
    }
  }
}
