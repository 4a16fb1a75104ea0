"""The openai package as its users call it; the same code runs on 1.x and 3.x."""

import openai

from answer import Answer

MESSAGES = [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": "Why is the sky blue?"}]


class OpenAIClient:
    VERSION = openai.__version__
    # A stream carries usage only where stream_options asked for it.
    STREAM_ALWAYS_HAS_USAGE = False
    EXPECTED_ERRORS = {
        "upstream-429": ("RateLimitError", (429,)),
        "upstream-500": ("InternalServerError", (500,)),
        "bad-key": ("AuthenticationError", (401,)),
        "unknown-model": ("NotFoundError", (404,)),
    }

    def __init__(self, _sdk, base_url, key):
        # Without retries one call is one exchange, which is what the tests count.
        self.client = openai.OpenAI(base_url=f"{base_url}/v1", api_key=key, max_retries=0, timeout=60)

    def complete(self, model, dimensions):
        extra = {"metadata": dimensions} if dimensions else {}
        completion = self.client.chat.completions.create(model=model, messages=MESSAGES, temperature=0, **extra)
        usage = completion.usage.model_dump(exclude_none=True) if completion.usage else {}
        return Answer(completion.choices[0].message.content or "", usage)

    def stream(self, model, wants_usage, chunk_limit=None):
        extra = {"stream_options": {"include_usage": True}} if wants_usage else {}
        answer = Answer()
        stream = self.client.chat.completions.create(model=model, messages=MESSAGES, stream=True, **extra)
        for chunk in stream:
            answer.chunks += 1
            if chunk.usage:
                answer.usage = chunk.usage.model_dump(exclude_none=True)
            # Most programs index without looking, because only include_usage brings a chunk without choices.
            if chunk.choices or not wants_usage:
                answer.text += chunk.choices[0].delta.content or ""
            if answer.chunks == chunk_limit:
                stream.close()
                break
        return answer

    def describe(self, error):
        status, code = getattr(error, "status_code", None), getattr(error, "code", None)
        message = getattr(error, "message", None) or str(error)
        return {"type": type(error).__name__, "status": status, "code": code, "message": message}

    def close(self):
        self.client.close()
