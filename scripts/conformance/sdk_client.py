#!/usr/bin/env python3
"""Calls a server of ours with a vendor's own SDK and prints, one JSON line a scenario, what the SDK's user saw.

usage: sdk_client.py --sdk NAME --base-url URL --key KEY --scenario NAME[@MODEL][,...] [--model MODEL] [--translated]

A line is {"sdk", "version", "scenario", "text", "usage": {...}, "error": {"type", "status", "code", "message"} | null, "chunks",
"tools": [{"name", "arguments"}], "finish", "vectors", "vector_length"}.
`usage` holds the counts the SDK reports under the SDK's names, nested ones joined by a dot; it is empty where the SDK reports none.
`vectors` holds the first four numbers of each embedding, `vector_length` how many it has.
Exit codes: 0 every scenario ended as the SDK's user would expect, 1 one did not (standard error says which and why), 64 usage.
"""

import argparse
import json
import sys

from answer import Answer
from questions import TEXTS, TOOL_ARGUMENTS, TOOL_NAME, TOOL_RESULT

SDKS = (
    *("openai", "anthropic", "anthropic-vertex", "genai-gemini", "genai-vertex"),
    *("langchain-openai", "langchain-anthropic", "langchain-gemini", "langchain-vertex"),
)
DIMENSIONS = {"tenant": "acme", "feature": "search"}
CHUNKS_BEFORE_DISCONNECT = 2

# Each with how it is run and which of the client's default models it asks.
SCENARIOS = {
    # One answer in one body.
    "complete": ("chat", lambda client, model: client.complete(model)),
    # The same, naming tenant and feature by the means this SDK has.
    "dimensions": ("chat", lambda client, model: client.complete(model, DIMENSIONS)),
    # Two answers to one question.
    "choices": ("chat", lambda client, model: client.choices(model)),
    # A system text so long that the provider has a part of it in its cache.
    "cache": ("chat", lambda client, model: client.cache(model)),
    "cache-hour": ("chat", lambda client, model: client.cache(model, hour=True)),
    "thinking": ("chat", lambda client, model: client.thinking(model)),
    # A stream, asking for nothing but text.
    "stream": ("chat", lambda client, model: client.stream(model, wants_usage=False)),
    # A stream that ends with the token usage.
    "stream-usage": ("chat", lambda client, model: client.stream(model, wants_usage=True)),
    # A stream that the client leaves.
    "disconnect": ("chat", lambda client, model: client.stream(model, wants_usage=False, chunk_limit=CHUNKS_BEFORE_DISCONNECT)),
    # A stream that breaks off on the provider's side.
    "cut": ("chat", lambda client, model: client.stream(model, wants_usage=False)),
    "tool": ("chat", lambda client, model: client.tool(model, streams=False)),
    "tool-stream": ("chat", lambda client, model: client.tool(model, streams=True)),
    # A conversation in which the tool was called and has answered.
    "tool-result": ("chat", lambda client, model: client.tool_result(model)),
    "responses": ("chat", lambda client, model: client.responses(model, streams=False)),
    "responses-stream": ("chat", lambda client, model: client.responses(model, streams=True)),
    "responses-tool": ("chat", lambda client, model: client.responses(model, streams=False, with_tool=True)),
    "responses-tool-stream": ("chat", lambda client, model: client.responses(model, streams=True, with_tool=True)),
    # As the SDK sends it by itself, which for openai is base64.
    "embed": ("embed", lambda client, model: client.embed(model, TEXTS[:1])),
    "embed-float": ("embed", lambda client, model: client.embed(model, TEXTS[:1], "float")),
    "embed-batch": ("embed", lambda client, model: client.embed(model, TEXTS)),
    "count-tokens": ("chat", lambda client, model: client.count_tokens(model)),
    "models": ("chat", lambda client, model: client.models(None)),
    "model": ("chat", lambda client, model: client.models(model)),
    "upstream-429": ("chat", lambda client, model: client.complete(model)),
    "upstream-500": ("chat", lambda client, model: client.complete(model)),
    "upstream-529": ("chat", lambda client, model: client.complete(model)),
    "bad-key": ("chat", lambda client, model: client.complete(model)),
    "unknown-model": ("chat", lambda client, model: client.complete(model)),
}


class Parser(argparse.ArgumentParser):
    """Ends with this project's exit code for wrong usage."""

    def error(self, message):
        self.exit(64, f"{self.format_usage()}sdk_client.py: {message}\n")


class Unexpected(Exception):
    """A scenario ended in a way that would surprise the SDK's user."""


def counts(tree, prefix=""):
    """The integers of nested dictionaries, under their keys joined by dots."""
    flat = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= counts(value, f"{prefix}{key}.")
        elif isinstance(value, int) and not isinstance(value, bool):
            flat[prefix + key] = value
    return flat


def call(client, scenario, model):
    """Runs the scenario and returns its answer and, where the SDK raised, the error as the user sees it."""
    try:
        return SCENARIOS[scenario][1](client, model), None
    except Exception as error:  # an SDK's user may meet any exception; the report names it
        return Answer(), client.describe(error)


