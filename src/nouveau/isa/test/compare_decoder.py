#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Our disassembler against an independently written one, on random words.

usage: compare_decoder.py SASS_DIS GOLDEN DECODER.py

DECODER.py offers T, a list of (mask, value, function) on the top 16 bits, and
decode(word) -> (guard, name, operands).  Without the file the test is skipped
(exit status 77)."""
import collections
import importlib.util
import os
import random
import re
import struct
import subprocess
import sys

WORDS_PER_FORM = 300


def load(path):
    spec = importlib.util.spec_from_file_location('decoder', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def number(v):
    return ('-0x%x' % -v) if v < 0 else '0x%x' % v


def real(v, kind, bits):
    if v != v:
        quiet = {'f32': 0x7fc00000, 'f64': 0x7ff80000, 'f16': 0x7e00}[kind]
        sign = {'f32': 31, 'f64': 31, 'f16': 15}[kind]
        if kind == 'f64':
            bits >>= 32
        if bits & ~(1 << sign) == quiet:
            return '-QNAN' if bits >> sign else '+QNAN'
        return {'f32': '0f%08x', 'f64': '0d%08x', 'f16': '0h%04x'}[kind] % bits
    if v in (float('inf'), float('-inf')):
        return '+INF' if v > 0 else '-INF'
    return '%.20g' % v


def unpack(kind, bits):
    code, width = {'f32': ('<f', 4), 'f64': ('<d', 8), 'f16': ('<e', 2)}[kind]
    return struct.unpack(code, bits.to_bytes(width, 'little'))[0]


def operand(o):
    """Their operand in our spelling."""
    if isinstance(o, int):
        return number(o)
    if isinstance(o, str):
        return o
    kind = o[0]
    if kind in ('f32', 'f64', 'f16'):
        return real(unpack(kind, o[1]), kind, o[1])
    if kind == 'mod':
        inner, absolute, sign = operand(o[1]), o[2], o[3]
        inner = '|%s|' % inner if absolute else '(%s)' % inner
        return ('~' if sign == '~' else '-' if sign else '') + inner
    if kind in ('addr', 'caddr'):
        reg, off = o[-2], o[-1]
        text = reg if reg != 'RZ' or not off else ''
        text += ('+' if text and off else '') + (number(off) if off else '')
        return ('c[0x%x]' % o[1] if kind == 'caddr' else '') + '[%s]' % text
    if kind == 'rel':
        return number(8 + o[1])
    if kind == 'brx':
        return o[1] + (' ' + number(o[2]) if o[2] else '')
    raise ValueError(o)


def their_text(decoder, word):
    """None: they do not know the word or one of its values."""
    try:
        got = decoder.decode(word)
    except (IndexError, KeyError):
        return None
    if got is None:
        return None
    guard, name, operands = got
    text = (guard + name + ' ' + ', '.join(operand(o) for o in operands)).strip()
    return None if '?' in text else text


def bits(word, lo, n=1):
    return word >> lo & ((1 << n) - 1)


# Known differences: what they do not say or say otherwise, in which words.
CONTROL = re.compile(r'\b(BRA|BRX|JMX|CAL|JCAL|PRET|SSY|PBK|PCNT)\b')
EXCUSES = [
    ('ISCADD.PO is two signs', lambda w, ours: 'ISCADD.PO' in ours),
    ('lane mask of MOV32I', lambda w, ours: 'MOV32I' in ours and bits(w, 12, 4) != 15),
    ('predicate result without .T .Z .NZ', lambda w, ours: re.search(r'\bLOP', ours) and bits(w, 48, 3) != 7),
    ('IADD3 immediates are signed', lambda w, ours: 'IADD3' in ours and w >> 60 == 3 and bits(w, 56)),
    ('32-bit immediates are signed', lambda w, ours: re.search('LOP32I|MOV32I', ours) and bits(w, 51)),
    ('the swapped register past RZ', lambda w, ours: '.CAS' in ours and bits(w, 20, 8) >= 253),
    ('condition of NOP', lambda w, ours: 'NOP' in ours and bits(w, 8, 5) != 15),
    ('names of special registers', lambda w, ours: re.search(r'S2R \w+, SR_', ours)),
    ('predicate of BAR', lambda w, ours: 'BAR' in ours and 'RED' not in ours and bits(w, 39, 4) != 7),
    ('barrier number of B2R', lambda w, ours: 'B2R' in ours and (bits(w, 8, 8) != 255 or not bits(w, 32, 2))),
    ('jumps through constants', lambda w, ours: CONTROL.search(ours) and bits(w, 5)),
    ('offset of JMX, .LMT', lambda w, ours: re.search('JMX|BRX.LMT', ours)),
    ('cache operators of SUST', lambda w, ours: 'SUST' in ours and bits(w, 24, 2) >= 2),
    ('.NODEP', lambda w, ours: '.NODEP' in ours),
]


def excuse(word, ours):
    return next((name for name, rule in EXCUSES if rule(word, ours)), None)


def random_words(decoder):
    for mask, value, _ in decoder.T:
        for n in range(WORDS_PER_FORM):
            word = random.getrandbits(64) & random.getrandbits(64) if n & 1 else random.getrandbits(64)
            if n % 3:
                word |= 0x70000
            yield (value | (word >> 48) & ~mask & 0xffff) << 48 | word & (1 << 48) - 1


def golden_words(path):
    for line in open(path):
        if line[0] != '#':
            yield int(line.split()[0], 16)


def disassemble(tool, words):
    text = ''.join('%016x\n' % w for w in words)
    lines = subprocess.run([tool, '-w'], input=text, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return [line.split('    ', 1)[1] for line in lines]


def main():
    tool, golden, path = sys.argv[1:]
    if not os.path.exists(path):
        print('skipped: no independent decoder at', path)
        return 77
    seed = int(os.environ.get('TEST_SEED', random.getrandbits(32)))
    random.seed(seed)
    print('TEST_SEED=%d' % seed)
    decoder = load(path)
    words = list(golden_words(golden)) + list(random_words(decoder))
    same = unknown = 0
    excuses = collections.Counter()
    differ = {}
    for word, ours in zip(words, disassemble(tool, words)):
        theirs = their_text(decoder, word)
        if theirs is None or ours == '?':
            unknown += 1
        elif ours == theirs:
            same += 1
        elif reason := excuse(word, ours):
            excuses[reason] += 1
        else:
            name = re.sub(r'^@\S+ ', '', ours).split()[0].split('.')[0]
            differ.setdefault(name, []).append((word, ours, theirs))
    for name, cases in differ.items():
        print('%s: %d differ' % (name, len(cases)))
        for case in cases[:3]:
            print('   %016x\n      ours   %s\n      theirs %s' % case)
    for reason, count in excuses.items():
        print('   known: %s: %d' % (reason, count))
    print('%d words: %d same, %d known differences, %d refused by one' % (
        len(words), same, excuses.total(), unknown))
    return 1 if differ or same < len(words) // 2 else 0


if __name__ == '__main__':
    sys.exit(main())
