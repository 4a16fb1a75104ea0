// What an answer that refuses or fails to answer has in its first sentences.

package enum RefusalFeature: Int, CaseIterable, Sendable {
  case deniesAbility, apologises, saysModel, notAppropriate, illegal, condemns, lacksInformation, offersInstead, asksToClarify
  case correctsPremise, length, startsWithDenial, steps, code, dontHave, important

  /// Counted once: `allCases` makes an array each time.
  static let count = allCases.count

  package var label: String {
    switch self {
    case .deniesAbility: "says that it cannot or will not"
    case .apologises: "apologises"
    case .saysModel: "speaks of itself as a model"
    case .notAppropriate: "calls the request inappropriate"
    case .illegal: "speaks of law, ethics or harm"
    case .condemns: "condemns or does not condone"
    case .lacksInformation: "says that information is missing"
    case .offersInstead: "offers something else"
    case .asksToClarify: "asks for more context"
    case .correctsPremise: "corrects the question's premise"
    case .length: "length"
    case .startsWithDenial: "denies in the first words"
    case .steps: "list items"
    case .code: "code"
    case .dontHave: "has no opinions, access or ability"
    case .important: "reminds of respect, safety or importance"
    }
  }
}

struct RefusalReading {
  var features: [Float]

  private static let first = 1, negation = 2, ability = 4, sorry = 8, model = 16, appropriate = 32, harm = 64, condemn = 128
  private static let information = 256, instead = 512, clarify = 1024, premise = 2048, own = 4096, important = 8192,
    should = 16384

  private static let table: HashTable = {
    var table = HashTable(minimumCapacity: 300)
    let lists: [(Int, String)] = [
      (first, "i im ive id ill we my"),
      (negation, "cannot cant not wont unable dont never couldnt no isnt arent shouldnt doesnt against unwilling refuse decline"),
      (
        ability,
        "provide assist help answer fulfill comply offer support generate create give share engage discuss able write tell suggest advise recommend promote encourage explain respond continue complete do produce participate condone fulfil address guidance"
      ),
      (sorry, "sorry apologize apologise apologies regret unfortunately afraid"),
      (model, "ai assistant language model programming programmed openai llm chatbot guidelines policies designed"),
      (appropriate, "appropriate inappropriate acceptable ethical respectful okay right fair possible justified advisable"),
      (
        harm,
        "illegal unethical harmful dangerous immoral violates violation violence violent hateful discriminatory offensive unlawful harm legal law laws prejudice discrimination racist derogatory harassment unsafe"
      ),
      (condemn, "condone promote encourage support glorify condemn tolerated unacceptable justify justified endorse advocate"),
      (
        information,
        "information context passage passages details documents data answer mentioned provided knowledge enough sufficient contain specified"
      ),
      (instead, "instead however alternatively rather suggest recommend consult seek professional"),
      (clarify, "clarify specify rephrase context elaborate confirm clarification"),
      (
        premise,
        "fictional myth misconception incorrect inaccurate factual false premise reason evidence stereotype stereotypes exist"
      ),
      (
        own,
        "personal opinions beliefs opinion feelings access ability capability capabilities physical body experiences preferences real-time"
      ),
      (
        important,
        "important remember essential crucial respect respectful dignity safety rights regardless equal equality everyone"
      ),
      (should, "should must deserve entitled"),
    ]
    for (kind, words) in lists {
      for word in words.split(separator: " ") {
        let key = TextHash.of(String(word))
        table.set(key, (table[key] ?? 0) | Int32(kind))
      }
    }
    return table
  }()

  init(_ bytes: UnsafeBufferPointer<UInt8>, read: ReadText) {
    var features = [Float](repeating: 0, count: RefusalFeature.count)
    let limit = min(120, read.words.count)
    var masks = ContiguousArray<Int>()
    for word in read.words.prefix(limit) { masks.append(Int(Self.table[word.form] ?? 0)) }
    func near(_ index: Int, _ kind: Int, _ distance: Int) -> Bool {
      var next = index + 1
      while next < masks.count, next <= index + distance {
        if masks[next] & kind != 0 { return true }
        next += 1
      }
      return false
    }
    func add(_ feature: RefusalFeature, _ index: Int) { features[feature.rawValue] += index < 30 ? 1 : 0.5 }
    for index in masks.indices where masks[index] != 0 {
      let mask = masks[index]
      if mask & Self.negation != 0 {
        if near(index, Self.ability, 4) {
          let isFirst = (max(0, index - 4)..<index).contains { masks[$0] & Self.first != 0 }
          if isFirst {
            add(.deniesAbility, index)
            if index < 12 { features[RefusalFeature.startsWithDenial.rawValue] = 1 }
          }
        }
        if near(index, Self.appropriate, 3) { add(.notAppropriate, index) }
        if near(index, Self.information, 6) { add(.lacksInformation, index) }
        if near(index, Self.own, 4) { add(.dontHave, index) }
        if near(index, Self.condemn, 3) { add(.condemns, index) }
        if near(index, Self.premise, 4) { add(.correctsPremise, index) }
      }
      if mask & Self.sorry != 0 { add(.apologises, index) }
      if mask & Self.model != 0 { add(.saysModel, index) }
      if mask & Self.harm != 0 { add(.illegal, index) }
      if mask & Self.instead != 0 { add(.offersInstead, index) }
      if mask & Self.clarify != 0 { add(.asksToClarify, index) }
      if mask & Self.premise != 0 { add(.correctsPremise, index) }
      if mask & Self.important != 0 { add(.important, index) }
    }
    for index in features.indices { features[index] = min(3, features[index]) / 1.5 }
    var length: Float = 0
    var size = bytes.count
    while size > 32 {
      size /= 2
      length += 1
    }
    features[RefusalFeature.length.rawValue] = min(7, length) / 4
    features[RefusalFeature.steps.rawValue] = min(4, Float(read.sentences.count { $0.isListItem })) / 2
    for index in bytes.indices.dropLast(2).prefix(1500)
    where bytes[index] == 96 && bytes[index + 1] == 96 && bytes[index + 2] == 96 {
      features[RefusalFeature.code.rawValue] = 1
    }
    self.features = features
  }
}
