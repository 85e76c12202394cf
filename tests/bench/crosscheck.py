#!/usr/bin/env python3
"""What the second witness costs, behind ./dev bench crosscheck: one recording under load, read by clicktrail and by tshark in turns.

The proxy records packets of both sides while the load client works; `clicktrail crosscheck` reads them and holds them against
the case; tshark decrypts the same files by the same keys and only prints. Packets per CPU second and peak memory of each. Twice
as many exchanges are read, too: memory must not follow. See docs/performance.md.
"""
import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import time

from bench import Bench, figures
from peers import Clicktrail
from procs import RUNNING, Proc, Trouble, tidy_at_exit
from results import median
from wire import own_wire

# Mode of the load client, and its part of all exchanges.
MIX = (("keepalive", 0.40), ("h2", 0.25), ("plain", 0.15), ("page100k", 0.18), ("handshake", 0.02))
PACE_GOAL, MEMORY_GOAL_MB, GROWTH_GOAL = 6, 64, 1.25
FIELDS = ("frame.number", "http.request.method", "http.request.full_uri", "http.response.code", "http2.header.value",
          "tls.handshake.ja3", "tls.handshake.extensions_server_name", "tls.handshake.ciphersuite",
          "x509sat.printableString")


class Watched(Clicktrail):
    """The proxy with its recorders."""
    label = "clicktrail --pcap"

    def command(self, origin, mode):
        return super().command(origin, mode) + ["--pcap", "--seal-dir", self.path("seal")]


def say(text):
    print(text, file=sys.stderr, flush=True)


def packets_of(folder):
    """Names of the packet files, and how many packets each has, as their recorders said."""
    with sqlite3.connect(f"file:{os.path.join(folder, 'x.case')}?mode=ro", uri=True) as db:
        return [(os.path.join(folder, name), packets, dropped, size) for name, packets, dropped, size in
                db.execute("SELECT name, packets, dropped, size FROM fact_capture WHERE event = 'ended'")]


def record(bench, exchanges):
    """One case of so many exchanges with its packets; its folder."""
    peer = Watched()
    folder = bench.fresh(peer, "keepalive")
    failed = 0
    for mode, part in MIX:
        f = figures(bench.load(peer, mode, max(1, int(exchanges * part)), 0))
        failed += f["errors"]
        say(f"   {mode:10} {f['requests']:7} requests, {f['rps'] or 0:9.1f}/s, CPU {f['cpu'] or 0:7.4f} ms, errors {f['errors']}")
    if not peer.stop():
        raise Trouble(f"the proxy did not end well: {peer.proc.tail()}")
    if failed:
        raise Trouble(f"{failed} requests of the load failed")
    return folder


def measured(words, log, limit_s, good):
    began = time.monotonic()
    proc = Proc(words, log)
    if not proc.wait(limit_s):
        proc.kill()
        raise Trouble(f"{words[0]} took more than {limit_s} s")
    if proc.code not in good:
        raise Trouble(f"{' '.join(words[:3])} ended with {proc.code}: {proc.tail()}")
    return {"wall": time.monotonic() - began, "cpu": proc.usage.ru_utime + proc.usage.ru_stime,
            "mb": proc.usage.ru_maxrss / 1024}


def crosscheck(bench, folder, nth):
    case, log = os.path.join(folder, "x.case"), os.path.join(folder, f"crosscheck-{nth}.log")
    companion = os.path.join(folder, "x.companion.case")
    if os.path.exists(companion):
        os.unlink(companion)
    f = measured([bench.args.clicktrail, "crosscheck", case, "--seal-dir", os.path.join(folder, "seal")], log, 1800, (0, 2, 4))
    with sqlite3.connect(f"file:{companion}?mode=ro", uri=True) as db:
        f["verdicts"] = dict(db.execute("SELECT verdict, count(*) FROM verdict GROUP BY verdict"))
        f["exchanges"], = db.execute("SELECT count(*) FROM fact_flow_exchange").fetchone()
    if f["verdicts"].get("agree", 0) == 0 or set(f["verdicts"]) - {"agree"}:
        with open(log, encoding="utf-8", errors="replace") as said:
            raise Trouble(f"not all agree: {f['verdicts']}\n{said.read()[-2000:]}")
    return f


