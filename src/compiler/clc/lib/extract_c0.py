#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""extract_c0.py NVIR_H: the NVIR_* constants of nvir.h without the C around them,
for OpenCL C."""
import re
import sys

text = open(sys.argv[1]).read().replace('\\\n', ' ')
text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
for name, value in re.findall(r'^#define (NVIR_\w+)[ \t]+(\S.*)$', text, re.M):
    print(f'#define {name} {value.strip()}')
