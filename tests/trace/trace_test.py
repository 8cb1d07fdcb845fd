# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Traces keep their rules, tell the truth, and svm-report's page shows it in a browser.
trace_test.py SVM_REPORT WRITER TRACED CASE"""
import html.parser
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

report, writer, traced, case = sys.argv[1:5]
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(report).resolve().parent.parent / "src" / "report"))
import tracefile  # noqa: E402
tmp = Path(tempfile.mkdtemp(prefix="partage-trace-"))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one case aborts


def must(condition, text):
    if not condition:
        print("failed:", text)
        sys.exit(1)


def run(*command, ok=(0,), **env):
    p = subprocess.run([str(c) for c in command], env={**os.environ, **env}, text=True, timeout=100,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    must(p.returncode in ok, f"{command}: {p.returncode}\n{p.stdout}{p.stderr}")
    return p.stdout


def check(path):
    wrong = tracefile.check(path)
    must(not wrong, f"{path}: {wrong[:5]}")
    return json.loads(Path(path).read_text())["traceEvents"]


# -- the file --

def check_writer():
    whole = 4 * 3000
    for how in ("plain", "fork", "kill", "second"):
        path = tmp / f"{how}.json"
        names = run(writer, how, path, ok=(-9,) if how == "kill" else (0,)).split()
        must(len(names) == (2 if how == "second" else 1) and len(set(names)) == len(names), f"{how}: {names}")
        for name in names:
            events = [e for e in check(name) if e["ph"] != "M"]
            must(len(events) == whole, f"{how}: {len(events)} events of {whole}")
            must({e["args"].get("text") for e in events if e["ph"] == "X"} ==
                 {'quote " backslash \\ line\n end'}, f"{how}: text")
    must(path.stat().st_size < 10 << 20, "the file is cut to size")
    named = run(writer, "plain", tmp / "p%p.json").strip()
    must(re.fullmatch(r".*/p\d+\.json", named), f"%p: {named}")
    events = json.loads(Path(run(writer, "full", tmp / "full.json").strip()).read_text())["traceEvents"]
    must(0 < len(events) < whole, "a full file stays a file")
    run(writer, "plain", "/nonexistent/x.json", ok=(1,))


def check_rules():
    """What breaks a rule is found."""
    good = {"ph": "X", "pid": 10, "tid": 1, "ts": 5.0, "dur": 2.0, "cat": "kernel", "name": "k", "args": {}}
    name = {"ph": "M", "pid": 10, "tid": 1, "ts": 0, "cat": "__metadata", "name": "thread_name", "args": {"name": "q"}}
    life = {"ph": "b", "pid": 1, "tid": 0, "ts": 3.0, "cat": "granule", "name": "g", "id": "0x1", "args": {}}
    end = {**life, "ph": "e", "ts": 4.0}
    for ok, events in (
            (True, [name, good, life, end]),
            (False, [good]),                               # no name
            (False, [name, good, {**good, "ts": 6.0}]),    # overlaps
            (False, [name, good, {**good, "ts": 4.0, "ph": "i"}]),
            (False, [name, {**good, "dur": -1}]),
            (False, [life]), (False, [end]), (False, [life, life, end]), (False, [life, {**end, "ts": 2.0}]),
            (False, [name, {k: v for k, v in good.items() if k != "args"}])):
        path = tmp / "rule.json"
        path.write_text(json.dumps({"traceEvents": events}))
        must(ok == (not tracefile.check(path)), f"{events}: {tracefile.check(path)}")
    run(sys.executable, report, "--check", path, ok=(1,))


# -- a program --

def numbers(text):
    return {k: int(v) for k, v in (line.split() for line in text.splitlines())}


def count(events):
    def pages(name):
        return sum(e["args"]["pages"] for e in events if e["cat"] == "migrate" and e["name"] == name)
    return {"kernels": sum(1 for e in events if e["cat"] == "kernel"), "to-card": pages("to the card"),
            "to-host": pages("to system memory"), "faults": sum(1 for e in events if e["cat"] == "fault"),
            "refused": sum(1 for e in events if e["cat"] == "cancel")}


def trace_program(name, *args, **env):
    path = tmp / f"{name}.json"
    told = numbers(run(traced, *args, PARTAGE_TRACE=str(path), ok=(0, -6), **env))
    if "abort" not in args:
        return path, told, check(path)
    return path, told, json.loads(path.read_text())["traceEvents"]


def check_program():
    for name, args, env in (("plain", (), {}), ("fork", ("fork",), {}), ("abort", ("abort",), {}),
                            ("nouffd", (), {"KMD_DEBUG": "nouffd"}),
                            ("evictall", (), {"KMD_DEBUG": "evictall", "NOUVEAU_SVM_MIGRATE": "fault"})):
        _, told, events = trace_program(name, *args, **env)
        seen = count(events)
        # The program asks a moment before its end.
        must(all(seen[k] >= told[k] for k in told) and seen["kernels"] == told["kernels"], f"{name}: {seen}, {told}")
        # A warp that was replayed for another's fault may have reported its own late.
        if name in ("plain", "nouffd", "abort"):
            must({**seen, "faults": told["faults"]} == told, f"{name}: {seen}, {told}")
        kernels = [e for e in events if e["cat"] == "kernel"]
        must({e["name"] for e in kernels} == {"add", "sum"}, f"{name}: {kernels}")
        must(all(e["dur"] > 0 for e in kernels) and kernels[0]["args"]["global"] == "512 x 1 x 1", f"{name}: {kernels}")
        must(any(e["cat"] == "allocation" and e["args"].get("bytes") == 512 * 4096 for e in events), f"{name}: no allocation")
        why = {e["args"]["why"] for e in events if e["cat"] == "migrate"}
        must("asked" in why and why <= {"asked", "gpu", "cpu", "evict"}, f"{name}: causes {why}")
        lives = [e for e in events if e["cat"] == "granule" and e["ph"] == "b"]
        must(lives, f"{name}: no granule lives")
    # Nothing is written for who does not ask.
    run(traced)


def check_cards():
    """What each of two cards did stands in its group, and on the page; with and without peer access."""
    for p2p in ("0", "1"):
        path, told, events = trace_program("cards" + p2p, "cards", NVSIM_CARDS="2", NOUVEAU_SVM_P2P=p2p)
        for card in (1, 2):
            seen = count([e for e in events if e["pid"] == 9 + card])
            want = {k[:-2]: v for k, v in told.items() if k.endswith(f"-{card}")}
            must({**seen, "faults": 0} == {**want, "faults": 0} and seen["faults"] >= want["faults"] > 0,
                 f"peers {p2p}, card {card}: {seen}, {want}")
            must(want["kernels"] == 2 and want["to-card"] == 512, f"peers {p2p}, card {card}: {want}")
        homes = [e for e in events if e["cat"] == "migrate" and e["name"] == "to system memory"]
        # The second card's first kernel has the pages fetched home, or uses them where they are.
        ends = min(e["ts"] + e["dur"] for e in events if e["cat"] == "kernel" and e["pid"] == 11)
        home = any(e["ts"] < ends and e["pid"] == 10 for e in homes)
        must(home == (p2p == "0"), f"peers {p2p}: {homes}")
        lives = {e["name"].split(" on ")[1] for e in events if e["cat"] == "granule" and e["ph"] == "b"}
        must(lives == {"card 0", "card 1"}, f"lives: {lives}")
        page = show(path)
        must(page.root.get("data-ready") == "yes" and page.sums["kernels"] == "4", f"page: {page.sums}")
        must(page.drawn["kernel"] == 4 and page.drawn["level"] == 2 and page.drawn["cell"] > 16, f"drawn: {page.drawn}")
        words = " ".join(page.words)
        must(all(w in words for w in ("card 0: NVIDIA", "card 1: NVIDIA", "on card 0", "on card 1")), "both cards")


# -- the page --

class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.root, self.sums, self.tables, self.drawn, self.table, self.current = {}, {}, {}, {}, None, None
        self.words = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.root = attrs
        elif tag == "table":
            self.table = self.tables.setdefault(attrs["id"], [])
        elif tag == "tr":
            self.table.append([])
        elif tag == "td":
            self.table[-1].append(attrs.get("data-v"))
        elif tag in ("rect", "path"):
            for c in attrs.get("class", "").split():
                self.drawn[c] = self.drawn.get(c, 0) + 1
        self.current = attrs.get("id")

    def handle_data(self, text):
        if self.current and self.current.startswith("sum-"):
            self.sums[self.current[4:]] = text
            self.current = None
        self.words.append(text)


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    print("chromium is not installed")
    sys.exit(77)


def show(path):
    page = tmp / (path.stem + ".html")
    page.write_text(run(sys.executable, report, path), encoding="utf-8")
    must(not re.search(r"""(src|href)\s*=|url\(|@import|fetch\(""", page.read_text()), "the page loads something")
    p = subprocess.run([browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp}/profile",
                        "--virtual-time-budget=3000", "--enable-logging=stderr", "--dump-dom", page.as_uri()],
                       text=True, timeout=100, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    must(p.returncode == 0, p.stderr[-2000:])
    must("CONSOLE" not in p.stderr, "\n".join(l for l in p.stderr.splitlines() if "CONSOLE" in l))
    return Page(p.stdout)


def check_page():
    path, _, events = trace_program("page")
    seen, page = count(events), show(path)
    must(page.root.get("data-ready") == "yes" and "data-error" not in page.root, f"not ready: {page.root}")
    for key in ("kernels", "faults", "refused"):
        must(page.sums[key] == str(seen[key]), f"{key}: {page.sums[key]}, the trace has {seen[key]}")
    kernels = {r[0]: r for r in page.tables["kernels"] if r}
    must({k: int(r[1]) for k, r in kernels.items()} == {"add": 6, "sum": 1}, f"kernels: {kernels}")
    memory = [r for r in page.tables["allocations"] if r]  # names may be equal
    must(sum(int(r[3]) for r in memory) == seen["faults"], f"faults by place: {memory}")
    must(sum(int(r[7]) for r in memory) == seen["to-card"], f"pages to the card: {memory}")
    must(sum(int(r[8]) for r in memory) == seen["to-host"], f"pages back: {memory}")
    must(["5"] == [r[11] for r in memory if r[0] == "clSVMAlloc 1"], f"trips: {memory}")
    must(sum(int(r[2]) for r in page.tables["pingpong"] if r) == 512, f"ping-pong: {page.tables['pingpong']}")
    must(page.drawn["kernel"] == seen["kernels"], f"drawn: {page.drawn}")
    must(page.drawn["point"] == seen["faults"] and page.drawn["level"] == 1, f"drawn: {page.drawn}")
    must(page.drawn["cell"] > 16 and page.drawn["hot"] > 0, f"drawn: {page.drawn}")
    must("clSVMAlloc 1 (2 MiB at" in " ".join(page.words) and "moved 5 times" in " ".join(page.words), "advice")
    # A trace without anything is a page, too; what is none is refused.
    empty = tmp / "empty.json"
    empty.write_text('{"traceEvents":[\n]}\n')
    must(show(empty).root.get("data-ready") == "yes", "an empty trace")
    (tmp / "bad.json").write_text("hello")
    run(sys.executable, report, tmp / "bad.json", ok=(1,))
    # Cut off anywhere, it is still read.
    torn = tmp / "torn.json"
    torn.write_text(path.read_text()[:path.stat().st_size // 2])
    run(sys.executable, report, torn)


try:
    {"writer": check_writer, "rules": check_rules, "program": check_program, "cards": check_cards, "page": check_page}[case]()
finally:
    shutil.rmtree(tmp, ignore_errors=True)
