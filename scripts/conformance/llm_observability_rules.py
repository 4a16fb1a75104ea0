"""What Datadog's LLM Observability takes, as rules that stop at the first breach: the test agent stores anything.

The keys are those of ddtrace 4.16 and of Datadog's documentation of metrics and evaluations.
"""
import re

ENVELOPE = {"_dd.stage", "_dd.tracer_version", "event_type", "spans"}
SPAN = {
    "trace_id", "span_id", "parent_id", "name", "start_ns", "duration", "status", "meta", "metrics", "tags", "_dd",
    "session_id", "collection_errors",
}
OPTIONAL = {"session_id", "collection_errors"}
META = {"span", "metadata", "input", "output", "error", "model_name", "model_provider"}
METRICS = {
    "input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_write_input_tokens",
    "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens", "reasoning_output_tokens", "time_to_first_token", "total_cost",
}
KINDS = {"llm", "embedding", "retrieval", "tool", "agent", "workflow", "task"}
DAY = 24 * 3600 * 10**9


class Breach(Exception):
    pass


def expect(is_true: bool, what: str) -> None:
    if not is_true:
        raise Breach(what)


def keys(value: dict, allowed: set, where: str, optional: set | None = None) -> None:
    expect(isinstance(value, dict), f"{where} is no object")
    expect(set(value) <= allowed, f"{where} has unknown {sorted(set(value) - allowed)}")
    if optional is not None:
        expect(allowed - optional <= set(value), f"{where} has no {sorted(allowed - optional - set(value))}")


def decimal_id(text, where: str) -> None:
    is_id = isinstance(text, str) and re.fullmatch(r"[1-9][0-9]{0,19}", text) and int(text) < 2**64
    expect(bool(is_id), f"{where} is {text!r}")


def trace_id(text, where: str) -> None:
    expect(isinstance(text, str) and bool(re.fullmatch(r"[0-9a-f]{32}", text)) and int(text, 16) > 0, f"{where} is {text!r}")


def tags(value, where: str) -> set:
    expect(isinstance(value, list) and all(isinstance(tag, str) and ":" in tag for tag in value), f"{where}: {value!r}")
    names = [tag.split(":", 1)[0] for tag in value]
    expect(len(names) == len(set(names)), f"{where} has a name twice: {names}")
    expect(all(len(tag.encode()) <= 300 for tag in value), f"{where} has a tag that is too long")
    return set(value)


def ml_app(name: str, where: str) -> None:
    is_good = name == name.lower() and 0 < len(name) <= 193 and "__" not in name and not name.endswith("_")
    expect(is_good, f"{where}: {name!r} is no name of an application")


def content(value: dict, kind: str, where: str) -> None:
    keys(value, {"value", "messages", "documents", "prompt"}, where)
    for message in value.get("messages", []):
        expect(kind == "llm" and set(message) == {"content", "role"}, f"{where}.messages of {kind}: {set(message)}")
    for document in value.get("documents", []):
        keys(document, {"text", "name", "id", "score"}, f"{where}.documents")
    if "prompt" in value:
        keys(value["prompt"], {"id", "version", "ml_app"}, f"{where}.prompt", {"version"})


