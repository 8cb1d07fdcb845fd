#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Every word that the compiler emits for the test programs, against an independently
written decoder.

usage: compare_words.py CLCC NVIR_TOOL SASS_DIS COMPARE_DECODER.py DECODER.py OPS.inc FILE.cl...

The FILE.cl are put together into one program. Without DECODER.py the test is skipped
(exit status 77)."""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile

HEAD = """#pragma OPENCL FP_CONTRACT OFF
#define OP(name, type) \\
   static void dev_##name(global const type *in, global type *out, uint i); \\
   kernel void name(global const type *in, global type *out) \\
   { dev_##name(in, out, get_global_id(0)); } \\
   static void dev_##name(global const type *in, global type *out, uint i)
"""


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def words_of(clcc, nvir_tool, source):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/k.cl", "w", encoding="utf-8") as f:
            f.write(source)
        subprocess.run([clcc, "-o", d + "/k.bc", d + "/k.cl", "-cl-std=CL3.0"], check=True)
        text = subprocess.run([nvir_tool, d + "/k.bc"], check=True, capture_output=True, text=True)
    return {int(w, 16) for w in re.findall(r"# [0-9a-f]{4,}: ([0-9a-f]{16})$", text.stdout, re.M)}


def main():
    clcc, nvir_tool, tool, compare_path, decoder_path, ops = sys.argv[1:7]
    if not os.path.exists(decoder_path):
        print("skipped: no independent decoder at", decoder_path)
        return 77
    compare = load("compare_decoder", compare_path)
    decoder = load("decoder", decoder_path)
    words = words_of(clcc, nvir_tool, HEAD + read(ops))
    words |= words_of(clcc, nvir_tool, "".join(read(f) for f in sys.argv[7:]))
    words = sorted(words)
    bad = 0
    for word, ours in zip(words, compare.disassemble(tool, words)):
        theirs = compare.their_text(decoder, word)
        if ours != theirs and not compare.excuse(word, ours):
            print("%016x\n   ours   %s\n   theirs %s" % (word, ours, theirs))
            bad += 1
    print("%d different words, %d decoded differently" % (len(words), bad))
    return 1 if bad or len(words) < 1000 else 0


sys.exit(main())
