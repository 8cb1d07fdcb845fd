#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""sass-as and sass-dis as programs: a round trip through files and words, and
errors with file, line and column.

usage: sass_tools_test.py SASS_AS SASS_DIS GOLDEN"""
import os
import random
import subprocess
import sys
import tempfile

PROGRAM = """# counts down
[B------:R-:W0:-:S02] S2R R0, SR_TID.X;
.Lhead:
[B0-----:R-:W-:-:S06] IADD R0, R0, -0x1;
[B------:R-:W-:Y:S13] ISETP.GT.AND P0, PT, R0, RZ, PT;
[B------:R-:W-:Y:S13] @P0 BRA .Lhead;
[B------:R-:W-:Y:S15] EXIT;
"""

# A program, and how its first error begins after the file's name.
ERRORS = [
    ('NOP;\n  IADD R0, R1, R300;\n', ':2:16: expected R0..R254 or RZ'),
    ('FROB R0;\n', ':1:1: unknown instruction'),
    ('NOP;\nBRA .Lgone;\n', ':2:5: no label .Lgone'),
    ('.La:\nNOP;\n.La:\n', ':3:1: label .La twice'),
    ('[B9-----:R-:W-:Y:S00] NOP;\n', ':1:3: expected [B------:R-:W-:Y:S00]'),
    ('IADD.FTZ R0, R1, R2;\n', ':1:5: unknown modifier'),
    ('IADD R0, R1, 0x80000;\n', ':1:14: out of range'),
    ('DADD R1, R2, R4;\n', ':1:1: DADD: R1 is not aligned'),
    ('MOV R0, c[0x0][0x2];\n', ':1:16: out of range or not aligned'),
    ('VADD R0, R1.B7, R2, R3;\n', ':1:12: expected'),
    ('FADD R0, R1, 1.1;\n', ':1:14: more bits than'),
    ('[B------:R-:W0:Y:S15] .word zzz;\n', ':1:29: expected a hexadecimal word'),
    ('EXIT; NOP;\n', ':1:7: more than the instruction takes'),
]


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True)


def check(good, what, result):
    if not good:
        print('%s: status %d\n%s%s' % (what, result.returncode, result.stdout, result.stderr))
    return not good


def check_bytes(sass_as, sass_dis, folder, code, what):
    """Whatever the bytes are: sass-as makes them of what sass-dis prints. Bit 63 of a control word
    has no text."""
    path, again = os.path.join(folder, 'x.bin'), os.path.join(folder, 'y.bin')
    open(path, 'wb').write(code)
    text = run(sass_dis, path).stdout
    r = run(sass_as, '-o', again, text=text)
    return check(r.returncode == 0 and open(again, 'rb').read() == code, what, r)


def check_random(sass_as, sass_dis, folder, golden):
    seed = os.environ.get('TEST_SEED', '1')
    print('TEST_SEED=' + seed)
    draw = random.Random(seed)
    words = [int(line.split()[0], 16) for line in open(golden) if line[0] in '0123456789abcdef']
    code = b''
    for n in range(3000):
        code += draw.getrandbits(63).to_bytes(8, 'little')
        for _ in range(3):
            word = draw.choice(words) ^ (1 << draw.randrange(64) if n % 2 else 0)
            code += (draw.getrandbits(64) if n % 5 == 0 else word).to_bytes(8, 'little')
    return check_bytes(sass_as, sass_dis, folder, code, 'random bundles')


def main():
    sass_as, sass_dis, golden = sys.argv[1:]
    bad = 0
    with tempfile.TemporaryDirectory() as d:
        source, code, again = (os.path.join(d, n) for n in ('a.sass', 'a.bin', 'b.bin'))
        open(source, 'w').write(PROGRAM)
        r = run(sass_as, '-o', code, source)
        bad += check(r.returncode == 0 and os.path.getsize(code) == 64, 'sass-as', r)
        r = run(sass_dis, code)
        bad += check(r.returncode == 0 and 'BRA .L' in r.stdout, 'sass-dis', r)
        r = run(sass_as, '-o', again, text=r.stdout)
        bad += check(r.returncode == 0 and open(again, 'rb').read() == open(code, 'rb').read(),
                     'sass-as of what sass-dis prints', r)
        words = run(sass_as, source).stdout.split()
        r = run(sass_dis, '-w', words[1])
        bad += check('S2R R0, SR_TID.X' in r.stdout, 'sass-dis -w', r)
        r = run(sass_dis, '-x', text=run(sass_as, source).stdout)
        bad += check(r.returncode == 0 and 'BRA .L' in r.stdout, 'sass-as | sass-dis -x', r)
        # A word of Mesa's: bits that are ignored are kept, and the meaning shown.
        r = run(sass_dis, '-x', text='0 e2900000008f0000 50b0000000070f00 50b0000000070f00')
        bad += check('.word 0xe2900000008f0000;' in r.stdout and 'SSY ' in r.stdout, 'SSY with a guard', r)
        bad += check_random(sass_as, sass_dis, d, golden)
        for tool in (sass_as, sass_dis):
            r = run(tool, '--help')
            bad += check(r.returncode == 0 and r.stdout.startswith('usage: '), '--help', r)
            bad += check(run(tool, '--what').returncode == 2, 'an option that is not there', r)
        r = run(sass_dis, '-w', 'zz')
        bad += check(r.returncode == 1 and 'no hexadecimal word' in r.stderr, 'sass-dis -w zz', r)
        r = run(sass_dis, '-w', 'ffffffffffffffff')
        bad += check('?' in r.stdout, 'sass-dis -w of no instruction', r)
        for text, message in ERRORS:
            open(source, 'w').write(text)
            r = run(sass_as, source)
            bad += check(r.returncode == 1 and r.stderr.startswith(source + message),
                         '%r should say %s' % (text, message), r)
        r = run(sass_as, os.path.join(d, 'none'))
        bad += check(r.returncode == 1 and 'No such file' in r.stderr, 'a file that is not there', r)
    return bad


if __name__ == '__main__':
    sys.exit(main())
