# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Runs svm_bench with each policy, ours and KMD_COMPAT=upstream in turns, and prints medians as
tables for docs/performance.md: svm_table.py SVM_BENCH VENDORS ROUNDS"""
import os
import re
import statistics
import subprocess
import sys

exe, vendors, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
MODES = ("better", "upstream")
POLICIES = ("never", "hint", "fault", "prefetch", "auto")
values = {}


def run(case, mode, policy="hint", **env):
    env = dict(os.environ, OCL_ICD_VENDORS=vendors, KMD_COMPAT=mode, NOUVEAU_SVM_MIGRATE=policy, **env)
    p = subprocess.run([exe, case], env=env, capture_output=True, text=True, timeout=300)
    if p.returncode:
        sys.exit(f"{case} {mode} {policy}: {p.stderr[-500:]}")
    for line in p.stdout.splitlines():
        name, value, _ = line.split()
        values.setdefault((case, mode, policy, name), []).append(float(value))
    return p.stderr


def median(case, mode, policy, name):
    return statistics.median(values[case, mode, policy, name])


for _ in range(rounds):
    for mode in MODES:
        run("move", mode)
        run("cost", mode)
        for case in ("seq", "stride", "random"):
            for policy in POLICIES:
                run(case, mode, policy)
for mode in MODES:
    for case in ("seq", "stride", "random"):
        for policy in POLICIES:
            # What the card reported: each warp reports its own, so a page may count twice.
            text = run(case, mode, policy, KMD_DEBUG="fault")
            faults = len(re.findall(r"kmd: fault \w+ 0x", text))
            values[case, mode, policy, "faults"] = [faults]

print("| | ours | upstream | ratio |\n|---|--:|--:|--:|")
rows = [("migrate to the card, share of memcpy", "move", "to-card", True),
        ("migrate back, share of memcpy", "move", "back", True),
        ("a GPU fault, us", "cost", "gpu-fault", False), ("a CPU fault back, us", "cost", "cpu-fault", False),
        ("all pages back by CPU touches, us a page", "cost", "cpu-all", False)]
for text, case, name, share in rows:
    a, b = (median(case, m, "hint", name) / (median(case, m, "hint", "memcpy") if share else 1) for m in MODES)
    if name == "back":  # Linux has no way back but by touching
        print(f"| {text} | {a:.3g} | – | |")
        continue
    print(f"| {text} | {a:.3g} | {b:.3g} | {a / b if share else b / a:.2g} |")
print("\n| pattern | policy | faults a MiB touched: ours | upstream | kernel, CPU ms: ours | upstream | CPU reads it, CPU ms: ours | upstream |"
      "\n|---|---|--:|--:|--:|--:|--:|--:|")
for case in ("seq", "stride", "random"):
    for policy in POLICIES:
        cells = []
        for name in ("faults", "kernel", "read-back"):
            for mode in MODES:
                v = median(case, mode, policy, name)
                if name == "faults":
                    v /= median(case, mode, policy, "touched")
                cells.append(f"{v:.3g}")
        print(f"| {case} | `{policy}` | " + " | ".join(cells) + " |")