def check(client, scenario, answer, error):
    """Raises Unexpected where the scenario did not end as this SDK documents."""
    expected = client.EXPECTED_ERRORS.get(scenario)
    if expected is not None:
        kinds, statuses = expected
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        # LangChain puts its package's name before the name of the vendor's exception.
        if error is None or not error["type"].endswith(tuple(kinds)) or error["status"] not in statuses:
            raise Unexpected(f"expected {' or '.join(kinds)} with status {' or '.join(map(str, statuses))}, got {error or answer}")
        return
    if error is not None:
        raise Unexpected(f"expected an answer, got {error}")
    if scenario == "disconnect":
        if answer.chunks != CHUNKS_BEFORE_DISCONNECT:
            raise Unexpected(f"the stream ended after {answer.chunks} chunks, too early to leave it")
    elif scenario.startswith("embed"):
        check_vectors(client, scenario, answer)
    elif scenario == "count-tokens":
        if not answer.usage:
            raise Unexpected("expected a count of tokens, got none")
    elif scenario in ("models", "model"):
        if not answer.text:
            raise Unexpected("expected the names of models, got none")
    else:
        check_answer(client, scenario, answer)


def check_vectors(client, scenario, answer):
    expected = len(TEXTS) if scenario == "embed-batch" else 1
    if len(answer.vectors) != expected or not all(vector and len(vector) == len(answer.vectors[0]) for vector in answer.vectors):
        raise Unexpected(f"expected {expected} vectors of one length, got {[len(vector) for vector in answer.vectors]}")
    if expected > 1 and answer.vectors[0] == answer.vectors[1]:
        raise Unexpected("two texts got the same vector")


def check_answer(client, scenario, answer):
    if scenario in ("tool", "tool-stream", "responses-tool", "responses-tool-stream"):
        if answer.tools != [{"name": TOOL_NAME, "arguments": TOOL_ARGUMENTS}]:
            raise Unexpected(f"expected a call of {TOOL_NAME} with {TOOL_ARGUMENTS}, got {answer.tools} and {answer.text!r}")
    elif not answer.text:
        raise Unexpected("expected text, got none")
    if scenario == "tool-result" and TOOL_RESULT not in answer.text:
        raise Unexpected(f"expected an answer that has the tool's result, got {answer.text!r}")
    if scenario == "choices" and answer.chunks != 2:
        raise Unexpected(f"expected two answers, got {answer.chunks}")
    if answer.finish not in client.FINISHES:
        raise Unexpected(f"the answer ended with {answer.finish!r}, which this SDK does not document")
    if scenario == "stream" and not client.STREAM_ALWAYS_HAS_USAGE:
        if answer.usage:
            raise Unexpected(f"usage was not asked for, but {answer.usage} came")
    elif not answer.usage:
        raise Unexpected("expected token usage, got none")


def arguments():
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdk", required=True, choices=SDKS)
    parser.add_argument("--base-url", required=True, help="the gateway's address, without a path")
    parser.add_argument("--key", required=True)
    scenario_help = "one or more, separated by commas, each with @ and a model where it is not --model: " + ", ".join(SCENARIOS)
    parser.add_argument("--scenario", required=True, help=scenario_help)
    parser.add_argument("--model", help="for every scenario without its own; default: the client's for that kind of scenario")
    parser.add_argument("--translated", action="store_true", help="the model is another vendor's, which the server translates for")
    options = parser.parse_args()
    named = [entry.partition("@") for entry in options.scenario.split(",")]
    options.calls = [(scenario, model or options.model) for scenario, _, model in named]
    unknown = [scenario for scenario, _ in options.calls if scenario not in SCENARIOS]
    if unknown:
        parser.error(f"unknown scenario {', '.join(unknown)}; known are {', '.join(SCENARIOS)}")
    return parser, options


def client_class(sdk):
    # An SDK takes seconds to import, so only the one that was asked for is, and one process may run many scenarios.
    if sdk == "openai":
        from openai_client import OpenAIClient as Client
    elif sdk.startswith("anthropic"):
        from anthropic_client import AnthropicClient as Client
    elif sdk.startswith("langchain"):
        from langchain_client import LangChainClient as Client
    else:
        from genai_client import GenAIClient as Client
    return Client


def main():
    parser, options = arguments()
    make_client = client_class(options.sdk)
    served = make_client.TRANSLATED_SCENARIOS if options.translated else make_client.SCENARIOS
    refused = [scenario for scenario, _ in options.calls if scenario not in served]
    if refused:
        parser.error(f"{options.sdk} has no scenario {', '.join(refused)}{' across vendors' if options.translated else ''}")
    status = 0
    for scenario, model in options.calls:
        client = make_client(options.sdk, options.base_url.rstrip("/"), options.key)
        answer, error = call(client, scenario, model or client.DEFAULT_MODELS[SCENARIOS[scenario][0]])
        client.close()
        report = {"sdk": options.sdk, "version": client.VERSION, "scenario": scenario}
        report |= {"text": answer.text, "usage": counts(answer.usage), "error": error, "chunks": answer.chunks}
        report |= {"tools": answer.tools, "finish": answer.finish, "vectors": [list(vector[:4]) for vector in answer.vectors]}
        report["vector_length"] = len(answer.vectors[0]) if answer.vectors else None
        print(json.dumps(report), flush=True)
        try:
            check(client, scenario, answer, error)
        except Unexpected as surprise:
            print(f"sdk_client.py: {options.sdk} {client.VERSION} {scenario}: {surprise}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
