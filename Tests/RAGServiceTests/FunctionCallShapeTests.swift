// A conversation with a tool as google-genai 3.4 and langchain-google-genai 4.4 send it to Vertex AI: recorded, with the same texts.
import Foundation
import Testing

@testable import RAGService

@Suite struct FunctionCallShapeTests {
  private static let recorded = """
    {"contents": [{"parts": [{"text": "q"}], "role": "user"},
      {"parts": [{"functionCall": {"id": "c1", "args": {"expression": "1+1"}, "name": "calculate"}, "thoughtSignature": "c2ln"}],
        "role": "model"},
      {"parts": [{"functionResponse": {"id": "c1", "name": "calculate", "response": {"result": {"value": "2"}}}}], "role": "user"}],
     "systemInstruction": {"parts": [{"text": "be"}], "role": "user"},
     "tools": [{"functionDeclarations": [{"description": "d", "name": "calculate", "parameters":
       {"properties": {"expression": {"description": "d", "type": "STRING"}}, "required": ["expression"], "type": "OBJECT"}}]}],
     "labels": {"t": "acme"}, "generationConfig": {"temperature": 0.2, "maxOutputTokens": 5}}
    """
  private static let ofLangChain = """
    {"contents": [{"parts": [{"text": "q"}], "role": "user"},
      {"parts": [{"functionCall": {"args": {"expression": "1+1"}, "name": "calculate"}}], "role": "model"},
      {"parts": [{"functionResponse": {"name": "calculate", "response": {"output": 2}}}], "role": "user"}],
     "systemInstruction": {"parts": [{"text": "be"}]}, "safetySettings": [],
     "tools": [{"functionDeclarations": [{"description": "d", "name": "calculate", "parameters":
       {"properties": {"expression": {"type": "STRING"}}, "required": ["expression"], "type": "OBJECT"}}]}],
     "generationConfig": {"temperature": 0.2, "candidateCount": 1, "maxOutputTokens": 5}}
    """

  private func request(id: String?, thoughtSignature: String?) -> JSON {
    let call = ToolCall(id: id, name: "calculate", arguments: ["expression": "1+1"], thoughtSignature: thoughtSignature)
    var request = GenerationRequest(
      system: "be",
      turns: [.user("q"), .model("", calls: [call]), .results([ToolResult(call: call, output: ["value": "2"])])],
      temperature: 0.2, maxOutputTokens: 5, labels: ["t": "acme"])
    request.tools = [
      ToolDeclaration(
        name: "calculate", description: "d",
        parameters: [
          "type": "object", "properties": ["expression": ["type": "string", "description": "d"]], "required": ["expression"],
        ])
    ]
    return GenerateContentRequest.body(request)
  }

  @Test func aToolsDeclarationCallAndResultAreWordForWordThoseOfGoogleGenAI() throws {
    #expect(try request(id: "c1", thoughtSignature: "c2ln") == JSON(parsing: Self.recorded.utf8))
  }

  @Test func langChainSendsTheSameMembers() throws {
    let (ours, theirs) = (request(id: nil, thoughtSignature: nil), try JSON(parsing: Self.ofLangChain.utf8))
    #expect(ours["contents"]?.array?.prefix(2) == theirs["contents"]?.array?.prefix(2))
    for path in [
      "contents.2.parts.0.functionResponse.name", "contents.2.role", "systemInstruction.parts",
      "tools.0.functionDeclarations.0.name",
    ] {
      #expect(ours[path: path] == theirs[path: path], "\(path)")
    }
    #expect(Shape(theirs["tools"] ?? .null).isPart(of: Shape(ours["tools"] ?? .null)))
    #expect(Shape(ours["generationConfig"] ?? .null).isPart(of: Shape(theirs["generationConfig"] ?? .null)))
  }
}
