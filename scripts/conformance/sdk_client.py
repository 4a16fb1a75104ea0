"""Talks to a gateway as an unmodified vendor SDK does and reports, one JSON line a scenario, what the SDK's user saw.

usage: sdk_client.py --sdk openai|genai-gemini|genai-vertex --base-url URL --key KEY --scenario NAME[@MODEL][,...] [--model MODEL]

A line is {"sdk", "version", "scenario", "text", "usage": {...}, "error": {"type", "status", "code", "message"} | null, "chunks"}.
`usage` holds the counts the SDK reports under the SDK's names, nested ones joined by a dot; it is empty where the SDK reports none.
Exit codes: 0 every scenario ended as the SDK's user would expect, 1 one did not (standard error says which and why), 64 usage.
"""

import argparse
import json
import sys

from answer import Answer

SCENARIOS = (
    "complete",  # one answer in one body
    "dimensions",  # the same, naming tenant and feature by the means this SDK has
    "stream",  # a stream, asking for nothing but text
    "stream-usage",  # a stream that ends with the token usage
    "disconnect",  # a stream that the client leaves after two chunks
    "upstream-429",
    "upstream-500",
    "bad-key",
    "unknown-model",
)
DEFAULT_MODELS = {"openai": "gpt-4o-mini", "genai-gemini": "gemini-2.5-flash", "genai-vertex": "gemini-2.5-flash"}
DIMENSIONS = {"tenant": "acme", "feature": "search"}
CHUNKS_BEFORE_DISCONNECT = 2


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
        if scenario in ("stream", "stream-usage"):
            answer = client.stream(model, wants_usage=scenario == "stream-usage")
        elif scenario == "disconnect":
            answer = client.stream(model, wants_usage=False, chunk_limit=CHUNKS_BEFORE_DISCONNECT)
        else:
            answer = client.complete(model, DIMENSIONS if scenario == "dimensions" else None)
        return answer, None
    except Exception as error:  # an SDK's user may meet any exception; the report names it
        return Answer(), client.describe(error)


def check(client, scenario, answer, error):
    """Raises Unexpected where the scenario did not end as this SDK documents."""
    expected = client.EXPECTED_ERRORS.get(scenario)
    if expected is not None:
        kind, statuses = expected
        if error is None or error["type"] != kind or error["status"] not in statuses:
            raise Unexpected(f"expected {kind} with status {' or '.join(map(str, statuses))}, got {error or answer}")
        return
    if error is not None:
        raise Unexpected(f"expected an answer, got {error}")
    if scenario == "disconnect":
        if answer.chunks != CHUNKS_BEFORE_DISCONNECT:
            raise Unexpected(f"the stream ended after {answer.chunks} chunks, too early to leave it")
        return
    if not answer.text:
        raise Unexpected("expected text, got none")
    if scenario == "stream" and not client.STREAM_ALWAYS_HAS_USAGE:
        if answer.usage:
            raise Unexpected(f"usage was not asked for, but {answer.usage} came")
    elif not answer.usage:
        raise Unexpected("expected token usage, got none")


def arguments():
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdk", required=True, choices=sorted(DEFAULT_MODELS))
    parser.add_argument("--base-url", required=True, help="the gateway's address, without a path")
    parser.add_argument("--key", required=True)
    scenario_help = "one or more, separated by commas, each with @ and a model where it is not --model: " + ", ".join(SCENARIOS)
    parser.add_argument("--scenario", required=True, help=scenario_help)
    parser.add_argument("--model")
    options = parser.parse_args()
    options.model = options.model or DEFAULT_MODELS[options.sdk]
    named = [entry.partition("@") for entry in options.scenario.split(",")]
    options.calls = [(scenario, model or options.model) for scenario, _, model in named]
    unknown = [scenario for scenario, _ in options.calls if scenario not in SCENARIOS]
    if unknown:
        parser.error(f"unknown scenario {', '.join(unknown)}; known are {', '.join(SCENARIOS)}")
    return options


def main():
    options = arguments()
    # An SDK takes seconds to import, so only the one that was asked for is, and one process may run many scenarios.
    if options.sdk == "openai":
        from openai_client import OpenAIClient as Client
    else:
        from genai_client import GenAIClient as Client

    status = 0
    for scenario, model in options.calls:
        client = Client(options.sdk, options.base_url.rstrip("/"), options.key)
        answer, error = call(client, scenario, model)
        client.close()
        report = {"sdk": options.sdk, "version": client.VERSION, "scenario": scenario}
        report |= {"text": answer.text, "usage": counts(answer.usage), "error": error, "chunks": answer.chunks}
        print(json.dumps(report), flush=True)
        try:
            check(client, scenario, answer, error)
        except Unexpected as surprise:
            print(f"sdk_client.py: {options.sdk} {client.VERSION} {scenario}: {surprise}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
