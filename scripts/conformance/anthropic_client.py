"""The anthropic package as its users call it, at Anthropic's address and on Vertex AI; the same code runs on 0.x and 2.x."""

import anthropic

from answer import Answer
from questions import LONG_SYSTEM, QUESTION, SYSTEM, TOOL_ARGUMENTS, TOOL_DESCRIPTION, TOOL_NAME, TOOL_QUESTION, TOOL_RESULT, TOOL_SCHEMA

TOOLS = [{"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "input_schema": TOOL_SCHEMA}]


def user(content):
    return {"role": "user", "content": content}


class AnthropicClient:
    VERSION = anthropic.__version__
    # message_start and message_delta always carry usage.
    STREAM_ALWAYS_HAS_USAGE = True
    SCENARIOS = (
        *("complete", "dimensions", "stream", "stream-usage", "disconnect", "tool", "tool-stream", "tool-result"),
        *("thinking", "cache", "cache-hour", "count-tokens", "upstream-429", "upstream-500", "upstream-529", "cut"),
        *("bad-key", "unknown-model"),
    )
    DEFAULT_MODELS = {"chat": "claude-sonnet-4-5"}
    EXPECTED_ERRORS = {
        "upstream-429": ("RateLimitError", (429,)),
        "upstream-500": ("InternalServerError", (500, 502)),
        "upstream-529": (("OverloadedError", "InternalServerError"), (529,)),
        "cut": (("RemoteProtocolError", "APIConnectionError", "APIError"), (None,)),
        "bad-key": ("AuthenticationError", (401,)),
        "unknown-model": ("NotFoundError", (404,)),
    }
    FINISHES = ("end_turn", "max_tokens", "tool_use", "refusal", "stop_sequence")

    def __init__(self, sdk, base_url, key):
        # Without retries one call is one exchange, which is what the tests count.
        common = {"max_retries": 0, "timeout": 60}
        if sdk == "anthropic-vertex":
            self.client = anthropic.AnthropicVertex(
                base_url=f"{base_url}/v1", access_token=key, project_id="p1", region="us-east5", **common
            )
        else:
            self.client = anthropic.Anthropic(base_url=base_url, api_key=key, **common)

    def asked(self, model, content=QUESTION, **extra):
        return {"model": model, "max_tokens": 200, "system": SYSTEM, "messages": [user(content)], **extra}

    def complete(self, model, dimensions=None):
        # Anthropic's metadata knows a user only, so the names go where the gateway reads them from any client.
        headers = {f"x-commander-{name}": value for name, value in (dimensions or {}).items()}
        return self.answer(self.client.messages.create(**self.asked(model), extra_headers=headers))

    def stream(self, model, wants_usage, chunk_limit=None):
        return self.read(self.asked(model), chunk_limit)

    def tool(self, model, streams):
        asked = self.asked(model, TOOL_QUESTION, tools=TOOLS)
        return self.read(asked) if streams else self.answer(self.client.messages.create(**asked))

    def tool_result(self, model):
        asked = self.asked(model, TOOL_QUESTION, tools=TOOLS)
        asked["messages"] += [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "toolu_1", "name": TOOL_NAME, "input": TOOL_ARGUMENTS}],
            },
            user([{"type": "tool_result", "tool_use_id": "toolu_1", "content": TOOL_RESULT}]),
        ]
        return self.answer(self.client.messages.create(**asked))

    def thinking(self, model):
        asked = self.asked(model, thinking={"type": "enabled", "budget_tokens": 1024})
        asked["max_tokens"] = 2048
        return self.read(asked)

    def cache(self, model, hour=False):
        mark = {"type": "ephemeral", "ttl": "1h"} if hour else {"type": "ephemeral"}
        system = [{"type": "text", "text": LONG_SYSTEM, "cache_control": mark}]
        return self.answer(self.client.messages.create(**self.asked(model, system=system)))

    def count_tokens(self, model):
        counted = self.client.messages.count_tokens(model=model, system=SYSTEM, messages=[user(QUESTION)])
        return Answer(usage={"input_tokens": counted.input_tokens})

    def read(self, asked, chunk_limit=None):
        text, chunks = "", 0
        with self.client.messages.stream(**asked) as stream:
            for event in stream:
                if event.type != "content_block_delta":
                    continue
                chunks += 1
                text += event.delta.text if event.delta.type == "text_delta" else ""
                if chunks == chunk_limit:
                    return Answer(text, chunks=chunks)
            answer = self.answer(stream.get_final_message())
        if answer.text != text:
            raise AssertionError(f"the deltas say {text!r}, the message says {answer.text!r}")
        answer.chunks = chunks
        return answer

    def answer(self, message):
        text = "".join(block.text for block in message.content if block.type == "text")
        tools = [{"name": block.name, "arguments": block.input} for block in message.content if block.type == "tool_use"]
        return Answer(text, message.usage.model_dump(exclude_none=True), tools=tools, finish=message.stop_reason)

    def describe(self, error):
        body = getattr(error, "body", None)
        inner = body.get("error") if isinstance(body, dict) else None
        code = (inner.get("type") or inner.get("status")) if isinstance(inner, dict) else None
        status, message = getattr(error, "status_code", None), getattr(error, "message", None) or str(error)
        return {"type": type(error).__name__, "status": status, "code": code, "message": message}

    def close(self):
        self.client.close()
