// Makes paragraphs of a document's bytes, whatever format they are in.
import Foundation

/// Why a document was not read, and what to do.
package struct ReadingError: Error, CustomStringConvertible, Sendable {
  package let description: String
}

package struct DocumentReader: Sendable {
  /// Bytes of one document.
  package static let byteLimit = 32 * 1024 * 1024
  /// The program of poppler-utils that takes the text out of a PDF.
  let pdfProgram: String

  package init(pdfProgram: String = "pdftotext") { self.pdfProgram = pdfProgram }

  package func read(_ bytes: Data, as type: MediaType) async throws -> ReadDocument {
    guard bytes.count <= Self.byteLimit else { throw ReadingError(description: "it has more than 32 MB; split it") }
    switch type {
    case .pdf: return try await readPDF(bytes)
    case .markdown: return PlainTextReader.markdown(try Self.text(bytes))
    case .text: return PlainTextReader.plain(try Self.text(bytes))
    case .html: return HTMLReader.read(try Self.text(bytes))
    }
  }

  private static func text(_ bytes: Data) throws -> String {
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
    guard let text = String(data: content, encoding: .utf8), !text.utf8.contains(0) else {
      throw ReadingError(description: "it is no UTF-8 text; save it as UTF-8")
    }
    return text
  }

  private func readPDF(_ bytes: Data) async throws -> ReadDocument {
    guard bytes.starts(with: Data("%PDF-".utf8)) else { throw ReadingError(description: "it does not begin as a PDF does") }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("rag-service-\(UUID().uuidString).pdf")
    try bytes.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    switch await BoundedCommand(program: pdfProgram, arguments: ["-q", "-enc", "UTF-8", file.path, "-"]).run() {
    case .success(let output):
      let document = Self.pages(String(decoding: output, as: UTF8.self))
      guard !document.blocks.isEmpty else {
        throw ReadingError(description: "it holds no text, only pictures; run it through text recognition first (ocrmypdf)")
      }
      return document
    case .failure(.missing):
      throw ReadingError(
        description: "reading PDF needs pdftotext; install it with: sudo apt-get install --yes poppler-utils")
    case .failure(.timedOut): throw ReadingError(description: "pdftotext did not finish in a minute; split the file")
    case .failure(.tooLong): throw ReadingError(description: "its text has more than 64 MB; split the file")
    case .failure(.failed(let status, let message)):
      throw ReadingError(description: "pdftotext ended with \(status): \(message.isEmpty ? "no message" : message)")
    }
  }

  /// pdftotext ends pages with a form feed; the page is what a reader looks a passage up by.
  static func pages(_ text: String) -> ReadDocument {
    let pages = text.split(separator: "\u{0C}", omittingEmptySubsequences: false)
    return ReadDocument(
      title: nil,
      blocks: pages.enumerated().flatMap { number, page in
        PlainTextReader.plain(String(page)).blocks.map {
          TextBlock(headings: pages.count > 2 ? ["page \(number + 1)"] : [], text: $0.text)
        }
      })
  }
}
