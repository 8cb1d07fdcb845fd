#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Every function of sass_sem*.h is called by a test against host arithmetic.

usage: sass_sem_coverage.py HEADER... -- TEST...

A function that only others of the headers call counts as tested with them."""
import re
import sys

DEFINITION = re.compile(r'^(sass_\w+)\(', re.M)
NAME = re.compile(r'\bsass_\w+')


def main():
    split = sys.argv.index('--')
    headers, tests = sys.argv[1:split], sys.argv[split + 1:]
    calls = {}
    for path in headers:
        text = open(path).read()
        places = list(DEFINITION.finditer(text))
        for m, following in zip(places, places[1:] + [None]):
            body = text[m.end():following.start() if following else len(text)]
            calls[m[1]] = set(NAME.findall(body))
    tested = set()
    todo = [n for path in tests for n in NAME.findall(open(path).read())]
    while todo:
        name = todo.pop()
        if name in calls and name not in tested:
            tested.add(name)
            todo += calls[name]
    missing = sorted(set(calls) - tested)
    for name in missing:
        print('no test calls', name)
    print('%d functions, %d without a test' % (len(calls), len(missing)))
    return 1 if missing or len(calls) < 100 else 0


if __name__ == '__main__':
    sys.exit(main())
