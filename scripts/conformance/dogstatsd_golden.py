"""Sends metrics, events and checks through Datadog's own Python client and prints the lines that arrive, for byte comparison.

Reads one JSON object on standard input:
  {"transport": "udp" | "unix" | "unixstream", "constant_tags": [...], "container": null | "ci-..." , "external": null | "...",
   "cardinality": null | "low", "calls": [CALL, ...]}
and a CALL is one of
  {"type": "c" | "g" | "d", "name": ..., "value": ..., "tags": [...], "timestamp": 0}
  {"type": "event", "title": ..., "text": ..., and the client's other arguments}
  {"type": "check", "name": ..., "status": 0, "tags": [...], and the client's other arguments}
  {"type": "telemetry"}
A value that is a string is sent as it stands (exact decimals, which the client passes through). The value of a distribution or a
gauge is made a float first: JSON does not tell 1 from 1.0. With "rate" a distribution's line is printed as it is when it is kept.
"""
import json
import os
import socket
import struct
import sys
import tempfile

request = json.load(sys.stdin)
# The client reads it once, when it is made.
os.environ.pop("DD_EXTERNAL_ENV", None)
if request.get("external"):
    os.environ["DD_EXTERNAL_ENV"] = request["external"]

from datadog.dogstatsd import DogStatsd  # noqa: E402


class Receiver:
    """An Agent's socket, of one of three kinds."""

    def __init__(self, transport: str, folder: str) -> None:
        self.connection = None
        self.is_stream = transport == "unixstream"
        if transport == "udp":
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
            self.where = {"host": "127.0.0.1", "port": self.socket.getsockname()[1]}
        else:
            path = os.path.join(folder, "dsd.socket")
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if self.is_stream else socket.SOCK_DGRAM)
            self.socket.bind(path)
            if self.is_stream:
                self.socket.listen(1)
            self.where = {"socket_path": ("unixstream://" if self.is_stream else "") + path}
        self.socket.settimeout(5)

    def receive(self) -> bytes:
        """The bytes of one datagram; of a stream those of one frame, with its length."""
        if not self.is_stream:
            return self.socket.recv(65536)
        if self.connection is None:
            self.connection, _ = self.socket.accept()
            self.connection.settimeout(5)
        length = self.exactly(4)
        return length + self.exactly(struct.unpack("<I", length)[0])

    def exactly(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            piece = self.connection.recv(count - len(received))
            if not piece:
                raise EOFError
            received += piece
        return received


def call(client: DogStatsd, arguments: dict) -> None:
    kind = arguments.pop("type")
    if kind == "c":
        stamp = arguments.get("timestamp") or 0
        if stamp:
            client.count_with_timestamp(arguments["name"], arguments["value"], timestamp=stamp, tags=arguments["tags"])
        else:
            client.increment(arguments["name"], arguments["value"], tags=arguments["tags"])
    elif kind == "g":
        stamp = arguments.get("timestamp") or 0
        if stamp:
            client.gauge_with_timestamp(arguments["name"], float(arguments["value"]), timestamp=stamp, tags=arguments["tags"])
        else:
            client.gauge(arguments["name"], float(arguments["value"]), tags=arguments["tags"])
    elif kind == "d":
        rate = arguments.get("rate")
        # Serialized without the die that decides whether it is kept.
        client._send(client._serialize_metric(
            arguments["name"], "d", float(arguments["value"]), arguments["tags"], 1 if rate is None else rate,
            0, client.cardinality))
    elif kind == "event":
        client.event(arguments.pop("title"), arguments.pop("text"), **arguments)
    elif kind == "check":
        client.service_check(arguments.pop("name"), arguments.pop("status"), **arguments)
    elif kind == "telemetry":
        client._xmit_packet(client._flush_telemetry(), True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        receiver = Receiver(request["transport"], folder)
        client = DogStatsd(
            constant_tags=request["constant_tags"], disable_telemetry=True, disable_buffering=True, disable_aggregation=True,
            container_id=request.get("container"), origin_detection_enabled=False, cardinality=request.get("cardinality"),
            **receiver.where)
        for arguments in request["calls"]:
            call(client, arguments)
            sys.stdout.buffer.write(receiver.receive())
        client.stop()


main()
