# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""What a trace says about each allocation, each kernel, and each page."""
import bisect
from collections import Counter, defaultdict

import tracefile as tr
from heat import HeatMap

FIRST_CARD = 10  # group of card 0
CALM = 2         # journeys to the card from which on a page is a ping-pong page


class Place:
    """An allocation, or a mapping that the program made."""

    def __init__(self, e):
        self.kind = e["name"]
        self.is_allocation = e["cat"] == "allocation"
        self.start = int(e["args"]["addr"], 16)
        self.end = self.start + e["args"]["bytes"]
        self.since, self.until = e["ts"], float("inf")
        self.faults = Counter()
        self.moved = Counter()      # (direction, cause) -> pages
        self.moves = Counter()      # direction -> migrations
        self.refused = self.invalidated = 0
        self.move_us = 0.0
        self.trips = Counter()      # page -> journeys to a card
        self.first_kernel = None

    def pages(self, direction, cause=None):
        return sum(n for (d, c), n in self.moved.items() if d == direction and cause in (None, c))

    def ping_pong(self):
        return sum(1 for n in self.trips.values() if n >= CALM)

    def is_silent(self):
        return not (self.faults or self.moved or self.refused)


class Places:
    def __init__(self, events):
        self.all = []
        opened = {}
        numbers = Counter()
        for e in events:
            if e.get("cat") not in ("allocation", "mapping"):
                continue
            key = (e["cat"], e["id"])
            if e["ph"] == "b":
                opened[key] = Place(e)
                self.all.append(opened[key])
            elif e["ph"] == "e" and key in opened:
                opened.pop(key).until = e["ts"]
        for p in self.all:
            numbers[p.kind] += 1
            p.label = f"{p.kind} {numbers[p.kind]}" if p.is_allocation else p.kind
        self.sorted = sorted(self.all, key=lambda p: (p.is_allocation, p.since), reverse=True)
        self.at_page = {}

    def find(self, page, at):
        """Allocations before mappings, and the newest of those that live; a page counts for the
        place that has any byte in it. Events are told a little late: the nearest, if none lives."""
        if page not in self.at_page:
            self.at_page[page] = [p for p in self.sorted if p.start - tr.PAGE < page < p.end]
        here = self.at_page[page]
        return next((p for p in here if p.since <= at <= p.until), here[0] if here else None)


class Kernel:
    def __init__(self, name):
        self.name = name
        self.launches = self.us = self.max_us = 0
        self.faults = self.refused = 0
        self.moved = Counter()  # direction -> pages, by its faults
        self.waited_us = 0.0


