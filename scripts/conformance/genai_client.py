"""The google-genai package as its users call it, in its Gemini API and its Vertex AI form; the same code runs on 1.x and 3.x."""

from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from answer import Answer
from questions import LONG_SYSTEM, QUESTION, SYSTEM, TOOL_ARGUMENTS, TOOL_DESCRIPTION, TOOL_NAME, TOOL_QUESTION, TOOL_RESULT, TOOL_SCHEMA

FUNCTION = types.FunctionDeclaration(name=TOOL_NAME, description=TOOL_DESCRIPTION, parameters_json_schema=TOOL_SCHEMA)
TOOLS = [types.Tool(function_declarations=[FUNCTION])]


class GenAIClient:
    VERSION = genai.__version__
    # The last event of every stream carries usageMetadata.
    STREAM_ALWAYS_HAS_USAGE = True
    SCENARIOS = (
        *("complete", "dimensions", "stream", "stream-usage", "disconnect", "choices", "cache"),
        *("tool", "tool-stream", "tool-result", "count-tokens", "embed", "embed-batch"),
        *("upstream-429", "upstream-500", "cut", "bad-key", "unknown-model"),
    )
    DEFAULT_MODELS = {"chat": "gemini-2.5-flash", "embed": "gemini-embedding-001"}
    EXPECTED_ERRORS = {
        "upstream-429": ("ClientError", (429,)),
        "upstream-500": ("ServerError", (500, 502)),
        # 3.x has an error of its own for this, which 1.x takes from httpx.
        "cut": (("RemoteProtocolError", "APIConnectionError", "ConnectError", "UnknownApiResponseError", "ReadError"), (None,)),
        # The Gemini API itself answers 400 API_KEY_INVALID or 403, Vertex AI 401.
        "bad-key": ("ClientError", (400, 401, 403)),
        "unknown-model": ("ClientError", (404,)),
    }
    FINISHES = ("STOP", "MAX_TOKENS", "SAFETY")

    def __init__(self, sdk, base_url, key):
        self.is_vertex = sdk == "genai-vertex"
        # Without retries one call is one exchange, which is what the tests count. The API version stays the SDK's own choice.
        http = types.HttpOptions(base_url=base_url, timeout=60_000, retry_options=types.HttpRetryOptions(attempts=1))
        if self.is_vertex:
            self.client = genai.Client(
                vertexai=True, project="p1", location="us-central1", credentials=Credentials(token=key), http_options=http
            )
        else:
            self.client = genai.Client(api_key=key, http_options=http)

    def config(self, dimensions=None, system=SYSTEM, **extra):
        config = types.GenerateContentConfig(system_instruction=system, temperature=0, **extra)
        if dimensions and self.is_vertex:
            config.labels = dimensions
        elif dimensions:
            # The Gemini API has no labels, and the SDK refuses to send any.
            headers = {f"x-commander-{name}": value for name, value in dimensions.items()}
            config.http_options = types.HttpOptions(headers=headers)
        return config

    def tool_config(self):
        return self.config(tools=TOOLS, automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))

    def generate(self, model, contents, config):
        return self.answer(self.client.models.generate_content(model=model, contents=contents, config=config))

    def complete(self, model, dimensions=None):
        return self.generate(model, QUESTION, self.config(dimensions))

    def choices(self, model):
        response = self.client.models.generate_content(model=model, contents=QUESTION, config=self.config(candidate_count=2))
        return Answer(response.candidates[0].content.parts[0].text, self.usage(response), len(response.candidates), finish="STOP")

    def cache(self, model):
        return self.generate(model, QUESTION, self.config(system=LONG_SYSTEM))

    def stream(self, model, wants_usage, chunk_limit=None):
        return self.read(model, QUESTION, self.config(), chunk_limit)

    def tool(self, model, streams):
        if streams:
            return self.read(model, TOOL_QUESTION, self.tool_config())
        return self.generate(model, TOOL_QUESTION, self.tool_config())

    def tool_result(self, model):
        call = types.Part.from_function_call(name=TOOL_NAME, args=TOOL_ARGUMENTS)
        result = types.Part.from_function_response(name=TOOL_NAME, response={"result": TOOL_RESULT})
        contents = [
            types.Content(role="user", parts=[types.Part.from_text(text=TOOL_QUESTION)]),
            types.Content(role="model", parts=[call]),
            types.Content(role="user", parts=[result]),
        ]
        return self.generate(model, contents, self.tool_config())

    def count_tokens(self, model):
        counted = self.client.models.count_tokens(model=model, contents=QUESTION)
        return Answer(usage={"total_tokens": counted.total_tokens})

    def embed(self, model, texts, encoding=None):
        # On Vertex AI only the older models take several texts in one call.
        if self.is_vertex and len(texts) > 1:
            model = "text-embedding-005"
        reply = self.client.models.embed_content(model=model, contents=texts)
        usage = {}
        statistics = [entry.statistics for entry in reply.embeddings if entry.statistics]
        if statistics:
            usage["statistics"] = {"token_count": int(sum(entry.token_count or 0 for entry in statistics))}
        reported = getattr(reply, "usage_metadata", None)
        if reported:
            usage["usage_metadata"] = reported.model_dump(mode="json", exclude_none=True)
        if reply.metadata:
            usage["metadata"] = reply.metadata.model_dump(exclude_none=True)
        return Answer(usage=usage, vectors=[entry.values for entry in reply.embeddings])

    def read(self, model, contents, config, chunk_limit=None):
        answer = Answer()
        stream = self.client.models.generate_content_stream(model=model, contents=contents, config=config)
        for chunk in stream:
            answer.chunks += 1
            part = self.answer(chunk)
            answer.text += part.text
            answer.tools += part.tools
            answer.usage = part.usage or answer.usage
            answer.finish = part.finish or answer.finish
            if answer.chunks == chunk_limit:
                stream.close()
                break
        return answer

    def answer(self, response):
        candidate = response.candidates[0] if response.candidates else None
        parts = (candidate.content.parts if candidate and candidate.content else None) or []
        text = "".join(part.text for part in parts if part.text and not part.thought)
        calls = [part.function_call for part in parts if part.function_call]
        tools = [{"name": call.name, "arguments": dict(call.args or {})} for call in calls]
        finish = candidate.finish_reason.name if candidate and candidate.finish_reason else None
        return Answer(text, self.usage(response), tools=tools, finish=finish)

    def usage(self, response):
        return response.usage_metadata.model_dump(mode="json", exclude_none=True) if response.usage_metadata else {}

    def describe(self, error):
        status, code = getattr(error, "code", None), getattr(error, "status", None)
        message = getattr(error, "message", None) or str(error)
        return {"type": type(error).__name__, "status": status, "code": code, "message": message}

    def close(self):
        self.client.close()
