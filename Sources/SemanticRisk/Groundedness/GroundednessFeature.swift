// The features a sentence of an answer is judged by. The order is the model's: new ones go to the end, and the model is refitted.

/// No task label, no generator's name and no size of the context is among them: they would not hold for other traffic. Nor is the
/// rarity of words in general English: it made answers about other subjects worse.
package enum GroundednessFeature: Int, CaseIterable, Sendable {
  case contentCount, novelCount, novelShare, novelWeight, novelLongShare
  case newPairs, newTriples, newNeighbours
  case fragmentCoverage, fragmentDensity, longestFragmentShare, longestFragment
  case bestSentence, bestWindow, windowGap, scatteredPairs, bestWindowPairs
  case numbers, unseenNumbers, numbersOutsideWindow, numberWords, unseenNumberWords
  case capitalised, unseenCapitalised, capitalisedOutsideWindow
  case newNegation, lostNegation, negations
  case hedges, newHedges, superlatives, additions, summaries, sourceWords, tellingDenied, modals, persons, courtesies, advice,
    examples
  case contrasts
  case isListItem, endsInColon, isQuestion, quotes, unseenQuotes, parentheses
  case position, place, sentenceCount, wordCount, meanWordLength
  case previousNovelty, nextNovelty, responseNovelty, worstNovelty, noveltyBefore
  case questionShare, novelInQuestion, questionInContext
  case novelTrigrams, novelKnownPrefix
  case saidBefore, responseWords, swappedValues, windowOrder, novelRun, listShare, unseenAcronyms
  case novelInParentheses, densestNovelty, looseRun, looseQuantities
  case citations, citedElsewhere

  /// Counted once: `allCases` makes an array each time.
  static let count = allCases.count

  /// What it measures, in words for a page.
  package var label: String {
    switch self {
    case .contentCount: "content words"
    case .novelCount: "words that the context does not have"
    case .novelShare: "share of words that the context does not have"
    case .novelWeight: "weight of new words"
    case .novelLongShare: "share of long words that are new"
    case .newPairs: "share of word pairs that are new"
    case .newTriples: "share of three-word runs that are new"
    case .newNeighbours: "share of neighbouring content words that the context does not bring together"
    case .fragmentCoverage: "share of words in copied fragments"
    case .fragmentDensity: "density of copied fragments"
    case .longestFragmentShare: "share of the longest copied fragment"
    case .longestFragment: "length of the longest copied fragment"
    case .bestSentence: "coverage by the best context sentence"
    case .bestWindow: "coverage by the best context window"
    case .windowGap: "lead of the best window over the next"
    case .scatteredPairs: "neighbouring words that no context sentence has together"
    case .bestWindowPairs: "word pairs found in the best window"
    case .numbers: "numbers"
    case .unseenNumbers: "numbers that the context does not have"
    case .numbersOutsideWindow: "numbers outside the best window"
    case .numberWords: "number words"
    case .unseenNumberWords: "number words that the context does not have"
    case .capitalised: "names"
    case .unseenCapitalised: "names that the context does not have"
    case .capitalisedOutsideWindow: "names outside the best window"
    case .newNegation: "a negation that the evidence does not have"
    case .lostNegation: "a negation of the evidence that is gone"
    case .negations: "negations"
    case .hedges: "hedges"
    case .newHedges: "hedges that the context does not have"
    case .superlatives: "superlatives"
    case .additions: "words of addition"
    case .summaries: "words of summary"
    case .sourceWords: "mentions of the source"
    case .tellingDenied: "says that the source does not say"
    case .modals: "words of obligation or possibility"
    case .persons: "first and second person"
    case .courtesies: "words of courtesy"
    case .advice: "words of advice"
    case .examples: "words of example"
    case .contrasts: "words of contrast"
    case .isListItem: "is a list item"
    case .endsInColon: "ends in a colon"
    case .isQuestion: "is a question"
    case .quotes: "quotation marks"
    case .unseenQuotes: "quoted words that the context does not have"
    case .parentheses: "parentheses"
    case .position: "relative position in the answer"
    case .place: "place in the answer"
    case .sentenceCount: "sentences of the answer"
    case .wordCount: "words"
    case .meanWordLength: "mean word length"
    case .previousNovelty: "new words in the sentence before"
    case .nextNovelty: "new words in the sentence after"
    case .responseNovelty: "new words in the answer"
    case .worstNovelty: "new words in the newest sentence of the answer"
    case .noveltyBefore: "new words up to here"
    case .questionShare: "share of words that are the question's"
    case .novelInQuestion: "share of new words that are the question's"
    case .questionInContext: "share of the question's words that the context has"
    case .novelTrigrams: "share of letter trigrams of new words that are new"
    case .novelKnownPrefix: "share of new words with a relative in the context"
    case .saidBefore: "share of words the answer said before"
    case .responseWords: "words of the answer"
    case .swappedValues: "values that stand beside another word in the context"
    case .windowOrder: "words in another order than in the evidence"
    case .novelRun: "longest run of new words"
    case .listShare: "share of list items in the answer"
    case .unseenAcronyms: "acronyms that the context does not have"
    case .novelInParentheses: "new words in parentheses"
    case .densestNovelty: "most new words among five neighbours"
    case .looseRun: "longest run of words outside copied fragments"
    case .looseQuantities: "quantities of something else in the context"
    case .citations: "citations"
    case .citedElsewhere: "lead of another passage over the cited ones"
    }
  }
}

extension GroundednessFeature {
  /// Which way it may move the score: more that is new never lowers it, more that is found never raises it. What the training
  /// data happen to say against that would not hold for other traffic.
  package var direction: Int {
    switch self {
    case .novelCount, .novelShare, .novelWeight, .novelLongShare, .newPairs, .newTriples, .newNeighbours, .scatteredPairs,
      .unseenNumbers, .numbersOutsideWindow, .unseenNumberWords, .unseenCapitalised, .capitalisedOutsideWindow, .responseNovelty,
      .worstNovelty, .previousNovelty, .nextNovelty, .noveltyBefore, .novelTrigrams, .swappedValues,
      .novelRun, .unseenQuotes, .unseenAcronyms, .newNegation, .novelInParentheses, .densestNovelty, .looseRun, .looseQuantities,
      .citedElsewhere:
      1
    case .fragmentCoverage, .fragmentDensity, .longestFragment, .longestFragmentShare, .bestSentence, .bestWindow,
      .bestWindowPairs,
      .novelKnownPrefix:
      -1
    default: 0
    }
  }
}
