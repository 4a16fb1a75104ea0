"""Sends metrics through Datadog's own Python client and prints the lines that arrive, for byte comparison.

Reads one JSON object on standard input:
  {"transport": "udp" | "unix", "constant_tags": [...], "metrics": [{"type": "c" | "d", "name": ..., "value": ..., "tags": [...]}]}
A value that is a string is sent as it stands (exact decimals, which the client passes through). A distribution's value is made a
float first: JSON does not tell 1 from 1.0.
"""
import json
import os
import socket
import sys
import tempfile

from datadog.dogstatsd import DogStatsd


def main() -> None:
    request = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        if request["transport"] == "udp":
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.bind(("127.0.0.1", 0))
            where = {"host": "127.0.0.1", "port": receiver.getsockname()[1]}
        else:
            path = os.path.join(folder, "dsd.socket")
            receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            receiver.bind(path)
            where = {"socket_path": path}
        receiver.settimeout(5)
        client = DogStatsd(
            constant_tags=request["constant_tags"], disable_telemetry=True, disable_buffering=True, disable_aggregation=True,
            origin_detection_enabled=False, **where)
        for metric in request["metrics"]:
            if metric["type"] == "c":
                client.increment(metric["name"], metric["value"], tags=metric["tags"])
            else:
                client.distribution(metric["name"], float(metric["value"]), tags=metric["tags"])
            sys.stdout.buffer.write(receiver.recv(65536))
        client.stop()


main()
