"""The measurements of clicktrail alone that take longer: large bodies, and a case of a million exchanges."""
import os
import statistics
import time

import modes
from peers import Clicktrail, remove
from procs import Trouble, run

REPORTS = 5  # of one trail; the median counts
THOUSANDS = 5  # measured one by one around the tenth, and at the end; the median counts: a checkpoint falls into some
LEAD = 100  # requests before each of them, over new connections


def gib(bench):
    """How much more memory one body of 1 GiB takes, each way, everything recorded."""
    found = {"errors": 0, "trouble": ""}
    for mode, key in (("download", "down"), ("upload", "up")):
        peer = Clicktrail("crash")
        folder = bench.fresh(peer, mode)
        try:
            said = bench.load(peer, mode, 1, 0, ["--size", str(modes.GIB)])
            peer.stop()
            found[f"{key}_growth_mb"] = (said["hwm_kb"] - said["hwm_before_kb"]) / 1024
            found[f"{key}_cpu_ms"], found[f"{key}_s"] = said["cpu_ms"], said["seconds"]
            found[f"{key}_first_byte_ms"] = said["first_byte_p50_ms"]
            found["errors"] += said["errors"] + (peer.recorded() != 1)
            found["trouble"] += said["trouble"]
        finally:
            peer.proc.kill()
            remove(folder)
    return [found]


def growth(bench):
    """CPU per exchange early and late in one case, then one trail out of it."""
    many = bench.args.exchanges
    peer = Clicktrail("crash")
    folder = bench.fresh(peer, "keepalive")
    thousands = [(1000, LEAD)] * THOUSANDS
    before = 10000 - THOUSANDS * (1000 + LEAD) // 2
    bulk = many - before - 2 * THOUSANDS * (1000 + LEAD)
    steps = ([("first", before, 0)] + [("early", *t) for t in thousands] + [("bulk", bulk, 0)] +
             [("late", *t) for t in thousands])
    found = {"errors": 0, "trouble": "", "exchanges": many, "first": [], "early": [], "bulk": [], "late": []}
    try:
        for name, requests, warmup in steps:
            said = bench.load(peer, "keepalive", requests, warmup, limit_s=1800)
            found[name].append(said["cpu_ms_per_request"])
            found["hwm_mb"] = said["hwm_kb"] / 1024
            found["errors"] += said["errors"]
            found["trouble"] = found["trouble"] or said["trouble"]
        found["ratio"] = statistics.median(found["late"]) / statistics.median(found["early"])
        found["ratio_wide"] = sum(found["late"]) / sum(found["early"])
        if not peer.stop():
            raise Trouble(f"the proxy ended with {peer.proc.code}: {peer.proc.tail()}")
        found["close_s"], found["disk"] = peer.close_s, peer.disk() / many
        recorded = peer.recorded()
        if recorded != many:
            found["errors"] += abs(many - recorded)
            found["trouble"] = f"recorded {recorded} of {many}"
        found["report_ms"] = report_ms(peer, folder)
    except Trouble as t:
        found["errors"] += 1
        found["trouble"] = str(t)
    finally:
        peer.proc.kill()
        if not bench.args.keep:
            remove(folder)
    return [found]


def report_ms(peer, folder):
    times = []
    for _ in range(REPORTS):
        before = time.monotonic()
        run([peer.binary, "report", peer.path("x.case"), "--trail", "1"], os.path.join(folder, "report.log"), 120)
        times.append((time.monotonic() - before) * 1000)
    return sorted(times)[len(times) // 2]


MEASURES = {"gib": gib, "growth": growth}
