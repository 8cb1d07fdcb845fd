# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""The page: what the analysis found, as one HTML file without anything to load."""
import json
from html import escape
from pathlib import Path

import advice
import tracefile as tr

HERE = Path(__file__).parent
MAX_SPANS = 4000
GRAVITY = ["good", "note", "warning", "grave"]


def table(ident, caption, columns, rows):
    """columns: (heading, kind), kind t text, n number; a cell is a value or (shown, sorted by)."""
    out = [f'<table id="{ident}"><caption>{escape(caption)}</caption><thead><tr>']
    for name, kind in columns:
        out.append(f'<th scope="col" class="{kind}" aria-sort="none"><button type="button">{escape(name)}'
                   "</button></th>")
    out.append("</tr></thead><tbody>")
    for row in rows:
        out.append("<tr>")
        for (_, kind), cell in zip(columns, row):
            shown, key = cell if isinstance(cell, tuple) else (cell, cell)
            out.append(f'<td class="{kind}" data-v="{escape(str(key))}">{escape(str(shown))}</td>')
        out.append("</tr>")
    if not rows:
        out.append(f'<tr><td colspan="{len(columns)}" class="none">none</td></tr>')
    out.append("</tbody></table>")
    return "".join(out)


def duration(us):
    for unit, scale in (("s", 1e6), ("ms", 1e3)):
        if us >= scale:
            return f"{us / scale:.3g} {unit}"
    return f"{us:.3g} µs"


def pages(n):
    return (advice.size(n), n)


def time(us):
    return (duration(us), us)


