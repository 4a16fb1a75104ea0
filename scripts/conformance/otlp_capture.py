"""Runs the traced application against a stand-in for its models, and prints each OTLP request it makes as a line of JSON.

usage: otlp_capture.py none|gzip|deflate
Lines: {"content_type", "content_encoding", "body" (Base64), "trace"}.
"""

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import otlp_application

CAPTURED = []
CHAT_USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 100},
    "completion_tokens_details": {"reasoning_tokens": 12},
}
GEMINI_ANSWER = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "12 euros"}]}, "finishReason": "STOP"}],
    "usageMetadata": {
        "promptTokenCount": 90,
        "cachedContentTokenCount": 40,
        "candidatesTokenCount": 7,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 102,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 90}],
    },
    "modelVersion": "gemini-2.5-flash-001",
    "responseId": "r1",
}


def chat(extra):
    return {"id": "c1", "created": 1, "model": "gpt-4o-mini-2024-07-18", **extra}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/v1/traces":
            CAPTURED.append(
                {
                    "content_type": self.headers.get("content-type"),
                    "content_encoding": self.headers.get("content-encoding") or "",
                    "body": base64.b64encode(body).decode(),
                }
            )
            self.answer(200, "application/x-protobuf", b"")
            return
        request = json.loads(body)
        if "unknown-model" in (request.get("model") or ""):
            error = {"error": {"message": "The model does not exist", "type": "invalid_request_error", "code": "model_not_found"}}
            self.json(404, error)
        elif self.path.endswith("/embeddings"):
            usage = {"prompt_tokens": 3, "total_tokens": 3}
            data = [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}]
            self.json(200, {"object": "list", "model": "text-embedding-3-small", "data": data, "usage": usage})
        elif request.get("stream"):
            delta = {"index": 0, "delta": {"role": "assistant", "content": "12 euros"}, "finish_reason": None}
            end = {"index": 0, "delta": {}, "finish_reason": "stop"}
            chunks = [{"choices": [delta]}, {"choices": [end]}, {"choices": [], "usage": CHAT_USAGE}]
            self.events([chat({"object": "chat.completion.chunk", **chunk}) for chunk in chunks], b"data: [DONE]\n\n")
        elif ":streamGenerateContent" in self.path:
            self.events([GEMINI_ANSWER], b"")
        elif ":generateContent" in self.path:
            self.json(200, GEMINI_ANSWER)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": "12 euros"}, "finish_reason": "stop"}
            self.json(200, chat({"object": "chat.completion", "choices": [choice], "usage": CHAT_USAGE}))

    def json(self, status, value):
        self.answer(status, "application/json", json.dumps(value).encode())

    def events(self, values, end):
        self.answer(200, "text/event-stream", b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values) + end)

    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_address[1]}"
result = otlp_application.run(f"{base}/v1", base, "a-key", f"{base}/v1/traces", sys.argv[1])
server.shutdown()
for request in CAPTURED:
    print(json.dumps({**request, "trace": result["trace"]}))