def span(event: dict, now_ns: int) -> dict:
    keys(event, ENVELOPE, "event", set())
    expect(event["_dd.stage"] == "raw" and event["event_type"] == "span", "event is not raw, or no span")
    expect(len(event["spans"]) == 1, "event has not one span")
    value = event["spans"][0]
    name = f"span {value.get('name')!r}"
    keys(value, SPAN, name, OPTIONAL)
    trace_id(value["trace_id"], f"{name}.trace_id")
    decimal_id(value["span_id"], f"{name}.span_id")
    if value["parent_id"] != "undefined":
        decimal_id(value["parent_id"], f"{name}.parent_id")
    expect(type(value["start_ns"]) is int and now_ns - DAY < value["start_ns"] < now_ns + 10**12, f"{name}.start_ns")
    expect(type(value["duration"]) is int and value["duration"] >= 0, f"{name}.duration")
    own = value["_dd"]
    keys(own, {"span_id", "trace_id", "apm_trace_id", "sample_rate", "sampling_decision"}, f"{name}._dd", set())
    expect(own["span_id"] == value["span_id"] and all(isinstance(text, str) for text in own.values()), f"{name}._dd")
    trace_id(own["apm_trace_id"], f"{name}._dd.apm_trace_id")

    meta = value["meta"]
    keys(meta, META, f"{name}.meta")
    kind = meta["span"]["kind"]
    expect(kind in KINDS and isinstance(meta["metadata"], dict), f"{name}.meta")
    has_model = kind in ("llm", "embedding")
    expect(has_model == ("model_name" in meta) == ("model_provider" in meta), f"{name}: model of {kind}")
    for side in ("input", "output"):
        if side in meta:
            content(meta[side], kind, f"{name}.meta.{side}")
    is_error = value["status"] == "error"
    expect(value["status"] in ("ok", "error") and is_error == ("error" in meta), f"{name}.status")
    if is_error:
        keys(meta["error"], {"type", "message", "stack"}, f"{name}.meta.error", set())
        expect(meta["error"]["type"] != "" and meta["error"]["message"] != "", f"{name}: an error without words")

    keys(value["metrics"], METRICS, f"{name}.metrics")
    for metric, number in value["metrics"].items():
        is_count = metric.endswith("_tokens")
        is_number = type(number) in ((int,) if is_count else (int, float))
        expect(is_number and (is_count is False or number >= 0), f"{name}.metrics.{metric} is {number!r}")
    own_tags = tags(value["tags"], f"{name}.tags")
    expect(f"error:{1 if is_error else 0}" in own_tags, f"{name}: tag error")
    for tag in own_tags:
        if tag.startswith("ml_app:"):
            ml_app(tag.removeprefix("ml_app:"), name)
    names = {tag.split(":", 1)[0] for tag in own_tags}
    expect({"ml_app", "env", "service", "version", "language", "source"} <= names, f"{name}.tags: {sorted(names)}")
    expect(("session_id" in value) == ("session_id" in names), f"{name}: session_id")
    return value


def tree(spans: list) -> None:
    """Every parent is there, in the same trace, and none is its own ancestor."""
    by_id = {value["span_id"]: value for value in spans}
    expect(len(by_id) == len(spans), "a span is there twice")
    for value in spans:
        current, steps = value, 0
        while current["parent_id"] != "undefined":
            parent = by_id.get(current["parent_id"])
            expect(parent is not None, f"span {current['name']!r} hangs below a span that was never sent")
            expect(parent["trace_id"] == value["trace_id"], f"span {current['name']!r} has its parent in another trace")
            current, steps = parent, steps + 1
            expect(steps <= len(spans), f"span {value['name']!r} is its own ancestor")


def evaluations(body: dict) -> list:
    keys(body, {"data"}, "body", set())
    keys(body["data"], {"type", "attributes"}, "data", set())
    expect(body["data"]["type"] == "evaluation_metric", "data.type")
    keys(body["data"]["attributes"], {"metrics"}, "attributes", set())
    for metric in body["data"]["attributes"]["metrics"]:
        allowed = {
            "event_kind", "eval_scope", "join_on", "label", "metric_type", "score_value", "timestamp_ms", "ml_app", "tags",
            "assessment",
        }
        keys(metric, allowed, "metric", {"assessment"})
        expect(metric["event_kind"] == "evaluation" and metric["eval_scope"] == "span", "metric.event_kind, eval_scope")
        keys(metric["join_on"], {"span"}, "join_on", set())
        keys(metric["join_on"]["span"], {"span_id", "trace_id"}, "join_on.span", set())
        decimal_id(metric["join_on"]["span"]["span_id"], "join_on.span.span_id")
        trace_id(metric["join_on"]["span"]["trace_id"], "join_on.span.trace_id")
        expect(bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,199}", metric["label"])), f"label {metric['label']!r}")
        expect(metric["metric_type"] == "score" and 0 <= metric["score_value"] <= 1, f"score {metric['score_value']!r}")
        expect(metric.get("assessment", "pass") in ("pass", "fail"), "assessment")
        expect(type(metric["timestamp_ms"]) is int, "timestamp_ms")
        ml_app(metric["ml_app"], "metric")
        tags(metric["tags"], "metric.tags")
    return body["data"]["attributes"]["metrics"]
