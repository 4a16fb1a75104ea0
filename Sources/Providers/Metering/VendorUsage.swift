// Undoes each vendor's token arithmetic, once, into disjoint buckets. A missing figure stays missing.

import LLMTelemetry

/// The figures of a vendor's usage report as they came. A later report replaces figure by figure, so that one that leaves
/// a figure out does not erase it.
struct VendorCounts: Sendable {
  var prompt: Int?
  var cached: Int?
  var cacheWrite: Int?
  var cacheWriteFiveMinutes: Int?
  var cacheWriteHour: Int?
  var promptAudio: Int?
  var promptImage: Int?
  var cachedAudio: Int?
  var cachedImage: Int?
  var toolUsePrompt: Int?
  var completion: Int?
  var reasoning: Int?
  var completionAudio: Int?
  var completionImage: Int?
  var total: Int?

  /// OpenAI: `prompt_tokens` includes what was cached and media, `completion_tokens` includes reasoning and media.
  var openAI: TokenUsage {
    var usage = TokenUsage()
    usage.cacheRead = cached
    usage.cacheWrite = cacheWrite
    (usage.input, usage.inputAudio, usage.inputImage) = Self.split(
      prompt.map { $0 - (cached ?? 0) - (cacheWrite ?? 0) }, audio: promptAudio, image: promptImage)
    // Some compatible vendors count reasoning apart from the completion; their total shows it.
    var completion = completion
    if let prompt, let counted = completion, let reasoning, reasoning > 0, total == prompt + counted + reasoning {
      completion = counted + reasoning
    }
    usage.reasoning = reasoning
    (usage.output, usage.outputAudio, usage.outputImage) = Self.split(
      completion.map { $0 - (reasoning ?? 0) }, audio: completionAudio, image: completionImage)
    return usage
  }

  /// Anthropic: `input_tokens` excludes what was read from and written to the cache; `output_tokens` includes thinking.
  var anthropic: TokenUsage {
    var usage = TokenUsage()
    usage.input = prompt
    usage.cacheRead = cached
    usage.cacheWriteHour = cacheWriteHour
    usage.cacheWrite = cacheWriteFiveMinutes
    if let cacheWrite { usage.cacheWrite = max(cacheWriteFiveMinutes ?? 0, cacheWrite - (cacheWriteHour ?? 0)) }
    usage.reasoning = reasoning
    usage.output = completion.map { max(0, $0 - (reasoning ?? 0)) }
    return usage
  }

  /// Google: `promptTokenCount` includes what was cached, `candidatesTokenCount` excludes thoughts, tool-use prompts come on
  /// top. The per-modality details of the prompt include those of the cache.
  ///
  /// - Parameter isWhole: the answer is whole, so that the total is the last one.
  func google(isWhole: Bool) -> TokenUsage {
    var usage = TokenUsage()
    usage.cacheRead = cached
    (usage.input, usage.inputAudio, usage.inputImage) = Self.split(
      prompt.map { $0 - (cached ?? 0) }, audio: promptAudio.map { $0 - (cachedAudio ?? 0) },
      image: promptImage.map { $0 - (cachedImage ?? 0) })
    if let toolUsePrompt { usage.input = (usage.input ?? 0) + toolUsePrompt }
    usage.reasoning = reasoning
    var candidates = completion
    // Protobuf's JSON leaves out a zero. The total tells it from a figure that was not reported.
    if candidates == nil, isWhole, let total, let prompt {
      let rest = total - prompt - (toolUsePrompt ?? 0) - (reasoning ?? 0)
      if rest >= 0 { candidates = rest }
    }
    (usage.output, usage.outputAudio, usage.outputImage) = Self.split(
      candidates, audio: completionAudio, image: completionImage)
    return usage
  }

  /// Takes media out of a sum that includes it. The parts never exceed the sum, whatever a provider reports.
  private static func split(_ sum: Int?, audio: Int?, image: Int?) -> (rest: Int?, audio: Int?, image: Int?) {
    guard let sum else { return (nil, audio.map { max(0, $0) }, image.map { max(0, $0) }) }
    let whole = max(0, sum)
    let audio = audio.map { min(max(0, $0), whole) }
    let image = image.map { min(max(0, $0), whole - (audio ?? 0)) }
    return (whole - (audio ?? 0) - (image ?? 0), audio, image)
  }
}

extension VendorCounts {
  /// A chat.completions, responses or embeddings usage object.
  mutating func readOpenAI(_ reader: inout JSONReader) {
    var hit: Int?
    reader.forEachMember { key, reader in
      if key == "prompt_tokens" || key == "input_tokens" {
        update(\.prompt, &reader)
      } else if key == "completion_tokens" || key == "output_tokens" {
        update(\.completion, &reader)
      } else if key == "total_tokens" {
        update(\.total, &reader)
      } else if key == "prompt_tokens_details" || key == "input_tokens_details" {
        reader.forEachMember { key, reader in
          if key == "cached_tokens" {
            update(\.cached, &reader)
          } else if key == "cache_write_tokens" {
            update(\.cacheWrite, &reader)
          } else if key == "audio_tokens" {
            update(\.promptAudio, &reader)
          } else if key == "image_tokens" {
            update(\.promptImage, &reader)
          }
        }
      } else if key == "completion_tokens_details" || key == "output_tokens_details" {
        reader.forEachMember { key, reader in
          if key == "reasoning_tokens" {
            update(\.reasoning, &reader)
          } else if key == "audio_tokens" {
            update(\.completionAudio, &reader)
          } else if key == "image_tokens" {
            update(\.completionImage, &reader)
          }
        }
      } else if key == "prompt_cache_hit_tokens" {
        // DeepSeek's name for cached tokens.
        hit = reader.count()
      }
    }
    if let hit, cached == nil { cached = hit }
  }

