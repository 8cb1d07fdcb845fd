#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""selection_test.py CLCC NVIR_TOOL IMPORT.LL

What good code for a small kernel has in it, and what not: one case for each thing that the
back end is said to do. And NVIR_PASS_LIMIT goes from no optional pass to all of them."""
import os
import re
import subprocess
import sys
import tempfile

K = 'kernel void k(global uint *o, global const uint *a, uint n, uint m)\n{ uint i = get_global_id(0); '
V = 'kernel void k(global uint4 *o, global const uint4 *a)\n{ uint i = get_global_id(0); '
L = 'kernel void k(global uint *o, local uint *l, uint n)\n{ uint i = get_local_id(0); '

# Between a label and the branch back to it.
LOOP_WITHOUT_COPIES = r'(?s)(\.L\w+):\n(?:(?!MOV R\d+, R\d+;|\.L\w+:\n).)*BRA \1;'

# name, source, patterns that occur, patterns that do not, NVIR_DEBUG
CASES = (
    ('XMAD', K + 'o[i] = a[i] * n; }', ['XMAD'], ['IMAD', 'CAL']),
    ('LEA', K + 'o[i] = a[i]; }', [r'\bLEA\b'], []),
    ('LOP3', K + 'o[i] = (a[i] & n) | (a[i + 1] & ~n) ^ m; }', ['LOP3'], []),
    ('SHF', K + 'o[i] = rotate(a[i], n); }', ['SHF'], []),
    ('BFE', K + 'o[i] = a[i] >> 5 & 0x3f; }', ['BFE'], ['SHR']),
    ('BFI', K + 'o[i] = (a[i] & ~0xff0) | (n & 0xff) << 4; }', ['BFI'], []),
    ('PRMT', K + 'uchar4 v = as_uchar4(a[i]); o[i] = as_uint(v.wzyx); }', ['PRMT'], ['SHL', 'BFI']),
    ('immediate', K + 'o[i] = a[i] + 12345; }', [r'IADD32I|IADD R\d+, R\d+, 0x3039'], ['MOV32I']),
    ('constant bank', K + 'o[i] = a[i] + m; }', [r'IADD R\d+, R\d+, c\[0x0\]'], []),
    ('vectors of 128 bits', V + 'o[i] = a[i] ^ 1; }', [r'LDG\S*\.128', r'STG\S*\.128'], []),
    ('vectors of 64 bits', V.replace('uint4', 'uint2') + 'o[i] = a[i] ^ 1; }', [r'LDG\S*\.64', r'STG\S*\.64'], []),
    ('global accesses', K + 'o[i] = a[i]; }', ['LDG', 'STG'], [r'\bLD\b', r'\bST\b']),
    ('shared accesses', L + 'l[i] = n; barrier(CLK_LOCAL_MEM_FENCE); o[i] = l[i ^ 1]; }',
     ['LDS', 'STS'], [r'\bLD\b', r'\bST\b']),
    ('local accesses', K + 'uint t[8]; for (int k = 0; k < 8; k++) t[k] = a[i + k]; o[i] = t[n & 7]; }',
     ['LDL', 'STL'], [r'\bLD\b', r'\bST\b', 'LDG.*LDL']),
    ('constant accesses', 'constant uint t[4] = {1, 5, 9, 2};\n' + K + 'o[i] = t[a[i] & 3]; }', [], [r'\bLD\b']),
    ('generic pointers that are global', 'uint f(const uint *p) { return *p; }\n' + K + 'o[i] = f(a + i); }',
     ['LDG'], [r'\bLD\b']),
    ('uniform branch', K + 'if (n) { for (uint k = 0; k < m; k++) o[i + k * n] = a[i] / (k + 1); } }',
     ['BRA'], ['SSY', 'PBK', 'SYNC']),
    ('divergent branch', K + 'if (i & 1) for (uint k = 0; k < a[i]; k++) o[i + k] = k / n; }', ['PBK|SSY'], []),
    ('if-conversion', K + 'uint x = a[i]; if (x & 1) x += n; else x ^= m; o[i] = x; }', [], ['SSY', 'BRA 0x']),
    ('guards', K + 'if (a[i] & 1) o[i] = n; }', [r'@!?P\d .*STG'], ['SSY', 'SYNC']),
    ('unrolling', K + 'uint s = 0; for (int k = 0; k < 4; k++) s += a[i + k]; o[i] = s; }', [r'(?s)(LDG.*){4}'],
     [r'@!?P\d BRA']),
    ('RED', K + 'atomic_add(o, a[i]); }', ['RED'], [r'\bATOM\b']),
    ('32-bit addresses', K + 'uint s = 0; for (uint k = 0; k < n; k++) s += a[k]; o[i] = s; }', [], ['DADD']),
    # What goes around a loop, or comes out of either side of a branch, stays in its register.
    ('coalescing', K + 'uint s = i, t = m; for (uint k = 0; k < n; k++) { s = s * 3 ^ t; t += s; } o[i] = s + t; }',
     [LOOP_WITHOUT_COPIES], []),
    # Sixteen registers: pointers come back from the constant bank, not from memory.
    ('rematerialisation',
     'kernel void k(' + ', '.join(f'global uint *p{n}' for n in range(12)) + ')\n{ uint i = get_global_id(0); '
     + ' '.join(f'p{n}[i] += p{(n + 1) % 12}[i + 1];' for n in range(12)) + ' }', [], ['STL', 'LDL'], 'spill'),
    # A value that is needed before and after, not in between: stored once, and back for each use.
    ('splitting',
     'kernel void k(global uint *o, global const uint *a)\n{ uint i = get_global_id(0), x = a[i] * 7;\n'
     'o[i] = x; uint v[14];\nfor (int k = 0; k < 14; k++) v[k] = a[i + k * 64];\n'
     'for (int r = 0; r < 3; r++) for (int k = 0; k < 14; k++) v[k] += v[(k + 5) % 14] * v[(k + 9) % 14];\n'
     'uint s = 0; for (int k = 0; k < 14; k++) s ^= v[k]; o[i + 64] = s + x; }', ['STL', 'LDL'], [], 'spill'),
)


def compiled(clcc, tool, source, debug=''):
    with tempfile.TemporaryDirectory() as folder:
        path, bitcode = os.path.join(folder, 'k.cl'), os.path.join(folder, 'k.bc')
        with open(path, 'w') as f:
            f.write(source)
        subprocess.run([clcc, '-w', '-cl-std=CL3.0', '-o', bitcode, path], check=True)
        return subprocess.run([tool, bitcode], env=dict(os.environ, NVIR_DEBUG=debug), check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def check_cases(clcc, tool):
    failed = 0
    for name, source, has, has_not, *debug in CASES:
        text = compiled(clcc, tool, source, *debug)
        for pattern in has:
            if not re.search(pattern, text):
                print(f'{name}: no {pattern} in\n{text}')
                failed += 1
        for pattern in has_not:
            if re.search(pattern, text):
                print(f'{name}: {pattern} in\n{text}')
                failed += 1
    return failed


def with_limit(tool, path, **env):
    return subprocess.run([tool, path], env=dict(os.environ, **env), check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def check_pass_limit(tool, path):
    full = with_limit(tool, path)
    texts = [with_limit(tool, path, NVIR_PASS_LIMIT=str(n)) for n in range(40)]
    if texts[-1] != full or texts[0] == full:
        print(f'NVIR_PASS_LIMIT: 39 is all: {texts[-1] == full}; 0 is none: {texts[0] != full}')
        return 1
    return 0


def main():
    clcc, tool, ll = sys.argv[1:4]
    return 1 if check_cases(clcc, tool) + check_pass_limit(tool, ll) else 0


sys.exit(main())
