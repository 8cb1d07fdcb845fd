#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""nvsim-run as a program: the example of its help, what it says of files that are
wrong and of kernels that do not do what the file wants.

usage: nvsim_run_test.py NVSIM_RUN"""
import os
import subprocess
import sys
import tempfile

# Lines in front of a kernel that ends at once, and what is said after the file's name.
BAD_FILES = [
    ('#! want x[0] = 1', ':1:10: no buffer x'),
    ('#! buffer', ':1:10: expected a name'),
    ('#! buffer x 7', ':1:14: not a size in whole words'),
    ('#! buffer x 4\n#! want x[0] =', ':2:15: expected a number'),
    ('#! buffer x 4\n#! want x[1] = 1', ':2:13: not a range'),
    ('#! buffer x 8\n#! set x[0..1] = 1', ':2:19: expected a number'),
    ('#! frob 1', ':1:8: unknown key frob'),
    ('#! grid', ':1:8: expected a number'),
    ('#! arg 1 2', ':1:10: more than the key takes'),
    ('#! shared 9999999', ':1:18: shared has 18 bits'),
    ('#! chipset 0x999', ':1:17: no such chipset'),
    ('#! stats foo = 1', ':1:13: no count foo'),
    ('#! stats cycles 1', ':1:17: expected NAME = NUMBER'),
    ('#! debug foo', ':1:13: no such word'),
    ('#! report', ':1:10: expected a text'),
    ('NOP;\n  IADD R0, R1, R300;', ':2:16: expected R0..R254 or RZ'),
]

# Kernels that differ from what the file wants.
BAD_KERNELS = [
    ('#! buffer x 8\n#! want x[0..1] = 0 1\nEXIT;', ':2: x[1] is 0x0, not 0x1'),
    ('#! error nothing\nEXIT;', ': no error, but it should fail'),
    ('BPT.TRAP 0x1;', ': trap (0x9)'),
    ('#! error misaligned\nBPT.TRAP 0x1;', ': trap (0x9)'),
    ('#! block 2000\nEXIT;', ': method'),
    ('#! strict 1\nEXIT;', ': 0 strict reports, not 1'),
    ('#! strict 0\nIADD R0, R1, R2;\nEXIT;', ': 2 strict reports, not 0'),
    ('#! strict 1\n#! report R9\nIADD R0, RZ, R1;\nEXIT;', ': unexpected: strict: uninit: R1'),
    ('#! stats instructions = 3\nEXIT;', ': instructions is 1, not 3'),
]


def run(*command, text=None, **env):
    return subprocess.run(command, input=text, capture_output=True, text=True, env=dict(os.environ, **env))


def check(good, what, result):
    if not good:
        print('%s: status %d\n%s%s' % (what, result.returncode, result.stdout, result.stderr))
    return not good


def main():
    tool = sys.argv[1]
    bad = 0
    r = run(tool, '--help')
    example = r.stdout[r.stdout.index('Example:'):].split('\n\n')[1]
    example = ''.join(line[2:] + '\n' for line in example.splitlines())
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, 'a.sass')
        open(path, 'w').write(example)
        r = run(tool, '-n', '1', '-p', 'data:2', path, NVSIM_DEBUG='strict')
        bad += check(r.returncode == 0 and 'data[1] 0x00000004' in r.stdout, 'the example', r)
        r = run(tool, '-', text=example)
        bad += check(r.returncode == 0, 'the example from standard input', r)
        r = run(tool, '-s', '3', '-n', '2', path)
        bad += check(r.returncode == 0 and 'same in 3 orders' in r.stdout, 'the example in orders', r)
        for header, message in BAD_FILES:
            open(path, 'w').write(header + '\nEXIT;\n')
            r = run(tool, path)
            bad += check(r.returncode == 1 and r.stderr.startswith(path + message), '%r: %s' % (header, message), r)
        for text, message in BAD_KERNELS:
            open(path, 'w').write(text + '\n')
            r = run(tool, path)
            bad += check(r.returncode == 1 and path + message in r.stdout, '%r: %s' % (text, message), r)
        for options in (['-n', 'x', path], ['-s', '0', path], ['-z', path], []):
            r = run(tool, *options)
            bad += check(r.returncode == 2 and 'usage:' in r.stderr, ' '.join(options), r)
        r = run(tool, os.path.join(d, 'none'))
        bad += check(r.returncode == 1 and 'No such file' in r.stderr, 'a file that is not there', r)
    return bad


if __name__ == '__main__':
    sys.exit(main())
