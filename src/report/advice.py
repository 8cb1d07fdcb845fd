# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""What to do about it, in words. Each piece: (how grave, headline, text)."""
import tracefile as tr

# Below these, a word is not worth its place. [guess]
MANY_FAULTS = 16
MANY_PAGES = 16
MANY_TRIPS = 3

WHY = {"not-mapped": "not mapped", "no-table": "not mapped", "read-only": "read-only"}


def size(pages):
    kib = pages * tr.PAGE // 1024
    if not kib:
        return "0"
    for unit, scale in (("GiB", 1 << 20), ("MiB", 1 << 10)):
        if kib >= scale:
            return f"{kib / scale:.3g} {unit}" if kib < 1000 * scale else f"{kib // scale} {unit}"
    return f"{kib} KiB"


def plural(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def of_page(p):
    return f"{p.label} ({size(-(-(p.end - p.start) // tr.PAGE))} at {p.start:#x})"


def ping_pong(p):
    worst = max(p.trips.values(), default=0)
    pages = p.ping_pong()
    if worst < MANY_TRIPS or not pages:
        return None
    evicted, touched = p.pages("host", "evict"), p.pages("host", "cpu")
    who = ("video memory was too small" if evicted > touched else
           "CPU and GPU use it in turns")
    text = (f"{plural(pages, 'page')} of it went to the card {worst} times at most and came back, because {who}. ")
    if evicted > touched:
        text += ("Work on it in parts that fit the card, or leave it in system memory with "
                 "NOUVEAU_SVM_MIGRATE=never or hint.")
    elif p.pages("card", "gpu"):
        text += ("Let it stay in system memory (NOUVEAU_SVM_MIGRATE=hint, and no clEnqueueSVMMigrateMem for it), "
                 "or keep what the CPU writes apart from what only the GPU uses.")
    else:
        text += ("Call clEnqueueSVMMigrateMem only before a run of kernels between which the CPU does not "
                 "touch it, or leave it where it is.")
    return 3, f"{of_page(p)} moved {worst} times", text


def faulted(p):
    n = sum(p.faults.values())
    if n < MANY_FAULTS or p.moves["card"] and not p.pages("card", "gpu"):
        return None
    first = f" {p.first_kernel}," if p.first_kernel else ""
    if p.is_allocation:
        way = (f"clEnqueueSVMMigrateMem before{first or ' the kernel'} the first kernel that uses it, "
               f"or NOUVEAU_SVM_MIGRATE=prefetch, would save up to {plural(n, 'fault')}.")
    else:
        way = (f"It is the program's own memory: allocate what{first or ' the kernel,'} the first kernel here, "
               "works on with clSVMAlloc and migrate it with clEnqueueSVMMigrateMem, or touch it in larger pieces.")
    return 2, f"{of_page(p)} cost {plural(n, 'GPU fault')}", way


def touched(p):
    n = p.pages("host", "cpu")
    moves = p.moves["host"]
    if n < MANY_PAGES or moves < 4:
        return None
    return (1, f"The CPU fetched {size(n)} of {of_page(p)} back piece by piece",
            f"{moves} times a CPU touch had to wait for pages. clEnqueueSVMMigrateMem with "
            "CL_MIGRATE_MEM_OBJECT_HOST, queued behind the last kernel, brings them back in one go.")


def evicted(a):
    n = a.count["pages evict"]
    if not n:
        return None
    return (2, f"{size(n)} had to leave the card for something else",
            "The kernels use more memory than the card has. What is used rarely should not be sent there "
            "(NOUVEAU_SVM_MIGRATE=hint); large data are best worked on in parts.")


def serviced(a):
    run = sum(k.us for k in a.kernels.values())
    if not run or a.count["service us"] < run / 4:
        return None
    return (1, f"Faults were served for {min(a.count['service us'] / run, 1):.0%} of the kernels' time",
            "The kernels mostly waited for memory. Fewer and larger migrations before the launch help; "
            "see the allocations with most faults.")


def refused(a):
    """One piece for each card and place."""
    found = {}
    for r in a.refusals:
        found.setdefault((r["card"], r["place"]), []).append(r)
    for (card, place), list_ in found.items():
        first = list_[0]
        what = f"{plural(len(list_), 'page')} of {of_page(place)}" if place else plural(len(list_), "page")
        names = sorted({k for r in list_ for k in r["kernels"]})
        yield (3, f"Card {card} was refused access to {what}",
               f"{' and '.join(names) or 'A kernel'} used {first['addr']:#x} first, which was {WHY.get(first['why'], first['why'])} "
               f"({first['answer']}). The queue lost everything after that.")


def lost(a):
    if not a.count["lost"]:
        return None
    return (3, f"{plural(a.count['lost'], 'event')} are missing",
            "The kernel's log ran over before it was read: counts and pictures here are too low.")


def give(a):
    """All advice, gravest first."""
    found = [lost(a), evicted(a), serviced(a)] + list(refused(a))
    for p in a.active_places():
        moved = ping_pong(p)
        found += [moved] if moved else [faulted(p), touched(p)]
    found = sorted((f for f in found if f), key=lambda f: -f[0])
    if not found:
        return [(0, "Nothing stands out", "Few faults, no ping-pong, no eviction.")]
    return found[:12]
