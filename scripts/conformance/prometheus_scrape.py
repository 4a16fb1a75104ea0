"""Lets a real Prometheus, with its storage of exemplars on, scrape an address or a file, and prints what it then knows.

usage: prometheus_scrape.py PROMETHEUS_DIRECTORY ADDRESS_OR_FILE QUERY [QUERY...]
PROMETHEUS_DIRECTORY has the programs `prometheus` and `promtool`. A file is served with the content type of OpenMetrics, but in the
classic format it is checked by promtool first, for which FILE.classic must lie beside it.
Prints {"promtool": its complaints, "health", "error", "values": {query: [[labels, value]]}, "exemplars": {query: [labels]}}.
"""

import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

programs, source, *queries = sys.argv[1:]
promtool = ""
if not source.startswith("http"):
    body = pathlib.Path(source).read_bytes()
    classic = pathlib.Path(source + ".classic").read_bytes()
    check = subprocess.run([f"{programs}/promtool", "check", "metrics"], input=classic, capture_output=True, timeout=30)
    promtool = (check.stdout + check.stderr).decode()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = f"http://127.0.0.1:{server.server_address[1]}/metrics"

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
target = urllib.parse.urlsplit(source)


def ask(path, **parameters):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(parameters)}", timeout=5) as answer:
            return json.load(answer)["data"]
    except (OSError, urllib.error.URLError):
        return None


def until(condition):
    """Waits for a condition, half a minute at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    return None


def scraped():
    targets = (ask("/api/v1/targets") or {}).get("activeTargets", [])
    return targets[0] if targets and targets[0]["health"] != "unknown" else None


with tempfile.TemporaryDirectory() as folder:
    configuration = pathlib.Path(folder, "prometheus.yml")
    configuration.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: commander, metrics_path: {target.path}, static_configs: [{{targets: ['{target.netloc}']}}]}}]\n"
    )
    process = subprocess.Popen(
        [f"{programs}/prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder}/data"]
        + [f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage", "--log.level=error"],
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    )
    try:
        found = until(scraped) or {"health": "unknown", "lastError": "no scrape within the time"}
        values = {}
        exemplars = {}
        for query in queries:
            result = until(lambda: (ask("/api/v1/query", query=query) or {}).get("result")) or []
            values[query] = [[series["metric"], series["value"][1]] for series in result]
            now = time.time()
            series = ask("/api/v1/query_exemplars", query=query, start=0, end=now + 1e9) or []
            exemplars[query] = [exemplar["labels"] for one in series for exemplar in one["exemplars"]]
        report = {"promtool": promtool, "health": found["health"], "error": found["lastError"]}
        print(json.dumps({**report, "values": values, "exemplars": exemplars}))
    finally:
        process.terminate()
        process.wait(10)