def tshark(folder, files):
    total = {"wall": 0.0, "cpu": 0.0, "mb": 0.0}
    keys = os.path.join(folder, "x.1.keys")
    for path, _, _, _ in files:
        words = ["tshark", "-r", path, "-o", f"tls.keylog_file:{keys}", "-T", "fields"]
        for field in FIELDS:
            words += ["-e", field]
        out = os.path.join(folder, "tshark.out")
        f = measured(words, out, 1800, (0,))
        os.unlink(out)
        total["wall"] += f["wall"]
        total["cpu"] += f["cpu"]
        total["mb"] = max(total["mb"], f["mb"])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True)
    parser.add_argument("--clicktrail", required=True)
    parser.add_argument("--exchanges", type=int, default=20000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--keep", help="copy the case and its packets to this folder")
    args = parser.parse_args()
    args.modes, args.quick = [mode for mode, _ in MIX], False
    Clicktrail.binary = args.clicktrail
    tidy_at_exit()
    own_wire()
    with tempfile.TemporaryDirectory(prefix="clicktrail-bench-") as root:
        bench = Bench(root, args)
        try:
            bench.start_origin()
            return report(bench)
        except Trouble as t:
            say(f"crosscheck: {t}")
            return 1
        finally:
            for proc in list(RUNNING):
                proc.kill()


def report(bench):
    args, rows = bench.args, []
    say(f"-- recording {args.exchanges} exchanges")
    folder = record(bench, args.exchanges)
    files = packets_of(folder)
    if args.keep:
        shutil.copytree(folder, args.keep)
    packets, size, dropped = (sum(f[i] or 0 for f in files) for i in (1, 3, 2))
    say(f"   {packets} packets, {size / 1e6:.0f} MB, {dropped} dropped")
    ours, theirs = [], []
    for n in range(args.repetitions):
        ours.append(crosscheck(bench, folder, n))
        theirs.append(tshark(folder, files))
        say(f"   clicktrail {packets / ours[-1]['cpu']:10.0f} packets/CPU s, {ours[-1]['mb']:6.0f} MB;"
            f"  tshark {packets / theirs[-1]['cpu']:10.0f}, {theirs[-1]['mb']:6.0f} MB")
    say(f"-- recording {2 * args.exchanges} exchanges")
    twice = record(bench, 2 * args.exchanges)
    grown = crosscheck(bench, twice, 0)
    pace = median([t["cpu"] / o["cpu"] for o, t in zip(ours, theirs)])
    memory = max(o["mb"] for o in ours)
    rows = [("packets per CPU second, times tshark's", pace, f">= {PACE_GOAL}", pace >= PACE_GOAL),
            ("peak memory, MB", memory, f"<= {MEMORY_GOAL_MB}", memory <= MEMORY_GOAL_MB),
            ("peak memory with twice the packets, times as much", grown["mb"] / memory, f"<= {GROWTH_GOAL}",
             grown["mb"] / memory <= GROWTH_GOAL),
            ("packets dropped by the recorders", dropped, "0", dropped == 0)]
    print(f"\n{packets} packets, {size / 1e6:.0f} MB, {ours[0]['exchanges']} exchanges seen in them, {ours[0]['verdicts']['agree']} verdicts, "
          "all agree.\n\n| what | figure | goal | |\n|---|---|---|---|")
    for words, figure, goal, met in rows:
        print(f"| {words} | {figure:.2f} | {goal} | {'met' if met else 'NOT MET'} |")
    print(f"\nclicktrail {median([packets / o['cpu'] for o in ours]):.0f} packets per CPU second, {memory:.0f} MB; "
          f"tshark {median([packets / t['cpu'] for t in theirs]):.0f}, {max(t['mb'] for t in theirs):.0f} MB.")
    return 0 if all(met for _, _, _, met in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
