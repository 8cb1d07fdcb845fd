#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""embed.py OUT.S SYMBOL=FILE...: an assembler file with the files as read-only
data, each between SYMBOL and SYMBOL_end and followed by a NUL."""
import os
import sys

out = ['.section .rodata']
for spec in sys.argv[2:]:
    symbol, path = spec.split('=', 1)
    out += ['.balign 16',
            f'.hidden {symbol}', f'.hidden {symbol}_end',
            f'.global {symbol}', f'.global {symbol}_end',
            f'{symbol}:', f'.incbin "{os.path.abspath(path)}"',
            f'{symbol}_end:', '.byte 0']
out.append('.section .note.GNU-stack,"",%progbits')
with open(sys.argv[1], 'w') as f:
    f.write('\n'.join(out) + '\n')
