"""Reads sketches of durations with Datadog's own Python library and prints their quantiles.

Standard input: {"sketches": [base64 of the protobuf message DDSketch, …], "quantiles": [0.5, …]}. Standard output, for each sketch:
{"count": n, "zero": n, "gamma": g, "offset": o, "values": [the value at each quantile]}.

The Python library names a bin by its upper bound and Datadog's Agent and backend (Go, and the Java and Rust libraries) name it by
its lower one. What is read here is meant for the latter, so that each bin is moved up by one for the former.
"""
import base64
import json
import sys

from ddsketch.pb import ddsketch_pb2
from ddsketch.pb.proto import DDSketchProto

request = json.load(sys.stdin)
for text in request["sketches"]:
    message = ddsketch_pb2.DDSketch()
    message.ParseFromString(base64.b64decode(text))
    message.positiveValues.contiguousBinIndexOffset += 1
    sketch = DDSketchProto.from_proto(message)
    print(json.dumps({
        "count": sketch.count, "zero": message.zeroCount, "gamma": message.mapping.gamma, "offset": message.mapping.indexOffset,
        "values": [sketch.get_quantile_value(quantile) for quantile in request["quantiles"]]}))
