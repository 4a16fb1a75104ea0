// What went wrong with a request, and where to go from here.

import LLMTelemetry

struct ErrorPage {
  let status: Int
  let title: String
  let message: String
  let now: Timestamp

  var page: Page {
    let body: HTML = """
      <h1>\(title)</h1><p class="lede">\(message)</p>
      <div class="actions"><a class="button primary" href="/">Open Now</a><a class="button" href="/incidents">List incidents</a></div>
      <p class="muted">Status \(status).</p>
      """
    return Page(title: title, section: nil, body: body, renderedAt: now)
  }
}
