// The frame every page shares: head, skip link, navigation, main, and a foot that tells the age of the data.

import LLMTelemetry

struct Page {
  enum Section: String, CaseIterable {
    case now = "Now"
    case incidents = "Incidents"
    case quality = "Quality"
    case cost = "Cost"
    case system = "System"

    var path: String {
      switch self {
      case .now: "/"
      case .incidents: "/incidents"
      case .quality: "/quality"
      case .cost: "/cost"
      case .system: "/system"
      }
    }
  }

  var title: String
  /// The navigation entry that is current; pages below it keep it.
  var section: Section?
  var body: HTML
  /// The machine-readable siblings of this page: label and address.
  var siblings: [(label: String, path: String)] = []
  /// Seconds after which the browser loads the page again; absent on pages that hold still.
  var refreshSeconds: Int?
  var openIncidents = 0
  var renderedAt: Timestamp
  var health: CommanderHealth?

  func render() -> String {
    let refresh = refreshSeconds.map { HTML("<meta http-equiv=\"refresh\" content=\"\($0)\"/>") }
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      \(refresh)
      <title>\(title) · Commander</title>
      <link rel="stylesheet" href="\(Stylesheet.path)"/>
      <link rel="icon" type="image/svg+xml" href="\(Icon.path)"/>
      </head>
      <body>
      <a class="skip" href="#main">Skip to content</a>
      <header class="bar">
      <a class="brand" href="/"><span aria-hidden="true">◆</span> Commander</a>
      <nav aria-label="Pages">\(Section.allCases.map(navigation))</nav>
      <span class="clock"><time datetime="\(renderedAt.rfc3339)">\(renderedAt.hourMinute) UTC</time></span>
      </header>
      <main id="main">
      \(body)
      </main>
      \(foot)
      </body>
      </html>

      """
    return page.text
  }

  private func navigation(_ entry: Section) -> HTML {
    let current: HTML = entry == section ? " aria-current=\"page\"" : ""
    let count: HTML? = entry == .incidents && openIncidents > 0 ? " <span class=\"count\">\(openIncidents) open</span>" : nil
    return "<a href=\"\(entry.path)\"\(current)>\(entry.rawValue)\(count)</a>"
  }

  private var foot: HTML {
    let links = siblings.map { HTML("<a href=\"\($0.path)\">\($0.label)</a>") }
    let facts = health.map { $0.sentence(at: renderedAt) } ?? ""
    return "<footer><p>\(facts)</p><p class=\"siblings\">\(links) <span>Times are UTC.</span></p></footer>"
  }
}
