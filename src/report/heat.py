# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Pages over time: which share of each stretch of memory was on which card, and where it faulted."""
import math
from collections import Counter, defaultdict

import tracefile as tr

COLUMNS = 160
ROWS = 16      # of one place at most
PLACES = 12
STEPS = 8      # shades


class HeatMap:
    def __init__(self, start, end):
        self.start, self.width = start, (end - start) / COLUMNS
        self.stays = defaultdict(list)   # page -> (card, from, to)
        self.faults = defaultdict(Counter)  # page -> column -> faults
        self.pages = defaultdict(set)    # place -> pages seen

    def column(self, at):
        return min(max(int((at - self.start) / self.width), 0), COLUMNS - 1)

    def know(self, page, place):
        self.pages[place].add(page)

    def fault(self, page, place, at):
        self.know(page, place)
        self.faults[page][self.column(at)] += 1

    def stay(self, page, card, since, until):
        self.stays[page].append((card, since, until))

    def rows_of(self, place):
        """The place in equal parts, from its first to its last page that was seen."""
        pages = self.pages[place]
        first, last = min(pages), max(pages)
        total = (last - first) // tr.PAGE + 1
        per_row = -(-total // ROWS)
        rows = []
        for i in range(-(-total // per_row)):
            base = first + i * per_row * tr.PAGE
            n = min(per_row, total - i * per_row)
            inside = [base + k * tr.PAGE for k in range(n) if base + k * tr.PAGE in pages]
            rows.append({"addr": base, "pages": n, "cells": self.cells(inside, n)})
        return rows

    def cells(self, pages, n):
        """Runs of equal columns: [first, columns, card or -1, shade, faults]."""
        share = defaultdict(lambda: [0.0] * COLUMNS)
        faults = [0] * COLUMNS
        for page in pages:
            for card, since, until in self.stays.get(page, ()):
                self.cover(share[card], since, until)
            for column, count in self.faults.get(page, {}).items():
                faults[column] += count
        runs = []
        for c in range(COLUMNS):
            card = max(share, key=lambda k: share[k][c], default=-1)
            part = share[card][c] / n if card >= 0 else 0
            shade = min(STEPS, math.ceil(part * STEPS - 0.01)) if part > 0.001 else 0
            cell = [card if shade else -1, shade, faults[c]]
            if runs and runs[-1][2:] == cell and not faults[c]:
                runs[-1][1] += 1
            else:
                runs.append([c, 1] + cell)
        return [r for r in runs if r[3] or r[4]]

    def cover(self, row, since, until):
        a, b = self.column(since), self.column(until)
        for c in range(a, b + 1):
            lo = max(since, self.start + c * self.width)
            hi = min(until, self.start + (c + 1) * self.width)
            row[c] += max(hi - lo, 0) / self.width

    def draw(self, places):
        """The busiest places, each with its rows."""
        shown = [p for p in places if self.pages.get(p)][:PLACES]
        return [{"label": p.label, "addr": p.start, "bytes": p.end - p.start,
                 "rows": self.rows_of(p)} for p in shown]
