"""Datadog's test agent as a receiver of traces: what it says to ours, and what it read in them.

trace_agent.py post FOLDER
  Starts an agent, sends it every FOLDER/*.json in the order of their names ({"method", "path", "headers": [[name, value]], "body":
  base64}) and prints {"status", "reply"} for each, then {"trace": [span, …]} for each trace and {"statistics": {…}} for each group of
  statistics it received: the group as the agent has it, with "Env" and "Start" of its payload and "ok" and "error", the counts and
  medians in its sketches.
trace_agent.py serve FOLDER
  Starts an agent, writes its address to FOLDER/url, waits until FOLDER/done exists, and prints a line for each trace as above.

Ids in what is printed are text, because readers of JSON round large numbers. The agent forwards nothing, checks the headers of
tracers, and has limits of its own on time and memory: fed a trace that is above itself, it grows without end.
"""
import base64
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import msgpack
import requests
from ddsketch.pb import ddsketch_pb2
from ddsketch.pb.proto import DDSketchProto

CHECKS = "trace_count_header,meta_tracer_version_header,trace_content_length"
MEMORY_KB = 2_000_000
SECONDS = 110


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Agent:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.folder = tempfile.TemporaryDirectory()
        program = os.path.join(os.path.dirname(sys.executable), "ddapm-test-agent")
        otlp = free_ports(2)
        command = (
            f'ulimit -v {MEMORY_KB}; exec timeout --kill-after=5 {SECONDS} "{program}" --port {port} --host 127.0.0.1 '
            f"--otlp-http-port {otlp[0]} --otlp-grpc-port {otlp[1]} --disable-llmobs-data-forwarding "
            f'--snapshot-dir "{self.folder.name}" --log-level ERROR')
        self.process = subprocess.Popen(
            ["bash", "-c", command], env=dict(os.environ, ENABLED_CHECKS=CHECKS), cwd=self.folder.name,
            stdout=subprocess.DEVNULL, stderr=sys.stderr, start_new_session=True)

    def __enter__(self) -> "Agent":
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{self.url}/info", timeout=5).raise_for_status()
                return self
            except requests.RequestException:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise SystemExit("the test agent did not start")
                time.sleep(0.05)

    def __exit__(self, *_) -> None:
        # It keeps nothing, and its own way to an end waits for connections.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)
        self.folder.cleanup()

    def print_traces(self) -> None:
        reply = requests.get(f"{self.url}/test/session/traces", timeout=30)
        reply.raise_for_status()
        for trace in reply.json():
            for span in trace:
                for name in ("trace_id", "span_id", "parent_id", "start", "duration"):
                    if span.get(name) is not None:
                        span[name] = str(span[name])
            print(json.dumps({"trace": trace}, ensure_ascii=False))
        self.print_statistics()

    def print_statistics(self) -> None:
        # The agent's own reading must succeed; what it has read of the sketches it does not tell.
        read = requests.get(f"{self.url}/test/session/stats", timeout=30)
        read.raise_for_status()
        reply = requests.get(f"{self.url}/test/session/requests", timeout=30)
        reply.raise_for_status()
        payloads = [
            msgpack.unpackb(base64.b64decode(request["body"])) for request in reply.json() if request["url"].endswith("/v0.6/stats")]
        groups = sum(len(bucket["Stats"]) for payload in read.json() for bucket in payload["Stats"])
        if groups != sum(len(bucket["Stats"]) for payload in payloads for bucket in payload["Stats"]):
            raise SystemExit("the agent has read other statistics than it was sent")
        for payload in payloads:
            for bucket in payload["Stats"]:
                for group in bucket["Stats"]:
                    group["ok"] = self.sketch(group.pop("OkSummary"))
                    group["error"] = self.sketch(group.pop("ErrorSummary"))
                    print(json.dumps({"statistics": dict(group, Env=payload["Env"], Start=bucket["Start"])}, ensure_ascii=False))

    @staticmethod
    def sketch(data: bytes) -> dict:
        message = ddsketch_pb2.DDSketch()
        message.ParseFromString(data)
        # The Python library names a bin by its upper bound, the agent by its lower one.
        message.positiveValues.contiguousBinIndexOffset += 1
        sketch = DDSketchProto.from_proto(message)
        return {"count": sketch.count, "median": sketch.get_quantile_value(0.5)}


def post(folder: str) -> None:
    with Agent(free_ports(1)[0]) as agent:
        for file in sorted(pathlib.Path(folder).glob("*.json")):
            request = json.loads(file.read_text())
            reply = requests.request(
                request["method"], agent.url + request["path"], headers=dict(request["headers"]),
                data=base64.b64decode(request["body"]), timeout=30)
            print(json.dumps({"status": reply.status_code, "reply": reply.text[:2000]}))
        agent.print_traces()


def serve(folder: str) -> None:
    with Agent(free_ports(1)[0]) as agent:
        # Written aside and moved: whoever sees the file sees all of it.
        part = os.path.join(folder, "url.part")
        pathlib.Path(part).write_text(agent.url)
        os.rename(part, os.path.join(folder, "url"))
        deadline = time.monotonic() + SECONDS - 10
        while not os.path.exists(os.path.join(folder, "done")):
            if time.monotonic() > deadline:
                raise SystemExit(f"{folder}/done did not appear")
            time.sleep(0.05)
        agent.print_traces()


if sys.argv[1] == "post":
    post(sys.argv[2])
elif sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    raise SystemExit(__doc__)