class Analysis:
    def __init__(self, events):
        self.events = events
        self.groups = tr.groups(events)
        self.cards = sorted(g - FIRST_CARD for g in self.groups if g >= FIRST_CARD)
        timed = [e for e in events if e["ph"] in "Xi"] or [e for e in events if e["ph"] != "M"]
        self.start = min((e["ts"] for e in timed), default=0)
        self.end = max((e["ts"] + e.get("dur", 0) for e in timed), default=1)
        self.end = max(self.end, self.start + 1)
        self.places = Places(events)
        self.kernels = {}
        self.launches = defaultdict(list)  # (card, track) -> (start, end, name)
        self.count = Counter()
        self.where = {}                    # page -> (card, since)
        self.trips = Counter()
        self.heat = HeatMap(self.start, self.end)
        self.refusals = []
        self.collect_kernels()
        for e in events:
            self.take(e)
        for page, (card, since) in self.where.items():
            self.heat.stay(page, card, since, self.end)
        self.where.clear()

    # -- kernels --

    def collect_kernels(self):
        for e in self.events:
            if e["ph"] != "X" or e["cat"] != "kernel":
                continue
            k = self.kernels.setdefault(e["name"], Kernel(e["name"]))
            k.launches += 1
            k.us += e["dur"]
            k.max_us = max(k.max_us, e["dur"])
            k.waited_us += e["args"].get("queued_ns", 0) / 1000
            self.count["kernels"] += 1
            self.launches[e["pid"], e["tid"]].append((e["ts"], e["ts"] + e["dur"], e["name"]))

    def running(self, card, at):
        """Kernels that ran on the card then; if none did, the last that had begun (it stands still
        at a fault, and what ends it may be told first)."""
        found, last = [], (0, None)
        for (group, _), list_ in self.launches.items():
            if group != card + FIRST_CARD:
                continue
            i = bisect.bisect_right(list_, (at, float("inf"), "")) - 1
            if i >= 0 and list_[i][1] >= at:
                found.append(self.kernels[list_[i][2]])
            elif i >= 0:
                last = max(last, (list_[i][1], list_[i][2]))
        return found or ([self.kernels[last[1]]] if last[1] else [])

    # -- events --

    def take(self, e):
        handler = {"fault": self.take_fault, "cancel": self.take_cancel,
                   "migrate": self.take_migration, "invalidate": self.take_invalidate,
                   "service": self.take_service, "lost": self.take_lost}.get(e.get("cat"))
        if handler and e["ph"] in "Xi":
            handler(e, e["pid"] - FIRST_CARD)

    def take_fault(self, e, card):
        page = int(e["args"]["addr"], 16)
        place = self.places.find(page, e["ts"])
        self.count["faults"] += 1
        self.count["faults " + e["name"]] += 1
        # The service ends after the kernel has been stopped by the fault, and before it goes on.
        for k in self.running(card, e["ts"]):
            k.faults += 1
            if place and not place.first_kernel:
                place.first_kernel = k.name
        if place:
            place.faults[e["name"]] += 1
            self.heat.fault(page, place, e["ts"])

    def take_cancel(self, e, card):
        page = int(e["args"]["addr"], 16)
        place = self.places.find(page, e["ts"])
        self.count["refused"] += 1
        names = []
        for k in self.running(card, e["ts"]):
            k.refused += 1
            names.append(k.name)
        if place:
            place.refused += 1
        self.refusals.append({"addr": page, "why": e["args"].get("why", ""), "card": card,
                             "answer": e["args"].get("answer", ""), "kernels": names,
                             "place": place})

    def take_migration(self, e, card):
        first, n = int(e["args"]["addr"], 16), e["args"]["pages"]
        why, to_card = e["args"].get("why", ""), e["name"] == "to the card"
        direction = "card" if to_card else "host"
        end = e["ts"] + e["dur"]
        self.count["migrations"] += 1
        self.count["pages to the " + direction] += n
        self.count[f"pages {why}"] += n
        self.count["migrate us"] += e["dur"]
        if why == "gpu" or why == "evict":
            for k in self.running(card, end):
                k.moved[direction] += n
        touched = Counter()
        for page in range(first, first + n * tr.PAGE, tr.PAGE):
            place = self.move(page, card, to_card, end)
            if place:
                place.moved[direction, why] += 1
                touched[place] += 1
        for place, pages in touched.items():
            place.moves[direction] += 1
            place.move_us += e["dur"] * pages / n

    def move(self, page, card, to_card, at):
        place = self.places.find(page, at)
        self.leave(page, at)
        if to_card:
            self.where[page] = (card, at)
            self.trips[page] += 1
            if place:
                place.trips[page] += 1
                self.heat.know(page, place)
        return place

    def leave(self, page, at):
        if page in self.where:
            card, since = self.where.pop(page)
            self.heat.stay(page, card, since, at)

    def take_invalidate(self, e, card):
        first, n = int(e["args"]["addr"], 16), e["args"]["pages"]
        place = self.places.find(first, e["ts"])
        self.count["invalidations"] += 1
        if place:
            place.invalidated += 1
        if e["name"] != "protect":
            for page in range(first, first + n * tr.PAGE, tr.PAGE):
                self.leave(page, e["ts"])

    def take_service(self, e, card):
        self.count["service us"] += e["dur"]
        self.count["replays"] += 1

    def take_lost(self, e, card):
        self.count["lost"] += e["args"]["events"]

    # -- answers --

    def active_places(self):
        busy = [p for p in self.places.all if not p.is_silent()]
        return sorted(busy, key=lambda p: -(sum(p.faults.values()) + sum(p.moved.values())))

    def ping_pong_runs(self):
        """Neighbours that travelled equally often, most restless first."""
        runs = []
        for place in self.places.all:
            for page in sorted(p for p, n in place.trips.items() if n >= CALM):
                n = place.trips[page]
                last = runs[-1] if runs else None
                if last and last["place"] is place and last["trips"] == n and \
                        last["addr"] + last["pages"] * tr.PAGE == page:
                    last["pages"] += 1
                else:
                    runs.append({"place": place, "addr": page, "pages": 1, "trips": n})
        return sorted(runs, key=lambda r: (-r["trips"], -r["pages"]))
