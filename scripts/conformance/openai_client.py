"""The openai package as its users call it; the same code runs on 1.x and 3.x."""

import json

import openai

from answer import Answer
from questions import LONG_SYSTEM, QUESTION, SYSTEM, TEXTS, TOOL_ARGUMENTS, TOOL_DESCRIPTION, TOOL_NAME, TOOL_QUESTION, TOOL_RESULT
from questions import TOOL_SCHEMA

FUNCTION = {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parameters": TOOL_SCHEMA}


def messages(question, system=SYSTEM):
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]


class OpenAIClient:
    VERSION = openai.__version__
    # A stream carries usage only where stream_options asked for it.
    STREAM_ALWAYS_HAS_USAGE = False
    TOOL_SCENARIOS = ("tool", "tool-stream", "tool-result")
    SCENARIOS = (
        *("complete", "dimensions", "stream", "stream-usage", "disconnect", "choices", "cache", *TOOL_SCENARIOS),
        *("responses", "responses-stream", "responses-tool", "responses-tool-stream"),
        *("embed", "embed-float", "embed-batch", "models", "model"),
        *("upstream-429", "upstream-500", "cut", "bad-key", "unknown-model"),
    )
    # What a model of another vendor can be asked through this interface.
    TRANSLATED_SCENARIOS = (
        *("complete", "dimensions", "stream", "stream-usage", "disconnect", "cache", *TOOL_SCENARIOS),
        *("upstream-429", "upstream-500", "cut", "bad-key", "unknown-model"),
    )
    DEFAULT_MODELS = {"chat": "gpt-4o-mini", "embed": "text-embedding-3-small"}
    EXPECTED_ERRORS = {
        "upstream-429": ("RateLimitError", (429,)),
        "upstream-500": ("InternalServerError", (500, 502)),
        # 1.x raises httpx's own error in the middle of a stream, 3.x its own.
        "cut": (("RemoteProtocolError", "APIConnectionError", "APIError"), (None,)),
        "bad-key": ("AuthenticationError", (401,)),
        "unknown-model": ("NotFoundError", (404,)),
    }
    FINISHES = ("stop", "length", "tool_calls", "content_filter", "completed", "incomplete")

    def __init__(self, _sdk, base_url, key):
        # Without retries one call is one exchange, which is what the tests count.
        self.client = openai.OpenAI(base_url=f"{base_url}/v1", api_key=key, max_retries=0, timeout=60)

    def complete(self, model, dimensions=None):
        extra = {"metadata": dimensions} if dimensions else {}
        completion = self.client.chat.completions.create(model=model, messages=messages(QUESTION), temperature=0, **extra)
        return self.answer(completion)

    def choices(self, model):
        completion = self.client.chat.completions.create(model=model, messages=messages(QUESTION), n=2)
        answer = self.answer(completion)
        answer.chunks = len(completion.choices)
        return answer

    def cache(self, model):
        return self.answer(self.client.chat.completions.create(model=model, messages=messages(QUESTION, LONG_SYSTEM)))

    def stream(self, model, wants_usage, chunk_limit=None):
        return self.read(self.open(model, QUESTION, wants_usage), wants_usage, chunk_limit)

    def tool(self, model, streams):
        tools = [{"type": "function", "function": FUNCTION}]
        if streams:
            return self.read(self.open(model, TOOL_QUESTION, True, tools=tools), True)
        asked = self.client.chat.completions.create(model=model, messages=messages(TOOL_QUESTION), tools=tools)
        return self.answer(asked)

    def tool_result(self, model):
        call = {"id": "call_1", "type": "function", "function": {"name": TOOL_NAME, "arguments": json.dumps(TOOL_ARGUMENTS)}}
        turns = [
            *messages(TOOL_QUESTION),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": TOOL_RESULT},
        ]
        tools = [{"type": "function", "function": FUNCTION}]
        return self.answer(self.client.chat.completions.create(model=model, messages=turns, tools=tools))

    def responses(self, model, streams, with_tool=False):
        asked = {"model": model, "instructions": SYSTEM, "input": TOOL_QUESTION if with_tool else QUESTION}
        if with_tool:
            asked["tools"] = [{"type": "function", **FUNCTION}]
        if not streams:
            return self.response(self.client.responses.create(**asked))
        text, chunks, last = "", 0, None
        for event in self.client.responses.create(stream=True, **asked):
            chunks += 1
            if event.type == "response.output_text.delta":
                text += event.delta
            last = event
        answer = self.response(last.response)
        if answer.text != text:
            raise AssertionError(f"the deltas say {text!r}, the response says {answer.text!r}")
        answer.chunks = chunks
        return answer

    def embed(self, model, texts, encoding=None):
        extra = {"encoding_format": encoding} if encoding else {}
        reply = self.client.embeddings.create(model=model, input=texts, **extra)
        return Answer(usage=reply.usage.model_dump(), vectors=[item.embedding for item in reply.data])

    def models(self, model):
        if model is None:
            return Answer(" ".join(entry.id for entry in self.client.models.list()))
        return Answer(self.client.models.retrieve(model).id)

    def open(self, model, question, wants_usage, **extra):
        if wants_usage:
            extra["stream_options"] = {"include_usage": True}
        return self.client.chat.completions.create(model=model, messages=messages(question), stream=True, **extra)

    def read(self, stream, wants_usage, chunk_limit=None):
        answer, calls = Answer(), {}
        for chunk in stream:
            answer.chunks += 1
            if chunk.usage:
                answer.usage = chunk.usage.model_dump(exclude_none=True)
            # Most programs index without looking, because only include_usage brings a chunk without choices.
            if chunk.choices or not wants_usage:
                delta = chunk.choices[0].delta
                answer.text += delta.content or ""
                answer.finish = chunk.choices[0].finish_reason or answer.finish
                for part in delta.tool_calls or []:
                    call = calls.setdefault(part.index, {"name": "", "arguments": ""})
                    call["name"] += part.function.name or ""
                    call["arguments"] += part.function.arguments or ""
            if answer.chunks == chunk_limit:
                stream.close()
                break
        answer.tools = [{**call, "arguments": json.loads(call["arguments"])} for call in calls.values()]
        return answer

    def answer(self, completion):
        choice = completion.choices[0]
        usage = completion.usage.model_dump(exclude_none=True) if completion.usage else {}
        calls = [call.function for call in choice.message.tool_calls or []]
        tools = [{"name": call.name, "arguments": json.loads(call.arguments)} for call in calls]
        return Answer(choice.message.content or "", usage, tools=tools, finish=choice.finish_reason)

    def response(self, response):
        usage = response.usage.model_dump(exclude_none=True) if response.usage else {}
        calls = [item for item in response.output if item.type == "function_call"]
        tools = [{"name": call.name, "arguments": json.loads(call.arguments)} for call in calls]
        return Answer(response.output_text, usage, tools=tools, finish=response.status)

    def describe(self, error):
        status, code = getattr(error, "status_code", None), getattr(error, "code", None)
        message = getattr(error, "message", None) or str(error)
        return {"type": type(error).__name__, "status": status, "code": code, "message": message}

    def close(self):
        self.client.close()
