"""Reads exported monitors, SLOs, dashboards, downtimes and services into the models of Datadog's own client, and says what does not fit.

usage: datadog_objects.py FOLDER...

Prints {"file": ..., "kind": ...} for each object. Exits with 1 when the client refuses one, knows a key or a value of it as none of its
own, or gives back something else than it was given.
"""
import json
import re
import sys
from datetime import datetime
from pathlib import Path

from datadog_api_client import Configuration
from datadog_api_client.model_utils import ModelNormal, UnparsedObject, model_to_dict, validate_and_convert_types
from datadog_api_client.v1.model.dashboard import Dashboard
from datadog_api_client.v1.model.monitor import Monitor
from datadog_api_client.v1.model.service_level_objective_request import ServiceLevelObjectiveRequest
from datadog_api_client.v2.model.downtime_create_request import DowntimeCreateRequest
from datadog_api_client.v2.model.entity_v3 import EntityV3

MODELS = {
    "monitors": Monitor,
    "slos": ServiceLevelObjectiveRequest,
    "dashboards": Dashboard,
    "downtimes": DowntimeCreateRequest,
    "services": EntityV3,
}


def misfits(value, path: str = ""):
    """Places where the client kept what it did not understand, and keys that its models do not have; it does not raise for these."""
    if isinstance(value, UnparsedObject) or getattr(value, "_unparsed", False):
        yield f"{path or 'the whole'} is not understood"
    if isinstance(value, ModelNormal):
        for name, member in value._data_store.items():
            if name not in value.attribute_map:
                yield f"{path}.{name} is no key"
            yield from misfits(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from misfits(member, f"{path}[{index}]")
    elif hasattr(value, "get_oneof_instance"):
        yield from misfits(value.get_oneof_instance(), path)


def written(value):
    """Times as a document has them: the client keeps them as its language's own."""
    if isinstance(value, dict):
        return {key: written(member) for key, member in value.items()}
    if isinstance(value, list):
        return [written(member) for member in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value[:-1] + "+00:00" if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value) else value


def main() -> None:
    if len(sys.argv) < 2:
        print("usage: datadog_objects.py FOLDER...", file=sys.stderr)
        sys.exit(64)
    problems = []
    for folder in sys.argv[1:]:
        for kind, model in MODELS.items():
            for file in sorted(Path(folder, kind).glob("*.json")):
                document = json.loads(file.read_text(encoding="utf-8"))
                try:
                    read = validate_and_convert_types(document, (model,), ["body"], True, True, Configuration())
                except Exception as error:  # The client raises its own kinds and Python's.
                    problems.append(f"{file}: refused: {error}")
                    continue
                found = list(misfits(read))
                if not found and written(model_to_dict(read)) != written(document):
                    found = ["it is given back as something else"]
                problems += [f"{file}: {problem}" for problem in found]
                print(json.dumps({"file": str(file), "kind": kind}))
    if problems:
        sys.exit("\n".join(problems))


main()
