"""Decodes requests in OTLP's protobuf with the classes that the Python SDK uses, and prints each as protobuf's own JSON.

usage: otlp_decode.py FILE
FILE has one request a line, in Base64. Lines: {"canonical": whether the SDK would write the very same bytes, "request": {...}}.
"""

import base64
import json
import sys

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

with open(sys.argv[1]) as file:
    for line in file:
        encoded = base64.b64decode(line)
        request = ExportTraceServiceRequest.FromString(encoded)
        print(json.dumps({"canonical": request.SerializeToString() == encoded, "request": MessageToDict(request)}))
