"""The table of a benchmark, and how its ratios compare with what the project wants of its gateway."""


def figure(value, places):
    return "–" if value is None else f"{value:,.{places}f}"


COLUMNS = [
    ("requests/s", "rps", 0), ("p50 ms", "p50_ms", 3), ("p99 ms", "p99_ms", 3), ("p50 ms c1", "p50_ms_c1", 3),
    ("p99 ms c1", "p99_ms_c1", 3), ("added p50 µs", "added_p50", 0), ("added p99 µs", "added_p99", 0),
    ("CPU s/10k", "cpu_s_per_10k", 3), ("RSS MB", "rss_mb", 0), ("drops", "drops", 0), ("failed", "failed", 0),
]


def table(entries):
    header = ["target", "mode"] + [title for title, _, _ in COLUMNS]
    rows = [header]
    for entry in entries:
        shown = dict(entry, failed=sum(entry["errors"].values()))
        for share in ("p50", "p99"):
            shown[f"added_{share}"] = entry.get(f"added_{share}_us_at_1000rps")
            if shown[f"added_{share}"] is None:
                shown[f"added_{share}"] = entry.get(f"added_{share}_us_c1")
        if entry["name"] == "direct":
            for member in ("added_p50", "added_p99", "cpu_s_per_10k", "rss_mb"):
                shown[member] = None
        rows.append([entry["name"], entry["mode"]] + [figure(shown.get(member), places) for _, member, places in COLUMNS])
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)


def ratio(value, base):
    return None if value is None or not base else value / base


def line(name, value, limit, unit, at_most=True, places=2):
    """One wanted property: met, missed, or not measured in this run."""
    if value is None:
        return f"  –  not measured  {name}"
    met = value <= limit if at_most else value >= limit
    return f"  {'✓  met         ' if met else '✗  missed      '} {name}: {value:,.{places}f}{unit} ({'at most' if at_most else 'at least'} {limit:g}{unit})"


def wanted(entries, soak):
    """Every property that the gateway is to have, as ratios and differences within this run."""
    found = {(entry["name"], entry["mode"]): entry for entry in entries}

    def value(name, mode, member):
        return found.get((name, mode), {}).get(member)

    def against(other, mode, member):
        return ratio(value("commander", mode, member), value(other, mode, member))

    c1 = [value(name, "json", "p99_ms_c1") for name in ("commander", "nginx")]
    streams = value("commander", "sse", "streams_256") or {}
    lines = [
        line("requests/s against nginx", against("nginx", "json", "rps"), 0.7, "×", at_most=False),
        line("requests/s against LiteLLM", against("litellm", "json", "rps"), 150, "×", at_most=False, places=0),
        line("requests/s against TensorZero", against("tensorzero", "json", "rps"), 3, "×", at_most=False),
        line("CPU a request against nginx", against("nginx", "json", "cpu_s_per_10k"), 2, "×"),
        line("added p50 at 1,000 requests/s", value("commander", "json", "added_p50_us_at_1000rps"), 60, " µs", places=0),
        line("p99 at concurrency 1 above nginx's", None if None in c1 else c1[0] - c1[1], 0.5, " ms", places=3),
        line("CPU a streamed chunk against nginx", against("nginx", "sse", "cpu_us_per_chunk"), 1.75, "×"),
        line("added time to first token", value("commander", "sse", "added_ttft_ms"), 1, " ms", places=3),
        line("stalls in 256 streams", streams.get("stalls"), 0, "", places=0),
        line("events held back in 256 streams", streams.get("buffered_events"), 0, "", places=0),
        line("telemetry dropped", value("commander", "json", "drops"), 0, "", places=0),
    ]
    complete = soak and soak[-1]["requests"] >= 990_000
    half = soak[len(soak) // 2] if complete else None
    lines.append(line("resident after a million requests", soak[-1]["rss_mb"] if complete else None, 100, " MB", places=1))
    lines.append(line("growth in the second half of them", soak[-1]["rss_mb"] - half["rss_mb"] if half else None, 3, " MB", places=1))
    return "\n".join(lines)
