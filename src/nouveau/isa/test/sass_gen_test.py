#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""The generator refuses descriptions that are not one map of opcodes.

usage: sass_gen_test.py sass_gen.py sass.isa"""
import os
import subprocess
import sys
import tempfile

# What is added to the description, and what must be said about it; no words: accepted.
CASES = [
    ('', None),
    # Fewer bits of IADD's opcode and another bit: neither apart from it nor inside.
    ('op FROB full FROB | d a b\n   R 5c10/ff18 [44:1]=1\n', 'overlaps the form of line'),
    ('op FROB full FROB | d a b\n   R 5c10/fff8\n', 'overlaps the form of line'),
    # Inside of IADD: more bits are fixed, it decodes first.
    ('op FROB full FROB | d a b\n   R 5c10/fff8 [48:2]=1\n', None),
    ('op FROB full FROB | d a b\n   x@20 y@24:4\n   R 0010/fff0\n', 'overlaps'),
    ('op FROB full FROB | d a b\n   R 0010/fff0 rd@0:8 rd@8:8\n', 'twice'),
    ('op FROB full FROB | d a b\n   R 0010/fff0 nonsense\n', 'what is'),
]


def main():
    generator, isa = sys.argv[1:]
    text = open(isa).read()
    bad = 0
    for added, message in CASES:
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, 'sass.isa')
            with open(path, 'w') as f:
                f.write(text + added)
            run = subprocess.run([sys.executable, generator, path, 'docs', os.path.join(d, 'out')],
                                 capture_output=True, text=True)
        good = run.returncode == 0 if message is None else run.returncode and message in run.stderr
        if not good:
            print('%r: status %d, %r; expected %r' % (added, run.returncode, run.stderr, message))
            bad += 1
    return bad


if __name__ == '__main__':
    sys.exit(main())
