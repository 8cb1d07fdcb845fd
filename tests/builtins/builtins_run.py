#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""builtins_run.py CLANG HEADER COVERAGE.PY BUILTINS [ONE_IN]

Kernels for every overload of the builtin functions (coverage.py writes them), run
by BUILTINS on the card and on the host. Takes one program in ONE_IN (default 8)."""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile

# What they give is not defined, or not the same, for one work-item with random
# arguments: lanes and events that are not there, approximations.
SKIP = re.compile(
    r'native_|half_|async_|wait_group|ballot_find|broadcast|shuffle_|'
    r'sub_group_shuffle|rotate|cluster|get_fence|barrier|fence|printf|'
    r'sub_group_non_uniform_scan|remquo')
SMALL = re.compile(r'^(vload|vstore|shuffle|prefetch|get_|sub_group|work_group|'
                   r'bitfield)')


def load_coverage(path):
    spec = importlib.util.spec_from_file_location('coverage', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def word(name):
    if name.startswith('convert_') and '_sat' not in name:
        return 'range' # out of range is undefined
    return 'small' if SMALL.match(name) else 'any'


def is_wanted(kernel):
    """Only pointers to memory that both sides see, filled by the caller."""
    text = kernel.text
    return not (SKIP.search(kernel.name) or re.search(r'\blocal \w+ \*', text)
                or ('vload' in kernel.name and ' v1[16]' in text)
                or 'room' in text)


def main():
    clang, header, coverage_py, builtins = sys.argv[1:5]
    one_in = int(sys.argv[5]) if len(sys.argv) > 5 else 8
    coverage = load_coverage(coverage_py)
    functions = sorted(coverage.builtins(clang, header, 'CL3.0'))
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for start in range(0, len(functions), coverage.PER_PROGRAM):
            if start // coverage.PER_PROGRAM % one_in:
                continue
            text = ''
            for i, (name, result, params) in enumerate(
                    functions[start:start + coverage.PER_PROGRAM]):
                kernel = coverage.Kernel(
                    i, (name, coverage.RESULT_TYPES.get(result, result), params))
                if is_wanted(kernel):
                    text += f'/* {word(name)} */\n' + kernel.text
            if text:
                first = functions[start][0]
                files.append(os.path.join(folder, f'{start:05}-{first}.cl'))
                with open(files[-1], 'w') as f:
                    f.write(text)
        return subprocess.run([builtins] + files).returncode


if __name__ == '__main__':
    sys.exit(main())