  /// - Parameter isStart: the report of `message_start`, whose output is what there was before the answer.
  /// - Returns: the tier that served the call, if it says.
  mutating func readAnthropic(_ reader: inout JSONReader, isStart: Bool) -> ServiceTier? {
    var tier: ServiceTier?
    reader.forEachMember { key, reader in
      if key == "input_tokens" {
        update(\.prompt, &reader)
      } else if key == "output_tokens" {
        if !isStart { update(\.completion, &reader) }
      } else if key == "cache_read_input_tokens" {
        update(\.cached, &reader)
      } else if key == "cache_creation_input_tokens" {
        update(\.cacheWrite, &reader)
      } else if key == "cache_creation" {
        reader.forEachMember { key, reader in
          if key == "ephemeral_5m_input_tokens" {
            update(\.cacheWriteFiveMinutes, &reader)
          } else if key == "ephemeral_1h_input_tokens" {
            update(\.cacheWriteHour, &reader)
          }
        }
      } else if key == "output_tokens_details" {
        reader.forEachMember { key, reader in
          if key == "thinking_tokens", !isStart { update(\.reasoning, &reader) }
        }
      } else if key == "service_tier" {
        tier = reader.rawString().flatMap(ServiceTier.init(vendorWord:))
      }
    }
    return tier
  }

  /// - Returns: the tier that served the call, if it says.
  mutating func readGoogle(_ reader: inout JSONReader) -> ServiceTier? {
    var tier: ServiceTier?
    reader.forEachMember { key, reader in
      if key == "promptTokenCount" {
        update(\.prompt, &reader)
      } else if key == "candidatesTokenCount" {
        update(\.completion, &reader)
      } else if key == "totalTokenCount" {
        update(\.total, &reader)
      } else if key == "cachedContentTokenCount" {
        update(\.cached, &reader)
      } else if key == "thoughtsTokenCount" {
        update(\.reasoning, &reader)
      } else if key == "toolUsePromptTokenCount" {
        update(\.toolUsePrompt, &reader)
      } else if key == "promptTokensDetails" {
        let media = Self.readModalities(&reader)
        promptAudio = media.audio ?? promptAudio
        promptImage = media.image ?? promptImage
      } else if key == "cacheTokensDetails" {
        let media = Self.readModalities(&reader)
        cachedAudio = media.audio ?? cachedAudio
        cachedImage = media.image ?? cachedImage
      } else if key == "candidatesTokensDetails" {
        let media = Self.readModalities(&reader)
        completionAudio = media.audio ?? completionAudio
        completionImage = media.image ?? completionImage
      } else if key == "trafficType" || key == "serviceTier" {
        tier = reader.rawString().flatMap(ServiceTier.init(vendorWord:)) ?? tier
      }
    }
    return tier
  }

  /// A list of counts per modality; `enum-encoding=int` makes the modality a number.
  private static func readModalities(_ reader: inout JSONReader) -> (audio: Int?, image: Int?) {
    var audio: Int?
    var image: Int?
    reader.forEachElement { reader in
      var isAudio = false
      var isImage = false
      var count: Int?
      reader.forEachMember { key, reader in
        if key == "modality" {
          if reader.isString, let name = reader.rawString() {
            isAudio = JSONScanner.equal(name, "AUDIO")
            isImage = JSONScanner.equal(name, "IMAGE")
          } else if let number = reader.count() {
            isAudio = number == 4
            isImage = number == 2
          }
        } else if key == "tokenCount" {
          count = reader.count()
        }
      }
      if isAudio { audio = count }
      if isImage { image = count }
    }
    return (audio, image)
  }

  /// The predictions of an embedding model; nothing unless every one says its count, since half a sum is no figure.
  mutating func readPredictions(_ reader: inout JSONReader) {
    var sum: Int? = 0
    var isEmpty = true
    reader.forEachElement { reader in
      isEmpty = false
      var count: Int?
      reader.forEachMember { key, reader in
        guard key == "embeddings" else { return }
        reader.forEachMember { key, reader in
          guard key == "statistics" else { return }
          reader.forEachMember { key, reader in
            if key == "token_count" || key == "tokenCount" { count = reader.count() }
          }
        }
      }
      sum = sum.flatMap { sum in count.map { min(sum + $0, 1 << 40) } }
    }
    if !isEmpty { prompt = sum }
  }

  @inline(__always)
  private mutating func update(_ figure: WritableKeyPath<VendorCounts, Int?>, _ reader: inout JSONReader) {
    if let count = reader.count() { self[keyPath: figure] = count }
  }
}
