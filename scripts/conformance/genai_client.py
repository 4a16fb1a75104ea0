"""The google-genai package as its users call it, in its Gemini API and its Vertex AI form; the same code runs on 1.x and 3.x."""

from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from answer import Answer

CONTENTS = "Why is the sky blue?"


class GenAIClient:
    VERSION = genai.__version__
    # The last event of every stream carries usageMetadata.
    STREAM_ALWAYS_HAS_USAGE = True
    EXPECTED_ERRORS = {
        "upstream-429": ("ClientError", (429,)),
        "upstream-500": ("ServerError", (500,)),
        # The Gemini API itself answers 400 API_KEY_INVALID or 403, Vertex AI 401.
        "bad-key": ("ClientError", (400, 401, 403)),
        "unknown-model": ("ClientError", (404,)),
    }

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

    def config(self, dimensions):
        config = types.GenerateContentConfig(system_instruction="Answer in one sentence.", temperature=0)
        if dimensions and self.is_vertex:
            config.labels = dimensions
        elif dimensions:
            # The Gemini API has no labels, and the SDK refuses to send any.
            headers = {f"x-commander-{name}": value for name, value in dimensions.items()}
            config.http_options = types.HttpOptions(headers=headers)
        return config

    def complete(self, model, dimensions):
        response = self.client.models.generate_content(model=model, contents=CONTENTS, config=self.config(dimensions))
        return Answer(response.text or "", self.usage(response))

    def stream(self, model, wants_usage, chunk_limit=None):
        answer = Answer()
        stream = self.client.models.generate_content_stream(model=model, contents=CONTENTS, config=self.config(None))
        for chunk in stream:
            answer.chunks += 1
            answer.text += chunk.text or ""
            answer.usage = self.usage(chunk) or answer.usage
            if answer.chunks == chunk_limit:
                stream.close()
                break
        return answer

    def usage(self, response):
        return response.usage_metadata.model_dump(mode="json", exclude_none=True) if response.usage_metadata else {}

    def describe(self, error):
        status, code = getattr(error, "code", None), getattr(error, "status", None)
        message = getattr(error, "message", None) or str(error)
        return {"type": type(error).__name__, "status": status, "code": code, "message": message}

    def close(self):
        self.client.close()
