// One word or number of a text, as hashes: the text itself is not kept.

struct Word {
  /// Where it is, in bytes.
  var start: Int32
  var end: Int32
  /// The lower-case spelling.
  var form: UInt32
  /// The stem, or a number's value: `1,000`, `1000` and `1k` have one stem.
  var stem: UInt32
  /// Its first four letters; related words share them.
  var prefix: UInt32
  var classes: WordClasses
  /// Letters or digits.
  var length: UInt8

  /// Carries content: no function word, no single letter.
  var isContent: Bool { !classes.contains(.function) }
}

/// What kind of word it is. A word may be of several.
struct WordClasses: OptionSet {
  let rawValue: UInt32

  static let function = WordClasses(rawValue: 1 << 0)
  static let number = WordClasses(rawValue: 1 << 1)
  static let numberWord = WordClasses(rawValue: 1 << 2)
  static let capitalised = WordClasses(rawValue: 1 << 3)
  static let negation = WordClasses(rawValue: 1 << 4)
  static let hedge = WordClasses(rawValue: 1 << 5)
  static let superlative = WordClasses(rawValue: 1 << 6)
  static let addition = WordClasses(rawValue: 1 << 7)
  static let summary = WordClasses(rawValue: 1 << 8)
  static let source = WordClasses(rawValue: 1 << 9)
  static let telling = WordClasses(rawValue: 1 << 10)
  static let modal = WordClasses(rawValue: 1 << 11)
  static let person = WordClasses(rawValue: 1 << 12)
  static let courtesy = WordClasses(rawValue: 1 << 13)
  static let advice = WordClasses(rawValue: 1 << 14)
  static let question = WordClasses(rawValue: 1 << 15)
  /// At the start of its sentence, where a capital letter means nothing.
  static let opening = WordClasses(rawValue: 1 << 16)
  static let example = WordClasses(rawValue: 1 << 17)
  static let contrast = WordClasses(rawValue: 1 << 18)
  /// Says little of its own: a new one is another way to say the same more often than a claim.
  static let light = WordClasses(rawValue: 1 << 19)
  /// No part of what a sentence claims of its subject.
  static let sayingLittle: WordClasses = [.light, .source, .telling, .courtesy]
}

/// The words of each class.
enum WordList {
  /// By the hash of the lower-case spelling without apostrophes.
  static let classes: HashTable = {
    var table = HashTable(minimumCapacity: 1000)
    for (kind, words) in lists {
      for word in words.split(whereSeparator: \.isWhitespace) {
        let key = TextHash.of(String(word))
        table.set(key, (table[key] ?? 0) | Int32(kind.rawValue))
      }
    }
    for key in numberWords.keys { table.set(key, (table[key] ?? 0) | Int32(WordClasses.numberWord.rawValue)) }
    return table
  }()

  private static let lists: [(WordClasses, String)] = [
    (
      .function,
      """
      a an the and or but nor so yet if then than that this these those there here it its he she they him her them his their our your my
      we i you me us who whom whose which what when where why how is are was were be been being am do does did done doing have has had
      having can could will would shall should may might must not no of in on at by for with about against between into through during
      before after above below to from up down out off over under again further as until while because also very just only own same too
      more most some any each few other such both all however therefore thus without within upon among per via etc though although since
      dont doesnt isnt arent didnt wasnt werent wont couldnt wouldnt shouldnt cant cannot hasnt havent hadnt im ive id ill youre youve
      youll theyre weve were hes shes thats theres lets whats heres oh well
      """
    ),
    (
      .negation,
      """
      not no never none nothing neither nor without dont doesnt isnt arent didnt wasnt werent wont couldnt wouldnt shouldnt cant cannot
      hasnt havent hadnt unable unlike lack lacks lacking absent fails failed
      """
    ),
    (
      .hedge,
      """
      may might could possibly perhaps likely probably generally typically usually often sometimes commonly approximately around about
      roughly appears seems suggest suggests some certain various several many potentially depending
      """
    ),
    (
      .superlative,
      "most least best worst largest smallest highest lowest greatest biggest longest first last oldest newest only always never every"
    ),
    (.addition, "additionally also furthermore moreover besides alternatively another addition plus finally"),
    (.summary, "overall therefore thus summary conclusion summarize hence so ultimately essentially short"),
    (
      .source,
      """
      passage passages context text document documents article information provided given based according source sources excerpt excerpts
      """
    ),
    (
      .telling,
      """
      mention mentions mentioned state states stated provide provides specify specifies specified say says said contain contains indicate
      indicates indicated describe describes described discuss discusses explicitly clear unclear determine answer answers suggest suggests
      """
    ),
    (.modal, "should must can could would will need needs ensure make sure recommended required"),
    (.person, "i you your we our my me us yourself"),
    (
      .courtesy,
      "hope helps help feel free let know further questions assist assistance happy glad sure please hi hello thank thanks sorry"
    ),
    (
      .advice,
      "important note consult recommend recommended advisable essential professional remember consider crucial best always ensure"
    ),
    (.question, "what who whom whose which when where why how"),
    (.example, "example examples instance such including include includes like"),
    (
      .light,
      """
      able accomplish according achieve action add additional allow amount answer approach appropriate area aspect available avoid aware based
      basic become begin brief bring call carefully case cause certain change check choose clear come common complete concern
      condition consider contain continue couple create depend desired detail determine different difficult directly discuss easy effect
      effective either end enough ensure entire especially example exact fact factor feel find follow following form general get give go
      good great happen help helpful high highlight idea identify important improve include including increase individual information
      instance instruction involve issue item keep kind know large lead leave level list little long look lot maintain make manner matter
      mean mention method much multiple necessary need note number offer one option order overall part particular perform person place
      please point possible potential prepare prevent problem proceed process produce prompt proper properly provide purpose put question
      range reach read reason receive recommend reduce refer regard related relevant remain remember remove require required result right
      same say second see seem serve set several show similar simple simply situation small specific specifically start state step
      still stop suggest suitable sure take task term thing think time together total try type understand unique use used useful
      user using usual value various vary want way well whole wish work world
      """
    ),
    (.contrast, "however but although though while whereas despite instead rather unlike nevertheless"),
  ]

  /// What a number's word is worth, by its hash.
  static let numberWords: [UInt32: Int] = {
    var values: [UInt32: Int] = [:]
    let small =
      "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
    for (value, word) in small.split(separator: " ").enumerated() { values[TextHash.of(String(word))] = value }
    for (word, value) in [
      ("thirty", 30), ("forty", 40), ("fifty", 50), ("sixty", 60), ("seventy", 70), ("eighty", 80), ("ninety", 90),
      ("hundred", 100),
      ("thousand", 1000), ("dozen", 12), ("twice", 2), ("half", 50),
    ] { values[TextHash.of(word)] = value }
    return values
  }()
}
