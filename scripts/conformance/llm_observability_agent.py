"""Gives recorded requests to Datadog's test agent, reads back what it understood, and holds that to the rules of LLM Observability.

usage: llm_observability_agent.py FOLDER

FOLDER holds requests as NAME.json: {"path": ..., "headers": {...}, "body": base64}. Prints one JSON object for each span and each
evaluation, in the order of the files. Exits with 1 and says why when the agent refuses one, keeps other bytes, or a rule is broken.
"""
import base64
import json
import os
import pathlib
import resource
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from ddapm_test_agent.llmobs_trace import decode_llmobs_payload

import llm_observability_rules as rules

SPANS = {"/evp_proxy/v2/api/v2/llmobs": "llmobs-intake", "/evp_proxy/v4/api/v2/llmobs": "llmobs-intake"}
EVALUATIONS = {"/evp_proxy/v2/api/intake/llm-obs/v2/eval-metric": "api"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def limit_memory() -> None:
    # The agent has been seen to grow without bound on a trace whose span is its own ancestor.
    resource.setrlimit(resource.RLIMIT_AS, (2_000_000 * 1024, 2_000_000 * 1024))


def start_agent(folder: pathlib.Path) -> tuple[subprocess.Popen, str]:
    port = free_port()
    command = [
        str(pathlib.Path(sys.executable).parent / "ddapm-test-agent"), "--host", "127.0.0.1", "--port", str(port),
        "--otlp-http-port", str(free_port()), "--otlp-grpc-port", str(free_port()), "--disable-llmobs-data-forwarding",
        "--snapshot-dir", str(folder), "--log-level", "ERROR",
    ]
    agent = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit_memory, env={"PATH": os.environ["PATH"]})
    return agent, f"http://127.0.0.1:{port}"


def call(url: str, body: bytes | None = None, headers: dict | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers or {}), timeout=10) as answer:
        return answer.read()


def wait_for(agent: subprocess.Popen, url: str) -> dict:
    deadline = time.monotonic() + 60
    while True:
        try:
            return json.loads(call(url + "/info"))
        except (urllib.error.URLError, ConnectionError):
            rules.expect(agent.poll() is None, f"the test agent ended with {agent.returncode}")
            rules.expect(time.monotonic() < deadline, "the test agent does not answer")
            time.sleep(0.1)


def exchange(url: str, requests: list[dict]) -> list[dict]:
    """What the agent says it was sent, in order."""
    for request in requests:
        call(url + request["path"], base64.b64decode(request["body"]), request["headers"])
    return json.loads(call(url + "/test/session/requests"))


def main() -> None:
    if len(sys.argv) != 2:
        print("usage: llm_observability_agent.py FOLDER", file=sys.stderr)
        sys.exit(64)
    folder = pathlib.Path(sys.argv[1])
    requests = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    rules.expect(bool(requests), f"{folder} holds no requests")
    agent, url = start_agent(folder)
    try:
        endpoints = wait_for(agent, url)["endpoints"]
        rules.expect("/evp_proxy/v2/" in endpoints and "/evp_proxy/v4/" in endpoints, f"the agent offers {endpoints}")
        kept = exchange(url, requests)
    finally:
        agent.kill()
        agent.wait()
    rules.expect(len(kept) == len(requests), f"the agent kept {len(kept)} of {len(requests)} requests")
    spans, metrics = [], []
    for request, stored in zip(requests, kept):
        path, headers = request["path"], {name.lower(): value for name, value in stored["headers"].items()}
        body = base64.b64decode(stored["body"])
        rules.expect(stored["url"].endswith(path) and body == base64.b64decode(request["body"]), f"{path} was kept otherwise")
        rules.expect(headers.get("x-datadog-evp-subdomain") == {**SPANS, **EVALUATIONS}.get(path), f"subdomain of {path}")
        rules.expect(len(body) <= 5 << 20, f"{path} has {len(body)} bytes")
        if path in SPANS:
            events = decode_llmobs_payload(body, headers["content-type"])
            spans += [rules.span(event, time.time_ns()) for event in events]
        else:
            metrics += rules.evaluations(json.loads(body))
    rules.tree(spans)
    ids = {(value["span_id"], value["trace_id"]) for value in spans}
    for metric in metrics:
        joined = metric["join_on"]["span"]
        rules.expect((joined["span_id"], joined["trace_id"]) in ids, f"evaluation {metric['label']} is of a span never sent")
    for value in spans:
        print(json.dumps({"span": value}))
    for metric in metrics:
        print(json.dumps({"evaluation": metric}))


try:
    main()
except rules.Breach as breach:
    print(f"llm_observability_agent: {breach}", file=sys.stderr)
    sys.exit(1)
