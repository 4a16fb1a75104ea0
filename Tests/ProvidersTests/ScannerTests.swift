// JSON bytes of any kind are read without a trap, and strings survive both directions.

import Foundation
import Testing

@testable import Providers

/// Lends the bytes of a text.
func withBytes<Result>(of text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
  try Array(text.utf8).withUnsafeBytes(body)
}

@Suite struct ScannerTests {
  static let request =
    #"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":false},"metadata":{"tenant":"a\u0041"},"#
    + #""messages":[{"role":"user","content":[{"type":"text","text":"say \"hi\" \ud83d\ude00"}]}],"n":-12}"#

  @Test func findsMembersOfEveryType() {
    let text =
      " \n\t{\"a\" : \"x\\\\\\\"y\" ,\"b\":[1,[2],{}],\"c\":-7,\"d\":true,\"e\":null,\"f\":1.5,\"g\":99999999999999999999,\"é\":0}"
    withBytes(of: text) { bytes in
      let scanner = JSONScanner(bytes)
      let root = scanner.root
      #expect(scanner.string(scanner.member("a", of: root)) == "x\\\"y")
      var elements = 0
      scanner.forEachElement(of: scanner.member("b", of: root) ?? 0) { _ in
        elements += 1
        return true
      }
      #expect(elements == 3)
      #expect(scanner.integer(scanner.member("c", of: root)) == -7)
      #expect(scanner.boolean(scanner.member("d", of: root)) == true)
      #expect(scanner.isNull(scanner.member("e", of: root) ?? 0))
      #expect(scanner.integer(scanner.member("f", of: root)) == nil, "a fraction is not an integer")
      #expect(scanner.integer(scanner.member("g", of: root)) == nil, "overflow is not a number")
      #expect(scanner.member("é", of: root) != nil)
      #expect(scanner.member("missing", of: root) == nil)
      #expect(scanner.string(root) == nil)
    }
  }

  /// Strings are searched by words and then by memchr: an escape must count the same wherever it stands.
  @Test func aStringEndsAtItsQuoteHoweverLongItIs() {
    for length in 0..<100 {
      for ending in ["", #"\\"#, #"\""#, #"\\\""#, #"\\\\"#] {
        let text = String(repeating: "x", count: length) + ending
        let json = #"{"\#(text)":"\#(text)","k":[{"a":"\#(text)]}"},1,2,3,4,5,6,7,8,9],"z":7}"#
        scanning(json) { #expect($0.integer($0.member("z", of: $0.root)) == 7) }
        let read = withBytes(of: json) { bytes in
          var reader = JSONReader(bytes)
          var names: [String] = []
          reader.forEachMember { key, _ in names.append(key.text) }
          return reader.isMalformed ? [] : names
        }
        #expect(read == [withBytes(of: text, JSONText.unescape), "k", "z"])
      }
    }
  }

  @Test func aMillionBracketsDeepIsCountedNotRecursedInto() {
    let open = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    let close = [UInt8](repeating: UInt8(ascii: "]"), count: 1_000_000)
    let whole = Array(#"{"x":"#.utf8) + open + close + Array(#","y":2}"#.utf8)
    whole.withUnsafeBytes { bytes in
      let scanner = JSONScanner(bytes)
      #expect(scanner.integer(scanner.member("y", of: scanner.root)) == 2)
    }
    whole[..<1_000_000].withUnsafeBytes { bytes in
      let scanner = JSONScanner(bytes)
      #expect(scanner.member("y", of: scanner.root) == nil)
    }
  }

  @Test func everyPrefixAndEveryDamagedByteIsReadWithoutATrap() throws {
    let whole = Array(Self.request.utf8)
    let targets = try ["/v1/chat/completions", "/v1beta/models/m:generateContent"].map { try #require(RequestTarget(uri: $0)) }
    func isAccepted(_ body: [UInt8]) -> Bool {
      _ = PromptText.evidence(inRequestBody: body)
      return body.withUnsafeBytes { bytes in
        targets.map { (try? RequestFacts(body: bytes, target: $0)) != nil }.contains(true)
      }
    }
    let accepted = whole.indices.filter { isAccepted(Array(whole[..<$0])) }
    #expect(accepted.isEmpty, "a body that ends early is refused wherever it ends")
    #expect(isAccepted(whole))
    for position in whole.indices {
      for byte: UInt8 in [0, 0x22, 0x5c, 0x5d, 0x7d, 0x2c, 0xff] {
        var damaged = whole
        damaged[position] = byte
        _ = isAccepted(damaged)
      }
    }
  }

  @Test(arguments: [
    #""plain""#, #""\n\t\r\b\f\/\\\"""#, #""\u00e9\u4e2d""#, #""\ud83d\ude00""#, #""\ud83d""#, #""\ude00x""#, #""\ud83d\u0041""#,
    #""\u12""#,
    #""\uzzzz""#, #""""#,
  ])
  func unescapesAsFoundationDoesOrRepairs(json: String) {
    let mine = withBytes(of: json) { JSONScanner($0).string(0) }
    let theirs = (try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)) as? String
    if let theirs { #expect(mine == theirs) } else { #expect(mine?.contains("\u{fffd}") == true) }
  }

  @Test(arguments: ["", "plain", "\"\\\n\r\t\u{0}\u{1f}\u{7f}\u{2028}", "\u{1F600} e\u{301} 中", "\r\n", "</script>"])
  func quotedTextComesBack(text: String) throws {
    let quoted = JSONText.quoted(text)
    #expect(withBytes(of: quoted) { JSONScanner($0).string(0) } == text)
    #expect(try JSONSerialization.jsonObject(with: Data(quoted.utf8), options: .fragmentsAllowed) as? String == text)
  }

  @Test func evidenceIsEveryTextOfTheRequestInOrder() {
    let openAI =
      #"{"messages":[{"role":"system","content":"S"},{"role":"user","content":[{"type":"image_url"},{"type":"text","text":"U"}]}]}"#
    let google =
      #"{"contents":[{"parts":[{"text":"A"},{"inlineData":{}},{"text":"B"}]}],"system_instruction":{"parts":[{"text":"S"}]}}"#
    let responses =
      #"{"input":[{"role":"user","content":"A"},{"type":"message","content":[{"type":"input_text","text":"B"},{"type":"input_image"}]},"#
      + #"{"type":"function_call_output","output":"C"},{"type":"function_call","arguments":"{}"}],"instructions":"S"}"#
    let anthropic =
      #"{"messages":[{"role":"user","content":"A"},{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"B"}]},"#
      + #"{"type":"tool_result","content":"C"},{"type":"text","text":"D"},{"type":"image","source":{"data":"x"}}]}],"#
      + #""system":[{"type":"text","text":"S"}],"tools":[{"description":"no"}]}"#
    let tool = #"{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{"a":"b"}}}]}]}"#
    for (body, expected) in [
      (responses, "S\n\nA\n\nB\n\nC"), (anthropic, "S\n\nA\n\nB\n\nC\n\nD"), (#"{"input":"A","instructions":null}"#, "A"),
      (#"{"system":"S","messages":[]}"#, "S"), (tool, #"{"a":"b"}"#),
    ] {
      #expect(PromptText.evidence(inRequestBody: Array(body.utf8)) == expected)
    }
    #expect(PromptText.evidence(inRequestBody: Array(openAI.utf8)) == "S\n\nU")
    #expect(PromptText.evidence(inRequestBody: Array(google.utf8)) == "S\n\nA\n\nB")
    #expect(PromptText.evidence(inRequestBody: Array("nonsense".utf8)).isEmpty)
  }
}
