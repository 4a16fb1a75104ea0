"""Reads bodies that we would send to Datadog's public interface into the models of Datadog's own client, and says what does not fit.

usage: datadog_models.py logs|evaluations FILE...

Prints {"file": ..., "entries": N} for each file. Exits with 1 when the client refuses one, knows a value as none of an enumeration's, or
gives back something else than it was given.
"""
import json
import sys
from datetime import datetime

from datadog_api_client import Configuration
from datadog_api_client.model_utils import ModelNormal, UnparsedObject, model_to_dict, validate_and_convert_types
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.llm_obs_experiment_eval_metric_event import LLMObsExperimentEvalMetricEvent


def unparsed(value, path: str = ""):
    """Places where the client kept what it did not understand; it does not raise for these."""
    if isinstance(value, UnparsedObject) or getattr(value, "_unparsed", False):
        yield path or "the whole"
    if isinstance(value, ModelNormal):
        for name, member in value._data_store.items():
            yield from unparsed(member, f"{path}.{name}")
    elif isinstance(value, list) or hasattr(value, "value") and isinstance(value.value, list):
        for index, member in enumerate(value if isinstance(value, list) else value.value):
            yield from unparsed(member, f"{path}[{index}]")


def same(value):
    """A time is given back as the same instant in other letters: compared by the instant."""
    if isinstance(value, list):
        return [same(item) for item in value]
    if "timestamp" in value:
        return {**value, "timestamp": datetime.fromisoformat(value["timestamp"].replace("Z", "+00:00"))}
    return value


def read(value, model, where: str) -> None:
    read = validate_and_convert_types(value, (model,), ["body"], True, True, Configuration())
    found = list(unparsed(read))
    if found:
        sys.exit(f"{where}: not understood at {found}")
    back = read.value if hasattr(read, "value") else read
    back = [model_to_dict(item) for item in back] if isinstance(back, list) else model_to_dict(back)
    if same(back) != same(value):
        sys.exit(f"{where}: understood as {json.dumps(back)[:500]}")


def evaluation(metric: dict) -> dict:
    """The client has this model for experiments only, where a span is named at the top."""
    names = ("label", "metric_type", "score_value", "timestamp_ms", "tags", "assessment")
    joined = metric["join_on"]["span"]
    return {"span_id": joined["span_id"], "trace_id": joined["trace_id"], **{k: metric[k] for k in names if k in metric}}


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in ("logs", "evaluations"):
        print("usage: datadog_models.py logs|evaluations FILE...", file=sys.stderr)
        sys.exit(64)
    for file in sys.argv[2:]:
        with open(file, encoding="utf-8") as text:
            body = json.load(text)
        if sys.argv[1] == "logs":
            if any("message" not in entry for entry in body):
                sys.exit(f"{file}: an entry without a message")
            read(body, HTTPLog, file)
            count = len(body)
        else:
            metrics = body["data"]["attributes"]["metrics"]
            for metric in metrics:
                read(evaluation(metric), LLMObsExperimentEvalMetricEvent, file)
            count = len(metrics)
        print(json.dumps({"file": file, "entries": count}))


main()
