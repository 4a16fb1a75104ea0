"""What is measured: how each gateway is configured, started, asked and stopped."""

import fcntl
import json
import os
import re
import socket
import sqlite3
import string
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from processes import Tree

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VENVS = os.path.join(ROOT, ".build", "venvs")


class Unavailable(Exception):
    """A target cannot be measured here; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fill(template, path, **values):
    with open(os.path.join(HERE, template)) as source, open(path, "w") as made:
        made.write(string.Template(source.read()).substitute(values))
    return path


def get_json(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


class Target:
    """The upstream itself; every gateway is one of these with something in front."""

    name = "direct"
    path = "/v1/chat/completions"
    key = "none"
    model = "gpt-4.1-mini"
    start_seconds = 10

    def __init__(self, bench):
        self.bench = bench
        self.folder = os.path.join(bench.folder, self.name)
        os.makedirs(self.folder, exist_ok=True)
        self.log = os.path.join(self.folder, "log")
        self.port = bench.upstream_port
        self.tree = None
        # Requests of our own that were answered; the load generator's are counted by it.
        self.asked = 0
        self.note = "the upstream with nothing in front"

    def start(self):
        self.launch()
        self.wait_until_it_answers()

    def launch(self):
        pass

    def wait_until_it_answers(self):
        deadline = time.monotonic() + self.start_seconds
        while True:
            if self.tree and not self.tree.alive():
                raise Unavailable(f"it ended while starting: {self.tree.last_words()}")
            try:
                self.ask()
                return
            except (OSError, ValueError) as error:
                reason = error
            if time.monotonic() > deadline:
                words = self.tree.last_words() if self.tree else ""
                raise Unavailable(f"no answer within {self.start_seconds} s ({reason}): {words}")
            time.sleep(0.1)

    def ask(self):
        """One chat request that must be answered by the upstream."""
        body = {"model": self.model, "messages": [{"role": "user", "content": "Is it running?"}]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.path}", json.dumps(body).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            if json.load(answer)["usage"]["completion_tokens"] != 64:
                raise ValueError("the answer is not the upstream's")
        self.asked += 1

    def stop(self):
        if self.tree:
            self.tree.stop()

    def settle(self):
        """Called when the last request was answered; returns what the target itself counted."""
        return {}


class Nginx(Target):
    name = "nginx"

    def launch(self):
        # Debian puts it where a user's PATH may not look.
        program = next((path for path in ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx") if os.path.exists(path)), None)
        if not program:
            raise Unavailable("nginx is not installed; run scripts/bootstrap bench")
        self.port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = fill("nginx.conf", os.path.join(self.folder, "nginx.conf"),
                             port=self.port, upstream=self.bench.upstream_port, folder=self.folder, user=user)
        version = subprocess.run([program, "-v"], capture_output=True, text=True).stderr.strip().rpartition("/")[2]
        self.note = f"{version}, 2 workers, keep-alive to the upstream, proxy_buffering off, access_log off"
        self.tree = Tree([program, "-e", self.log, "-p", self.folder, "-c", configuration], self.log)


class LiteLLM(Target):
    name = "litellm"
    key = "sk-bench"
    start_seconds = 90

    def start(self):
        program = os.path.join(VENVS, "bench-litellm", "bin", "litellm")
        if not os.path.exists(program):
            raise Unavailable("the venv bench-litellm is not there; run scripts/bootstrap bench")
        configuration = fill("litellm.yaml", os.path.join(self.folder, "litellm.yaml"), upstream=self.bench.upstream_port)
        environment = dict(os.environ, LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="ERROR", NO_PROXY="127.0.0.1",
                           HOME=self.folder)
        problem = None
        for workers, extra in ((2, ["--num_workers", "2", "--run_gunicorn"]), (1, [])):
            self.port = free_port()
            self.note = f"{self.version()}, {workers} worker{'s' if workers > 1 else ''}, master key, no database"
            self.tree = Tree(
                [program, "--config", configuration, "--host", "127.0.0.1", "--port", str(self.port), "--telemetry", "False"] + extra,
                self.log, environment=environment, memory_bytes=6 << 30, cwd=self.folder)
            try:
                self.wait_until_it_answers()
                return
            except Unavailable as error:
                problem = error
                self.tree.stop()
        raise problem

    def version(self):
        with open(os.path.join(ROOT, "scripts", "conformance", "requirements", "bench-litellm.txt")) as pins:
            return re.search(r"^litellm==(\S+)", pins.read(), re.MULTILINE).group(1)


class TensorZero(Target):
    name = "tensorzero"
    path = "/openai/v1/chat/completions"
    model = "tensorzero::model_name::gpt-4.1-mini"
    start_seconds = 30

    def launch(self):
        python = os.path.join(VENVS, "bench-tensorzero", "bin", "python")
        if not os.path.exists(python):
            raise Unavailable("the venv bench-tensorzero is not there; run scripts/bootstrap bench")
        configuration = fill("tensorzero.toml", os.path.join(self.folder, "tensorzero.toml"), upstream=self.bench.upstream_port)
        announcement = os.path.join(self.folder, "address")
        # No memory limit: jemalloc reserves address space that it never touches.
        self.tree = Tree([python, os.path.join(HERE, "tensorzero_gateway.py"), configuration, announcement], self.log,
                         environment=dict(os.environ, BENCH_UPSTREAM_KEY="none"), stdin=subprocess.PIPE)
        deadline = time.monotonic() + self.start_seconds
        while not os.path.exists(announcement):
            if not self.tree.alive() or time.monotonic() > deadline:
                raise Unavailable(f"the embedded gateway did not start: {self.tree.last_words()}")
            time.sleep(0.1)
        with open(announcement) as file:
            announced = json.load(file)
        self.port = int(re.search(r":(\d+)/", announced["base_url"]).group(1))
        self.note = f"{announced['version']}, embedded gateway, observability off, no keys"


class Commander(Target):
    name = "commander"
    start_seconds = 30

    def launch(self):
        program = self.bench.commander
        if not os.access(program, os.X_OK):
            raise Unavailable(f"{program} is not there; run make bench, or name another with --commander")
        made = subprocess.run([program, "key", "create", "bench", "--output", "json"], capture_output=True, text=True)
        if made.returncode:
            raise Unavailable(f"no key could be made: {made.stderr.strip()}")
        key = json.loads(made.stdout)
        self.key = key["key"]
        self.port, self.console = free_port(), free_port()
        # Not in the folder: the path of a Unix socket may have 107 bytes only.
        self.socket = os.path.join(tempfile.gettempdir(), f"gateway-bench-{os.getpid()}.socket")
        self.sink = Tree([self.bench.program, "sink", "--socket", self.socket, "--metric", "llm.requests"], self.log,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        configuration = fill(
            self.bench.commander_template, os.path.join(self.folder, "commander.yaml"), gateway_port=self.port,
            console_port=self.console, sha256=key["sha256"], upstream=self.bench.upstream_port, dogstatsd=self.socket,
            store=os.path.join(self.folder, "store"))
        check = subprocess.run([program, "check", "--config", configuration], capture_output=True, text=True)
        if check.returncode:
            raise Unavailable(f"its configuration is refused: {' | '.join((check.stderr + check.stdout).split(chr(10)))[:600]}")
        # wc takes the log as a shipper would, and counts it. A pipe of 1 MiB, as shippers ask for, wakes it less often.
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
        self.log_counter = Tree(["wc", "-l", "-c"], self.log, stdin=reading, stdout=subprocess.PIPE)
        self.tree = Tree([program, "serve", "--config", configuration, "--log-level", "warning"], self.log, cwd=self.folder,
                         stdout=writing)
        os.close(reading)
        os.close(writing)
        self.note = "keys, budget, DogStatsD over a Unix socket, JSON log of each span, SQLite"
        if os.path.dirname(self.bench.commander_template) != HERE:
            self.note = f"configured by {self.bench.commander_template}"

    def settle(self):
        """Waits until everything is stored, stops, and compares what was sent with what arrived."""
        status, deadline = {}, time.monotonic() + 60
        while time.monotonic() < deadline:
            status = get_json(f"http://127.0.0.1:{self.console}/api/status.json")
            if status.get("queueDepth", 0) == 0:
                break
            time.sleep(0.5)
        # The last rollup window and the last DogStatsD flush.
        time.sleep(1)
        status = get_json(f"http://127.0.0.1:{self.console}/api/status.json")
        self.tree.stop(patience=40)
        facts = {"dropped": status.get("dropped", {}), "queue_depth": status.get("queueDepth"), "store_bytes": status.get("storeBytes")}
        facts["drops"] = sum(facts["dropped"].values())
        self.sink.process.stdin.close()
        facts["dogstatsd"] = json.loads(self.sink.process.stdout.read() or b"null")
        words = self.log_counter.process.stdout.read().split()
        facts["log_lines"] = int(words[0]) if words else None
        facts["spans_stored"] = self.spans_stored()
        return facts

    def spans_stored(self):
        path = os.path.join(self.folder, "store", "telemetry.sqlite")
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                return database.execute("SELECT count(*) FROM spans").fetchone()[0]
        except sqlite3.Error as error:
            return f"unreadable: {error}"

    def stop(self):
        super().stop()
        for name in ("sink", "log_counter"):
            if hasattr(self, name):
                getattr(self, name).stop()
        if hasattr(self, "socket") and os.path.exists(self.socket):
            os.unlink(self.socket)


ALL = {target.name: target for target in (Target, Nginx, LiteLLM, TensorZero, Commander)}