def allocations(a):
    columns = [("Memory", "t"), ("Address", "t"), ("Size", "n"), ("Faults", "n"), ("read", "n"), ("write", "n"),
               ("atomic", "n"), ("To the card", "n"), ("Back", "n"), ("evicted", "n"), ("Ping-pong pages", "n"),
               ("Most trips", "n"), ("Time to move", "n")]
    rows = []
    for p in a.active_places():
        rows.append([p.label, (f"{p.start:#x}", p.start), pages(-(-(p.end - p.start) // tr.PAGE)),
                     sum(p.faults.values()), p.faults["read"], p.faults["write"], p.faults["atomic"],
                     pages(p.pages("card")), pages(p.pages("host")), pages(p.pages("host", "evict")),
                     p.ping_pong(), max(p.trips.values(), default=0), time(p.move_us)])
    silent = sum(1 for p in a.places.all if p.is_silent())
    note = f"Memory that the GPU faulted on or that moved; {silent} more without any event." if silent else \
        "Memory that the GPU faulted on or that moved."
    return table("allocations", note, columns, rows)


def kernels(a):
    columns = [("Kernel", "t"), ("Launches", "n"), ("Total", "n"), ("Mean", "n"), ("Longest", "n"),
               ("Mean wait in queue", "n"), ("Faults", "n"), ("refused", "n"), ("Moved here for it", "n"), ("Evicted for it", "n")]
    rows = [[k.name, k.launches, time(k.us), time(k.us / k.launches), time(k.max_us),
             time(k.waited_us / k.launches), k.faults, k.refused, pages(k.moved["card"]), pages(k.moved["host"])]
            for k in sorted(a.kernels.values(), key=lambda k: -k.us)]
    return table("kernels", "What happened while each kernel ran.", columns, rows)


def ping_pong(a):
    columns = [("Memory", "t"), ("First page", "t"), ("Pages", "n"), ("Times on the card", "n")]
    rows = [[r["place"].label, (f"{r['addr']:#x}", r["addr"]), r["pages"], r["trips"]]
            for r in a.ping_pong_runs()[:50]]
    return table("pingpong", "Pages that came back from a card and were sent there again.", columns, rows)


def summary(a):
    c = a.count
    cards = [("Recorded", duration(a.end - a.start), "duration"), ("Kernel launches", c["kernels"], "kernels"),
             ("GPU faults", c["faults"], "faults"), ("To the card", advice.size(c["pages to the card"]), "to-card"),
             ("Back", advice.size(c["pages to the host"]), "to-host"),
             ("Ping-pong pages", sum(1 for n in a.trips.values() if n > 1), "ping-pong"),
             ("Evicted", advice.size(c["pages evict"]), "evicted"), ("Refused", c["refused"], "refused")]
    return "".join(f'<div class="card"><dt>{escape(name)}</dt><dd id="sum-{ident}">{escape(str(value))}</dd></div>'
                   for name, value, ident in cards)


def advice_list(a):
    return "".join(f'<li class="{GRAVITY[grave]}"><strong>{escape(head)}.</strong> {escape(text)}</li>'
                   for grave, head, text in advice.give(a))


def merged(spans, gap):
    """[start, end, name, how many]: neighbours of one name that a reader cannot tell apart are one."""
    out = []
    for start, end, name in spans:
        if out and out[-1][2] == name and start - out[-1][1] < gap:
            out[-1][1] = max(end, out[-1][1])
            out[-1][3] += 1
        else:
            out.append([start, end, name, 1])
    return out


def lanes(a):
    """What the time line draws: lanes of spans, of points and of a level."""
    names = tr.tracks(a.events)
    spans, points, levels = {}, {}, {}
    for e in a.events:
        key = (e["pid"], e["tid"])
        if e["ph"] == "X":
            kind = {"kernel": "kernel", "migrate": "move", "service": "service"}.get(e["cat"], "command")
            if kind == "move":
                kind = "to-card" if e["name"] == "to the card" else "to-host"
                name = f"{e['args']['pages']} pages {e['name']}, {e['args'].get('why', '')}"
            else:
                name = e["name"]
            spans.setdefault(key, {}).setdefault(kind, []).append((e["ts"], e["ts"] + e["dur"], name))
        elif e["ph"] == "i":
            points.setdefault(key, []).append([e["ts"], e["cat"], f"{e['name']} {e['args'].get('addr', '')}"])
        elif e["ph"] == "C":
            levels.setdefault(e["pid"], []).append([e["ts"], e["args"]["value"]])
    out = []
    for key in sorted(set(spans) | set(points)):
        lane = {"group": a.groups.get(key[0], ""), "name": names.get(key, "")}
        count = sum(len(s) for s in spans.get(key, {}).values())
        gap = (a.end - a.start) / 1500 if count > MAX_SPANS else 0
        lane["spans"] = [[kind] + s for kind, list_ in spans.get(key, {}).items() for s in merged(list_, gap)]
        lane["points"] = points.get(key, [])[:MAX_SPANS]
        out.append(lane)
    for group, list_ in sorted(levels.items()):
        step = max(1, len(list_) // MAX_SPANS)
        out.append({"group": a.groups.get(group, ""), "name": "pages on the card", "level": list_[::step],
                    "spans": [], "points": []})
    return out


def data(a):
    return {"start": a.start, "end": a.end, "cards": a.cards, "lanes": lanes(a),
            "heat": a.heat.draw(a.active_places())}


def render(a, title):
    # "</" could end the script element.
    blob = json.dumps(data(a), separators=(",", ":")).replace("</", "<\\/")
    parts = {"TITLE": escape(title), "CSS": (HERE / "page.css").read_text(), "JS": (HERE / "page.js").read_text(),
             "DATA": blob, "SUMMARY": summary(a), "ADVICE": advice_list(a), "ALLOCATIONS": allocations(a),
             "KERNELS": kernels(a), "PINGPONG": ping_pong(a),
             "CARDS": escape(", ".join(n for g, n in sorted(a.groups.items()) if g >= 10)) or "no card"}
    text = (HERE / "page.html").read_text()
    head, *rest = text.split("@@")
    out = [head]
    for i in range(0, len(rest), 2):
        out += [parts[rest[i]], rest[i + 1]]
    return "".join(out)
