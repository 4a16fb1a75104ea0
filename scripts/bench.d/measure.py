"""The measurements that are taken of each target in each round, and the figures that come out of all rounds."""

import json
import statistics
import subprocess

from processes import spent

# What a stream consists of where it comes as fast as it can be sent.
CHUNKS = 64
CONNECTIONS = 32
# For the CPU time of a chunk: slow enough that no two chunks are one read, fast enough that their cost is measurable.
PACED = {"connections": 64, "chunks": 64, "pace_us": 5_000}
# For stalls and held-back events: more streams than a gateway could keep apart by luck, at a pace that a busy machine can tell.
MANY = {"connections": 256, "chunks": 24, "pace_us": 50_000}
RATE = 1_000


class Measurer:
    def __init__(self, program, seconds):
        self.program = program
        self.seconds = seconds
        self.sent = {}

    def load(self, target, mode, seconds, connections, rate=None, requests=None, chunks=CHUNKS, pace_us=0):
        """One run of the load generator, with the CPU seconds that the target took for it."""
        command = [
            self.program, "load", "--port", str(target.port), "--path", target.path, "--key", target.key, "--model", target.model,
            "--mode", mode, "--seconds", str(seconds), "--connections", str(connections), "--chunks", str(chunks),
            "--pace-us", str(pace_us)]
        if rate:
            command += ["--rate", str(rate)]
        if requests:
            command += ["--requests", str(requests)]
        before = target.tree.cpu_seconds() if target.tree else {}
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
        after = target.tree.cpu_seconds() if target.tree else {}
        if run.returncode:
            raise RuntimeError(f"the load generator failed: {run.stderr.strip()}")
        result = json.loads(run.stdout)
        result["cpu_s"] = spent(before, after) if target.tree else None
        self.sent[target.name] = self.sent.get(target.name, 0) + result["started"]
        return result

    def warm_up(self, target, seconds):
        self.load(target, "json", seconds, CONNECTIONS)
        self.load(target, "sse", seconds / 2, CONNECTIONS)

    def round(self, target):
        short = max(1, self.seconds * 2 / 3)
        runs = {
            "json": self.load(target, "json", self.seconds, CONNECTIONS),
            "json_c1": self.load(target, "json", short, 1),
        }
        # Where the rate is more than the target can take, there would be nothing to see but a queue.
        if runs["json"]["rps"] > 1.5 * RATE:
            runs["json_rate"] = self.load(target, "json", short, 16, rate=RATE)
        runs["sse"] = self.load(target, "sse", self.seconds, CONNECTIONS)
        runs["sse_c1"] = self.load(target, "sse", short, 1)
        runs["sse_paced"] = self.load(target, "sse", self.seconds, **PACED)
        runs["sse_256"] = self.load(target, "sse", self.seconds, **MANY)
        if target.tree:
            runs["rss_mb"] = target.tree.resident_megabytes()
        return runs

    def soak(self, target, requests=1_000_000, steps=10, longest_seconds=60):
        """Resident memory after each tenth of a million requests; shorter when the target is slow."""
        series = [{"requests": 0, "rss_mb": round(target.tree.resident_megabytes(), 1)}]
        done = 0
        for _ in range(steps):
            result = self.load(target, "json", longest_seconds, CONNECTIONS, requests=requests // steps)
            done += result["completed"]
            series.append({"requests": done, "rss_mb": round(target.tree.resident_megabytes(), 1)})
            if result["completed"] < requests // steps * 0.99:
                break
        return series


def median(rounds, *path, scale=1.0, places=3):
    """The median over the rounds of a figure that lies at this path, or None where no round has it."""
    values = []
    for value in rounds:
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            values.append(value)
    return round(statistics.median(values) * scale, places) if values else None


def failures(rounds, prefix):
    total = {}
    for runs in rounds:
        for name, run in runs.items():
            if name.startswith(prefix) and isinstance(run, dict):
                for reason, count in run["errors"].items():
                    total[reason] = total.get(reason, 0) + count
    return total


def cpu_per_10k(rounds, name):
    shares = [{"cpu": run["cpu_s"] / run["completed"] * 10_000} for run in (runs[name] for runs in rounds)
              if run["cpu_s"] is not None and run["completed"]]
    return median(shares, "cpu", places=4)


def difference(value, base, places=3):
    return None if value is None or base is None else round(value - base, places)


def entries(name, rounds, direct):
    """The two members of `targets` for one target; `direct` are the rounds that added times are counted from."""
    json_entry = {
        "name": name, "mode": "json", "rps": median(rounds, "json", "rps", places=1),
        "p50_ms": median(rounds, "json", "latency_us", "p50", scale=1e-3, places=4),
        "p99_ms": median(rounds, "json", "latency_us", "p99", scale=1e-3, places=4),
        "p50_ms_c1": median(rounds, "json_c1", "latency_us", "p50", scale=1e-3, places=4),
        "p99_ms_c1": median(rounds, "json_c1", "latency_us", "p99", scale=1e-3, places=4),
        "cpu_s_per_10k": cpu_per_10k(rounds, "json"), "rss_mb": median(rounds, "rss_mb", places=1), "drops": 0,
        "errors": failures(rounds, "json"),
    }
    for share in ("p50", "p99"):
        at_rate = median(rounds, "json_rate", "latency_us", share)
        json_entry[f"{share}_us_at_{RATE}rps"] = at_rate
        json_entry[f"added_{share}_us_at_{RATE}rps"] = difference(at_rate, median(direct, "json_rate", "latency_us", share))
        json_entry[f"added_{share}_us_c1"] = difference(
            median(rounds, "json_c1", "latency_us", share), median(direct, "json_c1", "latency_us", share))
    first = median(rounds, "sse_c1", "first_event_us", "p50", scale=1e-3, places=4)
    paced = [{"us": runs["sse_paced"]["cpu_s"] / runs["sse_paced"]["chunks"] * 1e6} for runs in rounds
             if runs["sse_paced"]["cpu_s"] is not None and runs["sse_paced"]["chunks"]]
    sse_entry = {
        "name": name, "mode": "sse", "rps": median(rounds, "sse", "rps", places=1),
        "p50_ms": median(rounds, "sse", "latency_us", "p50", scale=1e-3, places=4),
        "p99_ms": median(rounds, "sse", "latency_us", "p99", scale=1e-3, places=4),
        "p50_ms_c1": median(rounds, "sse_c1", "latency_us", "p50", scale=1e-3, places=4),
        "p99_ms_c1": median(rounds, "sse_c1", "latency_us", "p99", scale=1e-3, places=4),
        "cpu_s_per_10k": cpu_per_10k(rounds, "sse"), "rss_mb": median(rounds, "rss_mb", places=1), "drops": 0,
        "errors": failures(rounds, "sse"),
        "cpu_us_per_chunk": median(paced, "us", places=2), "ttft_ms": first,
        "added_ttft_ms": difference(first, median(direct, "sse_c1", "first_event_us", "p50", scale=1e-3, places=4), places=4),
        "streams_256": {
            "stalls": median(rounds, "sse_256", "stalls", places=0),
            "buffered_events": median(rounds, "sse_256", "buffered_events", places=0),
            "events": median(rounds, "sse_256", "chunks", places=0),
            "delay_p99_ms": median(rounds, "sse_256", "delay_us", "p99", scale=1e-3),
            "stalls_by_round": [runs["sse_256"]["stalls"] for runs in rounds],
            "buffered_events_by_round": [runs["sse_256"]["buffered_events"] for runs in rounds],
        },
    }
    for share in ("p50", "p99"):
        sse_entry[f"added_{share}_us_c1"] = difference(
            median(rounds, "sse_c1", "latency_us", share), median(direct, "sse_c1", "latency_us", share))
    return [json_entry, sse_entry]
