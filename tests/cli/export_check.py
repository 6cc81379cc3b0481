#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""export_check.py FORMAT FILE REPORT.json: is FILE what readers of FORMAT take, and does it say what the
JSON report of the same recordings says? Prints what is wrong, a line each. For pprof, profile_pb2.py (made
by protoc of profile.proto) must be on the path."""
import csv
import gzip
import io
import json
import os
import re
import sys
from collections import Counter

VALUES = ["live", "peak", "created", "split", "merged", "bytes"]
HERE = os.path.dirname(os.path.abspath(__file__))
# What no text of any format may hold: a terminal or a viewer would act on it.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
wrong = []


def expect(condition, what):
    if not condition:
        wrong.append(what)


def same(what, got, wanted):
    expect(got == wanted, f"{what} is {got}, not {wanted}")


def sites(report):
    return [(process, site) for process in report["processes"] for site in process["sites"]]


def number(site, value):
    return site["live_at_peak" if value == "peak" else value]


def sums(report):
    return {value: sum(number(site, value) for _, site in sites(report)) for value in VALUES}


def check_folded(data, report, value="live"):
    text = data.decode()
    total = 0
    lines = text.split("\n")
    same("what follows the last newline", lines.pop(), "")
    same("lines", len(lines), sum(number(site, value) > 0 for _, site in sites(report)))
    for line in lines:
        # As flamegraph.pl reads it, and its second column, of differences, must not be found.
        found = re.match(r"^(.*)\s+?(\d+(?:\.\d*)?)$", line)
        expect(found, f"no folded line: {line!r}")
        if not found:
            continue
        expect(not re.match(r"^(.*)\s+?(\d+(?:\.\d*)?)$", found[1]), f"two numbers: {line!r}")
        expect(not CONTROL.search(line), f"a control character: {line!r}")
        frames = found[1].split(";")
        expect(len(frames) >= 2 and all(frames), f"an empty frame: {line!r}")
        total += int(found[2])
    same("the sum", total, sums(report)[value])
    depths = Counter(line.count(";") - 1 for line in lines if line.rsplit(" ", 1)[0].endswith("_[k]"))
    wanted = Counter(len(site["stack"]) + site["truncated"] for _, site in sites(report)
                     if site["kind"] == "call" and number(site, value))
    same("frames of each stack", depths, wanted)


def check_csv(data, report):
    text = data.decode()
    expect(text.count("\r\n") == text.count("\n") == text.count("\r"), "a newline that is not CRLF")
    expect(not CONTROL.search(text.replace("\r\n", "")), "a control character")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    same("rows", len(rows), len(sites(report)))
    for row, (process, site) in zip(rows, sites(report)):
        same("columns beyond the header's", row.get(None), None)
        expect(None not in row.values(), f"a cell is missing: {row}")
        for cell in ("program", "where", "stack"):
            expect(not re.match("[=+@-]", row[cell]), f"a formula: {row[cell]!r}")
        for column in VALUES + ["removed", "calls", "failed", "net"]:
            same(f"{column} of site {site['id']}", int(row[column]), number(site, column))
        same("site", (int(row["pid"]), int(row["site"]), row["call"]), (process["pid"], site["id"], site["call"]))


def check_speedscope(data, report):
    import jsonschema

    document = json.loads(data)
    with open(os.path.join(HERE, "speedscope.schema.json")) as file:
        jsonschema.validate(document, json.load(file))
    frames = document["shared"]["frames"]
    totals = Counter()
    for profile in document["profiles"]:
        same("weights", len(profile["weights"]), len(profile["samples"]))
        same("endValue", profile["endValue"], sum(profile["weights"]))
        expect(all(0 <= frame < len(frames) for stack in profile["samples"] for frame in stack), "no such frame")
        expect(all(profile["samples"]), "an empty stack")
        totals[profile["name"].rsplit(", ", 1)[1]] += profile["endValue"]
    same("sums", dict(totals), {value: n for value, n in sums(report).items() if n})
    expect(document["activeProfileIndex"] < len(document["profiles"]), "activeProfileIndex")


def check_chrome(data, report):
    document = json.loads(data)
    events = document["traceEvents"]
    failures = [failure for process in report["processes"] for failure in process.get("failures", [])]
    marks = [mark for process in report["processes"] for mark in process.get("marks", [])]
    for event in events:
        expect({"name", "ph", "ts", "pid", "tid", "args"} <= set(event), f"a field is missing: {event}")
        expect(event["ph"] in "CiM" and isinstance(event["ts"], float) and event["ts"] >= 0, f"{event}")
        if event["ph"] == "C":
            expect(all(type(n) is int for n in event["args"].values()) and event["args"], f"no counter: {event}")
        if event["ph"] == "i":
            same("scope", event["s"], "p")
    last = {}
    for event in events:
        if event["ph"] == "C":
            track = event["pid"], event["name"]
            expect(event["ts"] >= last.get(track, (0, 0))[0], f"back in time: {event}")
            last[track] = event["ts"], event["args"]["maps"]
    for process in report["processes"]:
        same("maps at the end", last[process["pid"], "maps"][1], process["maps"]["now"])
        highest = max(e["args"]["maps"] for e in events if e["name"] == "maps" and e["pid"] == process["pid"])
        if process.get("timeline"):
            same("peak", highest, process["maps"]["peak"])
    named = [e["name"] for e in events if e["ph"] == "i"]
    same("instant events", len(named), len(failures) + len(marks))
    for failure in failures:
        expect(f"{failure['call']} failed: {failure['errno']}" in named, f"no event of {failure}")


def check_openmetrics(data, report):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    text = data.decode()
    expect(not CONTROL.search(text), "a control character")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    by_pid = {str(process["pid"]): process for process in report["processes"]}
    for name, field in (("process_memory_map_areas", "now"), ("process_memory_map_areas_limit", "limit"),
                        ("vmatrace_maps_peak", "peak"), ("vmatrace_maps_start", "start")):
        got = {sample.labels["pid"]: sample.value for sample in families[name].samples}
        wanted = {pid: process["maps"][field] for pid, process in by_pid.items()}
        same(name, got, {pid: n for pid, n in wanted.items() if n is not None})
    for sample in families["vmatrace_maps_created"].samples:
        same("created", sample.value, by_pid[sample.labels["pid"]]["calls"][sample.labels["call"]]["created"])
    for pid, process in by_pid.items():
        got = [sample.value for sample in families["vmatrace_site_maps"].samples if sample.labels["pid"] == pid]
        live = sorted((site["live"] for site in process["sites"] if site["kind"] == "call" and site["live"]),
                      reverse=True)
        same("top sites", got, live[:10])


def check_pprof(data, report):
    import profile_pb2

    profile = profile_pb2.Profile.FromString(gzip.decompress(data))
    text = profile.string_table
    same("the first string", text[0], "")
    expect(not any(CONTROL.search(s) or "\n" in s for s in text), "a control character")
    same("sample types", [text[t.type] for t in profile.sample_type], VALUES)
    same("units", [text[t.unit] for t in profile.sample_type], ["count"] * 5 + ["bytes"])
    mappings = {m.id: m for m in profile.mapping}
    functions = {f.id: f for f in profile.function}
    locations = {location.id: location for location in profile.location}
    for ids, messages in ((mappings, profile.mapping), (functions, profile.function),
                          (locations, profile.location)):
        expect(len(ids) == len(messages) and 0 not in ids, "ids are not unique, or 0")
    numbers = [m.filename for m in profile.mapping] + [m.build_id for m in profile.mapping]
    numbers += [n for f in profile.function for n in (f.name, f.system_name, f.filename)]
    numbers += [n for s in profile.sample for label in s.label for n in (label.key, label.str)]
    expect(all(0 <= n < len(text) for n in numbers), "no such string")
    for location in profile.location:
        expect(location.line and all(line.function_id in functions for line in location.line), f"{location}")
        if location.mapping_id:
            mapping = mappings[location.mapping_id]
            expect(mapping.memory_start <= location.address < mapping.memory_limit, f"{location}")
    expect(all(i in locations for s in profile.sample for i in s.location_id), "no such location")
    expect(all(s.location_id and len(s.value) == 6 for s in profile.sample), "an empty sample")
    got = {value: sum(s.value[i] for s in profile.sample) for i, value in enumerate(VALUES)}
    same("sums", got, sums(report))
    built = {frame["build_id"] for _, site in sites(report) for frame in site["stack"] if frame["build_id"]}
    same("build-ids", {text[m.build_id] for m in profile.mapping} - {""}, built)


def main():
    form, file, of_json = sys.argv[1:4]
    with open(file, "rb") as stream:
        data = stream.read()
    with open(of_json) as stream:
        report = json.load(stream)
    form, _, value = form.partition("=")
    globals()["check_" + form](data, report, *([value] if value else []))
    for line in wrong[:20]:
        print("  " + line[:300])
    return 1 if wrong else 0


sys.exit(main())
