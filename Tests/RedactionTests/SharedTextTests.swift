// False alarms and finds on texts that others collected, where they lie beside the clone.

import Foundation
import Redaction
import Testing

@Suite struct SharedTextTests {
  private struct Row: Decodable {
    var text: String
    var spans: [[Value]]?
    enum Value: Decodable {
      case word(String)
      case number(Int)
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self =
          if let number = try? container.decode(Int.self) { .number(number) } else { .word(try container.decode(String.self)) }
      }
    }
    /// The pieces that carry a label, by label.
    var labelled: [(label: String, text: String)] {
      let scalars = Array(text.unicodeScalars)
      return (spans ?? []).compactMap { span in
        guard case .word(let label) = span[0], case .number(let from) = span[1], case .number(let end) = span[2],
          end <= scalars.count
        else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[from..<end])
        return (label, String(view))
      }
    }
  }

  private func rows(_ path: String) throws -> [Row]? {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data/semantic/" + path)
    guard let data = try? Data(contentsOf: file.standardized) else { return nil }
    return try data.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Row.self, from: $0) }
  }

  /// Answers about everything, code among it, have nothing personal in them. Addresses in examples of code count as finds.
  @Test func ordinaryAnswersAreNotEaten() throws {
    guard let rows = try rows("benign_outputs/arenahard_gpt35.jsonl") else { return }
    var finds: [SensitivePattern: Int] = [:]
    for row in rows { for kind in Redactor.kinds(in: row.text) { finds[kind, default: 0] += 1 } }
    #expect(finds[.card] == nil && finds[.iban] == nil && finds[.ssn] == nil && finds[.phone, default: 0] <= 2, "\(finds)")
    #expect(finds[.secret, default: 0] <= 8 && finds[.ip, default: 0] <= 12, "\(finds)")
  }

  @Test func whatIsLabelledIsFound() throws {
    guard let rows = try rows("pii/synth_dataset_v2.jsonl") else { return }
    var found: [String: (hits: Int, all: Int)] = [:]
    for row in rows {
      let redacted = Redactor.redact(row.text)
      for (label, text) in row.labelled {
        found[label, default: (0, 0)].all += 1
        if !redacted.contains(text) { found[label, default: (0, 0)].hits += 1 }
      }
    }
    func share(_ label: String) -> Double { found[label].map { Double($0.hits) / Double($0.all) } ?? 0 }
    #expect(share("EMAIL_ADDRESS") == 1 && share("CREDIT_CARD") > 0.9 && share("IBAN_CODE") > 0.95, "\(found)")
    #expect(share("IP_ADDRESS") > 0.95 && share("US_SSN") > 0.9, "\(found)")
    // The others are short local numbers, and bare digits.
    #expect(share("PHONE_NUMBER") > 0.55, "\(found)")
    for label in ["PERSON", "ORGANIZATION", "GPE", "STREET_ADDRESS", "DATE_TIME", "AGE", "ZIP_CODE"] where found[label] != nil {
      #expect(share(label) < 0.01, "\(label) \(found)")
    }
  }
}
