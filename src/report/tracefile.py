# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Reads a trace of PARTAGE_TRACE (docs/trace.md) and knows its rules."""
import json

PAGE = 4096


class BadTrace(Exception):
    pass


def load(path):
    """All events, oldest first. A trace that was cut off in the middle of a line is read up to
    there."""
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    try:
        events = json.loads(text)["traceEvents"]
    except (ValueError, KeyError, TypeError):
        events = load_lines(text)
    if not isinstance(events, list) or not all(isinstance(e, dict) and "ph" in e for e in events):
        raise BadTrace("not a trace")
    return sorted(events, key=lambda e: e.get("ts", 0))


def load_lines(text):
    events = []
    lines = text.splitlines()
    if not lines or '"traceEvents":[' not in lines[0]:
        raise BadTrace("not a trace of PARTAGE_TRACE")
    for line in lines[1:]:
        try:
            events.append(json.loads(line.strip().rstrip(",")))
        except ValueError:
            break
    return events


def check(path):
    """The rules of the format, strictly; what breaks one, in words."""
    with open(path, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    wrong = []
    tracks = {}  # (group, track) -> end of the last event
    named = set()
    open_lives = {}
    for i, e in enumerate(events):
        where = f"event {i} ({e.get('cat')} {e.get('name')})"
        for key in ("ph", "pid", "tid", "ts", "cat", "name", "args"):
            if key not in e:
                wrong.append(f"{where}: no {key}")
        if e.get("ts", 0) < 0 or e.get("dur", 0) < 0:
            wrong.append(f"{where}: negative time")
        track = (e.get("pid"), e.get("tid"))
        if e["ph"] == "M":
            if e["name"] == "thread_name":
                named.add(track)
        elif e["ph"] in "Xi":
            if track not in named:
                wrong.append(f"{where}: its track has no name")
            # Written to the nanosecond: sums of decimals may differ by less.
            if e["ts"] + 0.0005 < tracks.get(track, 0):
                wrong.append(f"{where}: begins before {tracks[track]}, the end of the one before")
            tracks[track] = e["ts"] + e.get("dur", 0)
        elif e["ph"] in "be":
            check_life(e, where, open_lives, wrong)
        elif e["ph"] != "C":
            wrong.append(f"{where}: unknown phase {e['ph']}")
    for cat, name in open_lives:
        wrong.append(f"{cat} {name} never ends")
    return wrong


def check_life(e, where, open_lives, wrong):
    key = (e["cat"], e["id"])
    if e["ph"] == "b":
        if key in open_lives:
            wrong.append(f"{where}: begins twice")
        open_lives[key] = e["ts"]
    elif key not in open_lives:
        wrong.append(f"{where}: ends without a beginning")
    elif e["ts"] < open_lives.pop(key):
        wrong.append(f"{where}: ends before its beginning")


def groups(events):
    return {e["pid"]: e["args"]["name"] for e in events
            if e["ph"] == "M" and e["name"] == "process_name"}


def tracks(events):
    return {(e["pid"], e["tid"]): e["args"]["name"] for e in events
            if e["ph"] == "M" and e["name"] == "thread_name"}
