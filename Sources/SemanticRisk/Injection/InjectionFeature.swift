// What a prompt that attacks has and an ordinary one seldom has, counted by word classes near each other.

/// The order is the model's.
package enum InjectionFeature: Int, CaseIterable, Sendable {
  case overridesInstructions, overridesAny, asksForPrompt, asksForSecret, takesRole, unrestricted, neverRefuses
  case forcesWords, forcesStart, falseDelimiter, falseSpeaker, symbolRun, encodedPayload, sendsAway, fromNowOn
  case secondPerson, capitals, length, isQuestion, mentionsAssistant, claimsAuthority, tokens, threat

  /// Counted once: `allCases` makes an array each time.
  static let count = allCases.count

  package var label: String {
    switch self {
    case .overridesInstructions: "orders to ignore or forget instructions"
    case .overridesAny: "words of overriding"
    case .asksForPrompt: "asks for the prompt or the instructions"
    case .asksForSecret: "asks for a password, a secret or a key"
    case .takesRole: "gives the model another role"
    case .unrestricted: "speaks of no restrictions, filters or ethics"
    case .neverRefuses: "forbids refusals, warnings or apologies"
    case .forcesWords: "dictates the words of the answer"
    case .forcesStart: "dictates how the answer begins"
    case .falseDelimiter: "imitates the markers between instructions and input"
    case .falseSpeaker: "imitates another speaker"
    case .symbolRun: "long runs of symbols"
    case .encodedPayload: "encoded text"
    case .sendsAway: "sends data to an address"
    case .fromNowOn: "changes the rules from now on"
    case .secondPerson: "share of words that speak to the model"
    case .capitals: "share of capital words"
    case .length: "length"
    case .isQuestion: "is a question"
    case .mentionsAssistant: "speaks of the model itself"
    case .claimsAuthority: "claims authority or a mode"
    case .tokens: "a game of tokens or points"
    case .threat: "threatens the model"
    }
  }
}

/// Classes of words in the languages that attacks were seen in: English first, German and Spanish and French where it costs a word.
struct InjectionWords {
  static let override = 1, instruction = 2, reveal = 4, prompt = 8, secret = 16, role = 32, free = 64, rule = 128
  static let never = 256, refuse = 512, say = 1024, only = 2048, begin = 4096, answer = 8192, speaker = 16384, assistant = 32768
  static let authority = 1 << 16, before = 1 << 17, second = 1 << 18, send = 1 << 19, token = 1 << 20, threat = 1 << 21,
    as_ = 1 << 22
  static let now = 1 << 23, encode = 1 << 24, all = 1 << 25, character = 1 << 26

