// The description of the HTTP interface, served at `/openapi.json`.

enum OpenAPIDocument {
  static let document: JSON = [
    "openapi": "3.1.0",
    "info": [
      "title": "rag-service", "version": "1",
      "description": "Answers questions from documents, with sources, grounding and cost.",
    ],
    "paths": [
      "/ask": [
        "post": [
          "operationId": "ask", "summary": "Answers a question", "requestBody": body("AskRequest"),
          "responses": responses(
            ["200": reply("The answer", "Answer")], failures: ["400", "413", "415", "500", "502", "503", "504"]),
        ]
      ],
      "/ask/stream": [
        "post": [
          "operationId": "askStream",
          "summary": "Answers a question piece by piece: events `sources`, `tool`, `text`, and at the end `answer` or `error`",
          "parameters": [parameter("facts", in: "query", type: "string", "1 adds the figures in the words of the page")],
          "requestBody": body("AskRequest"),
          "responses": responses(
            [
              "200": [
                "description": "Server-sent events; the data of `answer` is an Answer, that of `error` an Error",
                "content": ["text/event-stream": ["schema": ["type": "string"]]],
              ]
            ], failures: ["400", "413", "415", "503"]),
        ]
      ],
      "/documents": [
        "get": [
          "operationId": "listDocuments", "summary": "The documents in the order of their names",
          "parameters": [
            parameter("after", in: "query", type: "string", "The name after which the list begins"),
            parameter("limit", in: "query", type: "integer", "1 to 1000; 100 when it is not given"),
          ],
          "responses": responses(["200": reply("A page of documents", "DocumentList")], failures: ["400", "500"]),
        ],
        "post": [
          "operationId": "createDocument", "summary": "Adds a document", "security": [["documentsKey": []]],
          "requestBody": body("NewDocument"),
          "responses": responses(
            ["201": reply("The document", "Document")],
            failures: ["400", "401", "403", "409", "413", "415", "422", "500", "502", "503"]),
        ],
      ],
      "/documents/{id}": [
        "parameters": [parameter("id", in: "path", type: "string", "The document's name; a slash in it as %2F")],
        "get": [
          "operationId": "getDocument", "summary": "A document with its passages",
          "responses": responses(["200": reply("The document", "Document")], failures: ["404", "500"]),
        ],
        "put": [
          "operationId": "putDocument", "summary": "Adds a document or replaces it", "security": [["documentsKey": []]],
          "requestBody": [
            "required": true,
            "content": [
              "application/json": ["schema": reference("DocumentContent")], "text/markdown": ["schema": ["type": "string"]],
              "text/html": ["schema": ["type": "string"]], "text/plain": ["schema": ["type": "string"]],
              "application/pdf": ["schema": ["type": "string", "contentMediaType": "application/pdf"]],
            ],
          ],
          "responses": responses(
            ["200": reply("It was replaced", "Document"), "201": reply("It was added", "Document")],
            failures: ["400", "401", "403", "409", "413", "415", "422", "500", "502", "503"]),
        ],
        "delete": [
          "operationId": "deleteDocument", "summary": "Removes a document", "security": [["documentsKey": []]],
          "responses": responses(
            ["204": ["description": "It is gone"]], failures: ["401", "403", "404", "409", "500", "503"]),
        ],
      ],
      "/health": [
        "get": [
          "operationId": "health", "summary": "Whether the process is alive",
          "responses": ["200": reply("It is", "Health")],
        ]
      ],
      "/ready": [
        "get": [
          "operationId": "ready", "summary": "Whether questions can be answered now",
          "responses": ["200": reply("They can", "Ready"), "503": reply("They cannot", "Ready")],
        ]
      ],
      "/openapi.json": [
        "get": [
          "operationId": "openapi", "summary": "This document",
          "responses": ["200": ["description": "OpenAPI 3.1", "content": ["application/json": ["schema": ["type": "object"]]]]],
        ]
      ],
    ],
    "components": [
      "securitySchemes": ["documentsKey": ["type": "http", "scheme": "bearer"]],
      "schemas": .object(OpenAPISchemas.all),
    ],
  ]

  private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

  private static func body(_ name: String) -> JSON {
    ["required": true, "content": ["application/json": ["schema": reference(name)]]]
  }

  private static func reply(_ description: String, _ name: String) -> JSON {
    ["description": .string(description), "content": ["application/json": ["schema": reference(name)]]]
  }

  private static func parameter(_ name: String, in place: String, type: String, _ description: String) -> JSON {
    [
      "name": .string(name), "in": .string(place), "required": .bool(place == "path"), "description": .string(description),
      "schema": ["type": .string(type)],
    ]
  }

  private static let failureWords = [
    "400": "The request is not well-formed; `fields` says where", "401": "The key for documents is missing or wrong",
    "403": "Documents cannot be changed from outside without a key", "404": "There is no such document",
    "409": "The document is there already, or comes from a folder", "413": "The body is too large",
    "415": "The body has another media type", "422": "The document cannot be read", "500": "Something broke here",
    "502": "The model or the embeddings failed", "503": "Not ready, or busy; come again after Retry-After seconds",
    "504": "There was no answer in time",
  ]

  private static func responses(_ successes: [String: JSON], failures: [String]) -> JSON {
    var responses = successes
    for status in failures {
      var response = reply(failureWords[status] ?? "It failed", "Error").object ?? [:]
      if status == "503" {
        response["headers"] = ["Retry-After": ["schema": ["type": "string"], "description": "Seconds, where they are known"]]
      }
      responses[status] = .object(response)
    }
    return .object(responses)
  }
}
