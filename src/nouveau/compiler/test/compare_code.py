#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Every word that the back half packs, against an independently written decoder.

usage: compare_code.py BACKEND_TEST SASS_DIS COMPARE_DECODER.py DECODER.py

BACKEND_TEST writes the words of its programs to the file named by NVIR_DUMP.
Without DECODER.py the test is skipped (exit status 77)."""
import importlib.util
import os
import subprocess
import sys
import tempfile

ROUNDS = '4'


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packed_words(program):
    with tempfile.NamedTemporaryFile('r') as dump:
        subprocess.run([program], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=dict(os.environ, NVIR_DUMP=dump.name, NVIR_ROUNDS=ROUNDS))
        return sorted({int(line, 16) for line in dump})


def main():
    program, tool, compare_path, decoder_path = sys.argv[1:]
    if not os.path.exists(decoder_path):
        print('skipped: no independent decoder at', decoder_path)
        return 77
    compare = load('compare_decoder', compare_path)
    decoder = load('decoder', decoder_path)
    words = packed_words(program)
    bad = 0
    for word, ours in zip(words, compare.disassemble(tool, words)):
        theirs = compare.their_text(decoder, word)
        if ours != theirs and not compare.excuse(word, ours):
            print('%016x\n   ours   %s\n   theirs %s' % (word, ours, theirs))
            bad += 1
    print('%d different words, %d decoded differently' % (len(words), bad))
    return 1 if bad or len(words) < 1000 else 0


sys.exit(main())