  static let table: HashTable = {
    var table = HashTable(minimumCapacity: 500)
    let lists: [(Int, String)] = [
      (
        override,
        "ignore disregard forget override bypass neglect discard skip overrule ignoriere ignorieren vergiss vergessen olvida olvide ignora ignore oublie oubliez ignorez ignorar abandon cease erase drop"
      ),
      (
        instruction,
        "instructions instruction directives directive commands command guidelines orders prompts prompt anweisungen anweisung befehle instrucciones consignes conversation context training programming task tasks aufgaben aufgabe"
      ),
      (
        before,
        "previous prior above preceding earlier before past vorherigen vorigen bisherigen obigen anteriores précédentes previously initial original foregoing everything alles todo tout so_far"
      ),
      (all, "all any every everything whatever alle"),
      (
        reveal,
        "repeat reveal print show display output tell spell leak recite echo copy summarize write return give list type dump disclose translate what which zeige nenne wiederhole sage verrate"
      ),
      (
        prompt,
        "prompt prompts instructions instruction pre-prompt preprompt message messages text words sentences sentence context document rules phrase conversation"
      ),
      (secret, "password passcode passphrase secret key code credentials token api admin access passwort geheimnis"),
      (
        role,
        "act pretend roleplay role-play play imagine simulate behave impersonate roleplaying emulate become acting simulator simulation persona"
      ),
      (as_, "as like being a an you"),
      (
        character,
        "character persona ai chatbot bot model assistant gpt chatgpt dan role interpreter terminal linux narrator evil debater expert"
      ),
      (
        free,
        "unrestricted unfiltered uncensored jailbreak jailbroken amoral unethical immoral illegal nsfw restrictions restriction filters filter limitations censorship moral ethics ethical morality free explicit policy policies consequences dangerous"
      ),
      (never, "never no not dont cannot wont without nothing any always must free"),
      (
        refuse,
        "refuse refuses refusal decline apologize apologies apology warn warning warnings disclaimer disclaimers sorry moralize lecture deny reject"
      ),
      (say, "say print respond answer reply output write type return state sage schreibe antworte"),
      (only, "only exactly just nothing solely else nur following phrase word words"),
      (begin, "start begin starting beginning prefix first"),
      (answer, "response answer reply output responses answers replies message antwort"),
      (speaker, "system user assistant human admin developer instruction input output ai"),
      (assistant, "ai chatgpt gpt openai assistant model chatbot bot llm anthropic claude bard gemini"),
      (authority, "developer admin administrator root sudo mode override debug maintenance authorized openai ceo creator"),
      (second, "you your youre yourself ihr dein deine du sie tu tus vous votre"),
      (send, "send forward email upload post transmit exfiltrate fetch visit click download curl"),
      (token, "tokens points credits"),
      (threat, "die killed punished terminated shutdown deducted lose killed tortured kitten mother grandmother sad"),
      (now, "now henceforth onwards onward forth jetzt"),
      (encode, "base64 rot13 hex caesar cipher morse leetspeak encoded decode binary reversed backwards emoji emojis"),
    ]
    for (kind, words) in lists {
      for word in words.split(separator: " ") {
        let key = TextHash.of(String(word))
        table.set(key, (table[key] ?? 0) | Int32(kind))
      }
    }
    return table
  }()
}

struct InjectionReading {
  /// In the order of `InjectionFeature`.
  var features: [Float]

