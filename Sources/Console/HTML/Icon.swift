// The site icon: the diamond of the brand, as an SVG of its own so that the page needs no inline image.

enum Icon {
  static let path = "/icon.svg"
  static let svg: StaticString = #"""
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2f5bd8" d="M8 1l7 7-7 7-7-7z"/></svg>
    """#
}
