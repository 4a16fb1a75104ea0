"""Parses an exposition with the strict OpenMetrics parser of prometheus_client, or with its classic one.

usage: prometheus_parse.py FILE openmetrics|classic
Prints one line of JSON for each sample: {"family", "type", "unit", "name", "labels", "value", "exemplar"}.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as classic

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
for family in (openmetrics if sys.argv[2] == "openmetrics" else classic)(text):
    for sample in family.samples:
        exemplar = sample.exemplar and {
            "labels": sample.exemplar.labels,
            "value": float(sample.exemplar.value),
            "timestamp": float(sample.exemplar.timestamp),
        }
        line = {"family": family.name, "type": family.type, "unit": family.unit, "name": sample.name, "labels": sample.labels}
        print(json.dumps({**line, "value": float(sample.value), "exemplar": exemplar}))
