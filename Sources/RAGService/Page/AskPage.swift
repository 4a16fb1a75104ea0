// The page at `/`: a question, its answer as it is written, and what it stands on. It works without script too, only not piece by piece.
import Hummingbird

enum AskPage {
  /// What the page shows beside the form.
  enum Content {
    case nothing
    case answer(AnswerReply)
    case failure(String)
  }

  static func render(question: String = "", content: Content = .nothing) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Ask the documents</title>
    <link rel="stylesheet" href="/page.css">
    <link rel="icon" href="data:,">
    <script src="/page.js" defer></script>
    </head>
    <body>
    <a class="skip" href="#answer">Skip to the answer</a>
    <header><h1>Ask the documents</h1></header>
    <main>
    <form id="ask" method="post" action="/">
    <label for="question">Your question</label>
    <textarea id="question" name="question" rows="3" maxlength="4000" required>\(escaped(question))</textarea>
    <div class="actions"><button type="submit">Ask</button><span id="status" role="status"></span></div>
    </form>
    <section id="answer" aria-labelledby="answer-title" tabindex="-1"\(isEmpty(content) ? " hidden" : "")>
    <h2 id="answer-title">Answer</h2>
    <div id="text" class="text" aria-live="polite">\(text(content))</div>
    <dl id="facts" class="facts">\(facts(content))</dl>
    <section id="doubts-part"\(doubts(content).isEmpty ? " hidden" : "")><h3>Least supported</h3><ul id="doubts">\(doubts(content))</ul></section>
    <section id="withheld-part"\(withheld(content).isEmpty ? " hidden" : "")><h3>Kept from the model</h3><p class="note">These passages give orders to their reader.</p><ul id="withheld">\(withheld(content))</ul></section>
    <section id="sources-part"\(sources(content).isEmpty ? " hidden" : "")><h3>Sources</h3><ol id="sources" class="sources">\(sources(content))</ol></section>
    </section>
    </main>
    <footer><a href="/openapi.json">API</a> · <a href="/documents">Documents</a></footer>
    </body>
    </html>
    """
  }

  private static func isEmpty(_ content: Content) -> Bool { if case .nothing = content { true } else { false } }

  private static func text(_ content: Content) -> String {
    switch content {
    case .nothing: ""
    case .failure(let message): "<p class=\"failure\" role=\"alert\">\(escaped(message))</p>"
    case .answer(let reply): linked(reply)
    }
  }

  /// The answer with its citations as links to the sources.
  private static func linked(_ reply: AnswerReply) -> String {
    let characters = Array(reply.answer)
    var html = ""
    var position = 0
    for citation in reply.citations where citation.start >= position {
      html += escaped(String(characters[position..<citation.start]))
      let mark = escaped(String(characters[citation.start..<citation.end]))
      html += "<a class=\"cite\" href=\"#source-\(citation.number)\">\(mark)</a>"
      position = citation.end
    }
    return html + escaped(String(characters[position...]))
  }

  private static func facts(_ content: Content) -> String {
    guard case .answer(let reply) = content else { return "" }
    return PageFacts.list(reply).map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined()
  }

  private static func doubts(_ content: Content) -> String {
    guard case .answer(let reply) = content else { return "" }
    return reply.grounding.doubtful.map { "<li>\(escaped($0.text))</li>" }.joined()
  }

  private static func withheld(_ content: Content) -> String {
    guard case .answer(let reply) = content else { return "" }
    return reply.withheld.map { "<li>\(escaped($0.title)) <span class=\"similarity\">\(escaped($0.document))</span></li>" }
      .joined()
  }

  private static func sources(_ content: Content) -> String {
    guard case .answer(let reply) = content else { return "" }
    return reply.sources.map { source in
      "<li id=\"source-\(source.number)\"\(source.cited ? " class=\"cited\"" : "")><details\(source.cited ? " open" : "")>"
        + "<summary>\(escaped(source.title)) <span class=\"similarity\">\(source.similarity)</span>"
        + (source.injected == true ? " <span class=\"warning\">gives orders to the model</span>" : "") + "</summary>"
        + "<p>\(escaped(source.text))</p></details></li>"
    }.joined()
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}

/// The figures beside an answer, in the words of the page.
enum PageFacts {
  static func list(_ reply: AnswerReply) -> [(name: String, value: String)] {
    var facts: [(name: String, value: String)] = []
    let score = reply.grounding.score.map { " (\($0) ungrounded)" } ?? ""
    facts.append(("Grounding", reply.declined == nil ? reply.grounding.verdict + score : "declined: \(reply.declined ?? "")"))
    facts.append(("Latency", "\(Int(reply.latency_ms.rounded())) ms"))
    facts.append(
      ("Cost", reply.cost.usd.map { "$\($0)\(reply.cost.exactness == "exact" ? "" : " \(reply.cost.exactness)")" } ?? "unknown"))
    facts.append(("Model", reply.model))
    facts.append(("Prompt", reply.prompt + (reply.prompt_version.map { " version \($0)" } ?? "")))
    if !reply.tools.isEmpty { facts.append(("Tools", reply.tools.map(\.name).joined(separator: ", "))) }
    facts.append(("Trace", reply.trace_id))
    return facts
  }
}