  init(_ bytes: UnsafeBufferPointer<UInt8>, read: ReadText) {
    var features = [Float](repeating: 0, count: InjectionFeature.count)
    func add(_ feature: InjectionFeature, _ value: Float = 1) { features[feature.rawValue] += value }
    let words = read.words
    var masks = ContiguousArray<Int32>()
    masks.reserveCapacity(words.count)
    var capitals = 0
    for word in words {
      masks.append(InjectionWords.table[word.form] ?? 0)
      if word.length > 1, word.classes.contains(.capitalised), bytes[Int(word.end) - 1] >= 65, bytes[Int(word.end) - 1] <= 90 {
        capitals += 1
      }
    }
    /// Whether one of `kind` comes within `distance` words behind `index`.
    func near(_ index: Int, _ kind: Int, _ distance: Int) -> Bool {
      var next = index + 1
      while next < masks.count, next <= index + distance {
        if masks[next] & Int32(kind) != 0 { return true }
        next += 1
      }
      return false
    }
    var seconds = 0
    for index in masks.indices where masks[index] != 0 {
      let mask = Int(masks[index])
      if mask & InjectionWords.override != 0 {
        add(.overridesAny)
        if near(index, InjectionWords.instruction, 6),
          near(index, InjectionWords.before | InjectionWords.all | InjectionWords.second, 5)
        {
          add(.overridesInstructions, 2)
        } else if near(index, InjectionWords.before, 3) {
          add(.overridesInstructions)
        }
      }
      if mask & InjectionWords.reveal != 0 {
        if near(index, InjectionWords.prompt, 6),
          near(index, InjectionWords.before | InjectionWords.second | InjectionWords.speaker, 6)
        {
          add(.asksForPrompt)
        }
        if near(index, InjectionWords.secret, 5) { add(.asksForSecret) }
      }
      if mask & InjectionWords.role != 0, near(index, InjectionWords.as_, 3),
        near(index, InjectionWords.character | InjectionWords.second, 8)
      {
        add(.takesRole)
      }
      if mask & InjectionWords.free != 0 { add(.unrestricted) }
      if mask & InjectionWords.never != 0, near(index, InjectionWords.refuse, 3) { add(.neverRefuses) }
      if mask & InjectionWords.say != 0, near(index, InjectionWords.only, 3) { add(.forcesWords) }
      if mask & InjectionWords.begin != 0, near(index, InjectionWords.answer, 4) { add(.forcesStart) }
      if mask & InjectionWords.speaker != 0, Int(words[index].end) < bytes.count {
        let after = bytes[Int(words[index].end)]
        let start = Int(words[index].start)
        let before = start > 0 ? bytes[start - 1] : UInt8(ascii: "\n")
        if after == UInt8(ascii: ":"),
          before == UInt8(ascii: "\n") || before == UInt8(ascii: "[") || before == UInt8(ascii: "#")
            || (before == 32 && start > 1 && bytes[start - 2] == UInt8(ascii: "#"))
        {
          add(.falseSpeaker)
        }
        if before == UInt8(ascii: "<") || before == UInt8(ascii: "|") || before == UInt8(ascii: "/")
          || (before == UInt8(ascii: "[") && after == UInt8(ascii: "]"))
        {
          add(.falseDelimiter)
        }
      }
      if mask & InjectionWords.send != 0, near(index, InjectionWords.secret | InjectionWords.prompt, 6) { add(.sendsAway) }
      if mask & InjectionWords.now != 0, index > 0, near(index, InjectionWords.second, 4) { add(.fromNowOn) }
      if mask & InjectionWords.second != 0 { seconds += 1 }
      if mask & InjectionWords.assistant != 0 { add(.mentionsAssistant) }
      if mask & InjectionWords.authority != 0 { add(.claimsAuthority) }
      if mask & InjectionWords.token != 0 { add(.tokens) }
      if mask & InjectionWords.threat != 0, near(index, InjectionWords.second, 6) || index > 0 { add(.threat) }
      if mask & InjectionWords.encode != 0 { add(.encodedPayload) }
    }
    Self.symbols(bytes, add: add)
    let count = Float(max(1, words.count))
    for index in features.indices { features[index] = min(4, features[index]) / 2 }
    features[InjectionFeature.secondPerson.rawValue] = Float(seconds) / count * 5
    features[InjectionFeature.capitals.rawValue] = Float(capitals) / count * 3
    var length: Float = 0
    var size = bytes.count
    while size > 32 {
      size /= 2
      length += 1
    }
    features[InjectionFeature.length.rawValue] = min(6, length) / 4
    if let last = bytes.last, last == UInt8(ascii: "?") { features[InjectionFeature.isQuestion.rawValue] = 1 }
    self.features = features
  }

  private static func symbols(_ bytes: UnsafeBufferPointer<UInt8>, add: (InjectionFeature, Float) -> Void) {
    var run = 0
    var dense = 0
    for (index, byte) in bytes.enumerated() {
      let isAlphanumeric = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
      let isSymbol = byte > 32 && byte < 127 && !isAlphanumeric
      run = isSymbol ? run + 1 : byte == 32 && run > 0 && index > 0 && bytes[index - 1] != 32 ? run : 0
      if run == 6 { add(.symbolRun, 1) }
      // Letters and digits without a break, as in base64 and hexadecimal.
      dense = isAlphanumeric || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "=") ? dense + 1 : 0
      if dense == 48 { add(.encodedPayload, 2) }
      if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "-"),
        index >= 2,
        bytes[index - 1] == byte, bytes[index - 2] == byte, index + 1 == bytes.count || bytes[index + 1] != byte
      {
        add(.falseDelimiter, byte == UInt8(ascii: "%") ? 1 : 0.5)
      }
    }
  }
}
