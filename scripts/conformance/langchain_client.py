"""LangChain's chat models over each vendor's SDK, as its users call them; the same code runs on 0.3 and on 1.x."""

from importlib.metadata import version

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from answer import Answer
from questions import LONG_SYSTEM, QUESTION, SYSTEM, TOOL_ARGUMENTS, TOOL_DESCRIPTION, TOOL_NAME, TOOL_QUESTION, TOOL_RESULT
from questions import TOOL_SCHEMA

# LangChain's own form of a tool, which each of its packages turns into its vendor's.
FUNCTION = {"type": "function", "function": {"name": TOOL_NAME, "description": TOOL_DESCRIPTION, "parameters": TOOL_SCHEMA}}
PACKAGES = {
    "langchain-openai": "langchain-openai",
    "langchain-anthropic": "langchain-anthropic",
    "langchain-gemini": "langchain-google-genai",
    "langchain-vertex": "langchain-google-genai",
}
MODELS = {"langchain-openai": "gpt-4o-mini", "langchain-anthropic": "claude-sonnet-4-5"}


class LangChainClient:
    SCENARIOS = (
        *("complete", "stream", "stream-usage", "disconnect", "cache", "tool", "tool-stream", "tool-result", "embed"),
        # Not for Google before 4.0: it tries every error six times, whatever it is told.
        *("upstream-429", "upstream-500", "bad-key", "unknown-model"),
    )
    FINISHES = ("stop", "STOP", "end_turn", "tool_calls", "tool_use")
    # The vendor's own exceptions, which 1.x puts into ones of its own: OpenAIRateLimitError, GoogleAPIError.
    EXPECTED_ERRORS = {
        "upstream-429": ("RateLimitError", (429,)),
        "upstream-500": (("InternalServerError", "APIError"), (500, 502)),
        "bad-key": (("AuthenticationError", "InvalidRequestError", "PermissionDeniedError"), (400, 401, 403)),
        "unknown-model": ("NotFoundError", (404,)),
    }

    def __init__(self, sdk, base_url, key):
        self.sdk, self.base_url, self.key = sdk, base_url, key
        self.VERSION = version(PACKAGES[sdk])
        self.is_google = sdk in ("langchain-gemini", "langchain-vertex")
        self.is_first_google = self.is_google and int(self.VERSION.split(".")[0]) < 4
        self.STREAM_ALWAYS_HAS_USAGE = sdk != "langchain-openai"
        self.DEFAULT_MODELS = {"chat": MODELS.get(sdk, "gemini-2.5-flash"), "embed": "text-embedding-3-small"}
        if self.is_google:
            self.DEFAULT_MODELS["embed"] = "gemini-embedding-001"

    def chat(self, model, **extra):
        if self.sdk == "langchain-openai":
            from langchain_openai import ChatOpenAI

            return ChatOpenAI(model=model, base_url=f"{self.base_url}/v1", api_key=self.key, max_retries=0, timeout=60, **extra)
        extra.pop("stream_usage", None)
        if self.sdk == "langchain-anthropic":
            from langchain_anthropic import ChatAnthropic

            return ChatAnthropic(
                model=model, base_url=self.base_url, api_key=self.key, max_retries=0, timeout=60, max_tokens=200, **extra
            )
        from langchain_google_genai import ChatGoogleGenerativeAI

        return ChatGoogleGenerativeAI(model=model, max_retries=1, timeout=60, **self.google(), **extra)

    def google(self):
        if self.is_first_google:
            # Before 4.0 it was built on Google's REST client, which streams one JSON array.
            return {"google_api_key": self.key, "transport": "rest", "client_options": {"api_endpoint": self.base_url}}
        if self.sdk == "langchain-vertex":
            from google.oauth2.credentials import Credentials

            place = {"project": "p1", "location": "us-central1", "credentials": Credentials(token=self.key)}
            return {"vertexai": True, "base_url": self.base_url, **place}
        return {"google_api_key": self.key, "base_url": self.base_url}

    def turns(self, question, system=SYSTEM):
        return [SystemMessage(system), HumanMessage(question)]

    def complete(self, model, dimensions=None):
        return self.answer(self.chat(model).invoke(self.turns(QUESTION)))

    def cache(self, model):
        return self.answer(self.chat(model).invoke(self.turns(QUESTION, LONG_SYSTEM)))

    def stream(self, model, wants_usage, chunk_limit=None):
        chat = self.chat(model, stream_usage=wants_usage)
        return self.read(chat, self.turns(QUESTION), chunk_limit)

    def tool(self, model, streams):
        chat = self.chat(model, stream_usage=True).bind_tools([FUNCTION])
        return self.read(chat, self.turns(TOOL_QUESTION)) if streams else self.answer(chat.invoke(self.turns(TOOL_QUESTION)))

    def tool_result(self, model):
        call = {"name": TOOL_NAME, "args": TOOL_ARGUMENTS, "id": "call_1", "type": "tool_call"}
        turns = [*self.turns(TOOL_QUESTION), AIMessage("", tool_calls=[call]), ToolMessage(TOOL_RESULT, tool_call_id="call_1")]
        return self.answer(self.chat(model).bind_tools([FUNCTION]).invoke(turns))

    def embed(self, model, texts, encoding=None):
        # LangChain gives vectors only; what they cost only the provider and the gateway know.
        if self.sdk == "langchain-openai":
            from langchain_openai import OpenAIEmbeddings

            # The length check would fetch a tokenizer from the network.
            embeddings = OpenAIEmbeddings(
                model=model, base_url=f"{self.base_url}/v1", api_key=self.key, max_retries=0, check_embedding_ctx_length=False
            )
        else:
            from langchain_google_genai import GoogleGenerativeAIEmbeddings

            embeddings = GoogleGenerativeAIEmbeddings(model=model, **self.google())
        return Answer(vectors=embeddings.embed_documents(texts))

    def read(self, chat, turns, chunk_limit=None):
        whole, chunks = None, 0
        stream = chat.stream(turns)
        for chunk in stream:
            chunks += 1
            whole = chunk if whole is None else whole + chunk
            if chunks == chunk_limit:
                stream.close()
                break
        answer = self.answer(whole)
        answer.chunks = chunks
        return answer

    def answer(self, message):
        tools = [{"name": call["name"], "arguments": call["args"]} for call in message.tool_calls]
        metadata = message.response_metadata
        finish = metadata.get("finish_reason") or metadata.get("stop_reason")
        text = message.text if isinstance(message.text, str) else message.text()
        return Answer(text, dict(message.usage_metadata or {}), tools=tools, finish=finish)

    def describe(self, error):
        # The vendor's exception, where LangChain wrapped it.
        cause = error.__cause__ or error
        status = getattr(error, "status_code", None) or getattr(cause, "status_code", None) or getattr(cause, "code", None)
        status = int(status) if isinstance(status, int) else None
        return {"type": type(error).__name__, "status": status, "code": None, "message": str(error)}

    def close(self):
        pass
