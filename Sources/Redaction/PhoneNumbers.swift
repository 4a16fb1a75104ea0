// Telephone numbers: international, of North America, and those with a trunk zero; other national forms look like any number.

enum PhoneNumbers {
  /// Begins at `+`, at `(` or at a digit.
  static func match(_ text: TextBytes, _ start: Int) -> Int? {
    switch text[start] {
    case UInt8(ascii: "+"): international(text, start)
    case UInt8(ascii: "("): ByteClass.isWord(text.at(start - 1)) ? nil : northAmerican(text, start) ?? national(text, start)
    case UInt8(ascii: "0"): afterDoubleZero(text, start) ?? national(text, start)
    default: northAmerican(text, start)
    }
  }

  /// `+` and a country's digits, 9 to 15 in all (E.164), in groups or not.
  private static func international(_ text: TextBytes, _ start: Int) -> Int? {
    let before = text.at(start - 1)
    guard !ByteClass.isWord(before), before != UInt8(ascii: ")"), before != UInt8(ascii: "+"),
      let number = digits(text, start + 1), (9...15).contains(number.count)
    else { return nil }
    if text[start + 1] == UInt8(ascii: "1") { return number.count == 11 ? number.end : nil }
    return text[start + 1] == UInt8(ascii: "0") ? nil : number.end
  }

  /// `0049 30 901820`: only in groups, as else it is any number with zeros before it.
  private static func afterDoubleZero(_ text: TextBytes, _ start: Int) -> Int? {
    guard text[start] == UInt8(ascii: "0"), !followsNumber(text, start), text.at(start + 1) == UInt8(ascii: "0"),
      text.at(start + 2) &- 49 < 9,
      let number = digits(text, start + 2), (9...15).contains(number.count), number.isGrouped
    else { return nil }
    return number.end
  }

  /// `0341 838 7176`, `03.93.92.16.85`, `(08) 8747 6301`: a trunk zero and an area, then groups of two digits or more with one
  /// kind of separator, 9 to 11 digits in all. A date has eight.
  private static func national(_ text: TextBytes, _ start: Int) -> Int? {
    guard !followsNumber(text, start) else { return nil }
    let hasBrackets = text[start] == UInt8(ascii: "(")
    var index = hasBrackets ? start + 1 : start
    guard text.at(index) == UInt8(ascii: "0"), text.at(index + 1) &- 49 < 9 else { return nil }
    var end = text.run(index, limit: 7, ByteClass.isDigit)
    var count = end - index
    guard (2...5).contains(count) else { return nil }
    if hasBrackets {
      guard text.at(end) == UInt8(ascii: ")") else { return nil }
      end += 1
    }
    let separator = text.at(end)
    guard isSeparator(separator) else { return nil }
    while text.at(end) == separator {
      index = end + 1
      let next = text.run(index, limit: 9, ByteClass.isDigit)
      guard next - index >= 2 else { break }
      count += next - index
      end = next
    }
    guard (9...11).contains(count), !ByteClass.isWord(text.at(end)) else { return nil }
    return isSeparator(text.at(end)) && text.at(end) != 0x20 && ByteClass.isDigit(text.at(end + 1)) ? nil : end
  }

  /// Digits with at most one separator, and brackets, between them.
  private static func digits(_ text: TextBytes, _ start: Int) -> (count: Int, end: Int, isGrouped: Bool)? {
    guard ByteClass.isDigit(text.at(start)) || text.at(start) == UInt8(ascii: "(") else { return nil }
    var index = start
    var end = start
    var count = 0
    var isGrouped = false
    var between = 0
    while index < text.count, between <= 3, count <= 15 {
      let byte = text[index]
      if ByteClass.isDigit(byte) {
        count += 1
        isGrouped = isGrouped || between > 0
        between = 0
        end = index + 1
      } else if byte == 0x20 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "(")
        || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "/")
      {
        between += 1
      } else {
        break
      }
      index += 1
    }
    return ByteClass.isLetter(text.at(end)) || text.at(end) == UInt8(ascii: "_") ? nil : (count, end, isGrouped)
  }

  /// `(212) 555-0142`, `212-555-0142`, `212.555.0142`, `1-212-555-0142`: an area and an exchange begin with 2 to 9, and the
  /// separators are of one kind; three bare groups between spaces are a table's more often than a telephone's.
  private static func northAmerican(_ text: TextBytes, _ start: Int) -> Int? {
    let before = text.at(start - 1)
    if before == UInt8(ascii: "-") || before == UInt8(ascii: ".") || before == UInt8(ascii: "$") { return nil }
    var index = start
    if text[index] == UInt8(ascii: "1"), isSeparator(text.at(index + 1)) { index += 2 }
    let hasBrackets = text.at(index) == UInt8(ascii: "(")
    if hasBrackets { index += 1 }
    guard isThree(text, index) else { return nil }
    let isBare = index == start
    index += 3
    if hasBrackets {
      guard text.at(index) == UInt8(ascii: ")") else { return nil }
      index += 1
      if text.at(index) == 0x20 || text.at(index) == UInt8(ascii: "-") { index += 1 }
    } else {
      guard isSeparator(text.at(index)), !isBare || text[index] != 0x20 else { return nil }
      index += 1
    }
    guard isThree(text, index), isSeparator(text.at(index + 3)), hasBrackets || text[index + 3] == text[index - 1],
      text.number(index + 4..<index + 8) != nil
    else { return nil }
    let end = index + 8
    let after = text.at(end)
    // `x` is an extension; a further group of digits is another kind of number.
    if ByteClass.isDigit(after) || (ByteClass.isLetter(after) && after != UInt8(ascii: "x")) { return nil }
    if isSeparator(after), after != 0x20, ByteClass.isDigit(text.at(end + 1)) { return nil }
    return end
  }

  /// A group in the middle of a longer number.
  private static func followsNumber(_ text: TextBytes, _ start: Int) -> Bool {
    isSeparator(text.at(start - 1)) && ByteClass.isDigit(text.at(start - 2))
  }

  private static func isThree(_ text: TextBytes, _ start: Int) -> Bool {
    text.at(start) &- 50 < 8 && ByteClass.isDigit(text.at(start + 1)) && ByteClass.isDigit(text.at(start + 2))
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == 0x20
  }
}
