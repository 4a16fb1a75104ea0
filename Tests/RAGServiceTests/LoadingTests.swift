// Reading documents of all formats, and cutting them into passages.
import Foundation
import Testing

@testable import RAGService

@Suite struct LoadingTests {
  @Test func markdownKeepsHeadingsCodeAndLists() {
    let document = PlainTextReader.markdown(
      """
      ---
      author: nobody
      ---
      # Book

      Intro.

      ## Part
      One
      two.

      ```sh
      # not a heading

      run
      ```
      ### Deep ##
      - a
      - b

      Other
      -----
      Three.
      """)
    #expect(document.title == "Book")
    #expect(
      document.blocks == [
        TextBlock(text: "Intro."), TextBlock(headings: ["Part"], text: "One\ntwo."),
        TextBlock(headings: ["Part"], text: "```sh\n# not a heading\n\nrun\n```"),
        TextBlock(headings: ["Part", "Deep"], text: "- a\n- b"), TextBlock(headings: ["Other"], text: "Three."),
      ])
  }

  @Test func htmlIsWhatAReaderSees() {
    let document = HTMLReader.read(
      """
      <!DOCTYPE html><html><head><title>Hub &amp; sensor</title><style>p > a { color: red }</style>
      <script>if (1 < 2) { document.write("<p>no</p>") }</script></head>
      <body><nav><a href="/">Home</a></nav><!-- <p>hidden</p> -->
      <h1>The hub</h1><p>It costs&nbsp;<b>4&#8364;</b>, or 5 &#x20AC;
        a   year &ndash; 3 < 4.</p>
      <h2 class="x>y">Reset</h2><ul><li>Hold the button</li><li>Wait</li></ul>
      <pre>a
        b</pre><table><tr><th>Name</th><th>Price</th></tr><tr><td>Hub</td><td>49</td></tr></table>
      <p>Unclosed &unknown; <i>end
      """)
    #expect(document.title == "Hub & sensor")
    #expect(
      document.blocks == [
        TextBlock(text: "It costs 4€, or 5 € a year – 3 < 4."),
        TextBlock(headings: ["Reset"], text: "Hold the button\nWait"), TextBlock(headings: ["Reset"], text: "a\n  b"),
        TextBlock(headings: ["Reset"], text: "Name | Price\nHub | 49"),
        TextBlock(headings: ["Reset"], text: "Unclosed &unknown; end"),
      ])
  }

  @Test(arguments: ["<", "<p", "<p a='", "<!--", "<script>", "</", "&#xZZ;", "<a href=\"", "<title>", "</title>", "<h2>", "&"])
  func brokenHTMLIsNoTrouble(html: String) {
    _ = HTMLReader.read(html)
    _ = HTMLReader.read("<p>a</p>" + html + "<p>b</p>")
  }

  @Test func aPDFIsReadPageByPage() async throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/pdftotext") else { return }
    let document = try await DocumentReader().read(
      Self.pdf(pages: ["The warranty lasts three years.", "Express costs 12.50 euros."]), as: .pdf)
    #expect(document.blocks.map(\.text) == ["The warranty lasts three years.", "Express costs 12.50 euros."])
    #expect(document.blocks.map(\.headings) == [["page 1"], ["page 2"]])
  }

  @Test func aMissingPDFReaderIsNamedWithItsRemedy() async {
    let error = await #expect(throws: ReadingError.self) {
      try await DocumentReader(pdfProgram: "no-such-pdftotext").read(Data("%PDF-1.4".utf8), as: .pdf)
    }
    #expect(error?.description.contains("sudo apt-get install --yes poppler-utils") == true)
  }

  @Test func whatIsNoPDFOrNoTextIsRefused() async {
    await #expect(throws: ReadingError.self) { try await DocumentReader().read(Data("hello".utf8), as: .pdf) }
    await #expect(throws: ReadingError.self) { try await DocumentReader().read(Data([0xFF, 0xFE, 0x41]), as: .text) }
    await #expect(throws: ReadingError.self) { try await DocumentReader().read(Data([0x41, 0, 0x42]), as: .markdown) }
  }

  @Test func commandsAreBounded() async {
    #expect(await BoundedCommand(program: "printf", arguments: ["%s", "a'b $(x)"]).run() == .success(Data("a'b $(x)".utf8)))
    #expect(await BoundedCommand(program: "sleep", arguments: ["30"], seconds: 1).run() == .failure(.timedOut))
    #expect(await BoundedCommand(program: "yes", arguments: [], outputLimit: 100_000).run() == .failure(.tooLong))
    guard
      case .failure(.failed(let status, let message)) = await BoundedCommand(program: "ls", arguments: ["/no-such-file"]).run()
    else {
      Issue.record("ls of nothing succeeded")
      return
    }
    #expect(status == 2 && message.contains("no-such-file"))
  }

  @Test func mediaTypesAreKnownByNameAndByHeader() {
    #expect(MediaType(fileName: "a/b.MD") == .markdown)
    #expect(MediaType(fileName: "a.htm") == .html)
    #expect(MediaType(fileName: "a.docx") == nil)
    #expect(MediaType(contentType: "text/HTML; charset=utf-8") == .html)
    #expect(MediaType(contentType: "image/png") == nil)
  }

  // MARK: Splitting

  @Test func paragraphsUnderOneHeadingStayTogetherWhileThereIsRoom() {
    let document = ReadDocument(
      title: "T",
      blocks: [
        TextBlock(headings: ["A"], text: "One."), TextBlock(headings: ["A"], text: "Two."),
        TextBlock(headings: ["B"], text: "Three."),
      ])
    let passages = PassageSplitter(passageCharacters: 100, overlapCharacters: 0).passages(of: document, id: "d.md", title: "T")
    #expect(passages.map(\.id) == ["d.md#1", "d.md#2"])
    #expect(passages.map(\.title) == ["T – A", "T – B"])
    #expect(passages.map(\.text) == ["One.\n\nTwo.", "Three."])
  }

  @Test func longParagraphsAreCutBetweenSentencesAndRepeatTheLast() {
    let sentences = (1...40).map { "This is sentence number \($0) of a long text." }
    let splitter = PassageSplitter(passageCharacters: 300, overlapCharacters: 60)
    let pieces = splitter.pieces(of: sentences.joined(separator: " "))
    #expect(pieces.count > 5)
    #expect(pieces.allSatisfy { $0.count <= 300 && $0.hasSuffix(".") && $0.hasPrefix("This is") })
    for sentence in sentences { #expect(pieces.contains { $0.contains(sentence) }, "nothing is lost: \(sentence)") }
    for (piece, next) in zip(pieces, pieces.dropFirst()) {
      let last = piece.components(separatedBy: "This is ").last ?? ""
      #expect(next.hasPrefix("This is " + last), "what was said last is said again")
    }
  }

  @Test func aSentenceWithoutEndIsCutBetweenWords() {
    let text = String(repeating: "word ", count: 500)
    let pieces = PassageSplitter(passageCharacters: 200, overlapCharacters: 50).pieces(of: text)
    #expect(pieces.allSatisfy { $0.count <= 200 && !$0.isEmpty })
    let solid = PassageSplitter(passageCharacters: 200, overlapCharacters: 0).pieces(of: String(repeating: "x", count: 1000))
    #expect(solid.joined().count == 1000)
  }

  @Test func sentencesEndWhereTheyEnd() {
    #expect(
      Sentences.split("It costs 4.50 euros, i.e. nothing. \"Really?\" Yes! Done").map(\.trimmingSpace) == [
        "It costs 4.50 euros, i.e. nothing.", "\"Really?\"", "Yes!", "Done",
      ])
    #expect(Sentences.split("").isEmpty)
  }

  /// A PDF of one line a page, as small as one can be.
  static func pdf(pages: [String]) -> Data {
    var objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    let kids = pages.indices.map { "\(4 + $0 * 2) 0 R" }.joined(separator: " ")
    objects.append("<< /Type /Pages /Kids [\(kids)] /Count \(pages.count) >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for (number, text) in pages.enumerated() {
      objects.append(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents \(5 + number * 2) 0 R >>"
      )
      let stream = "BT /F1 12 Tf 72 700 Td (\(text)) Tj ET"
      objects.append("<< /Length \(stream.utf8.count) >>\nstream\n\(stream)\nendstream")
    }
    var file = "%PDF-1.4\n"
    var offsets: [Int] = []
    for (number, object) in objects.enumerated() {
      offsets.append(file.utf8.count)
      file += "\(number + 1) 0 obj\n\(object)\nendobj\n"
    }
    let start = file.utf8.count
    file += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
    for offset in offsets { file += String(format: "%010d 00000 n \n", offset) }
    return Data((file + "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n").utf8)
  }
}
