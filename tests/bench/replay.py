#!/usr/bin/env python3
"""What it costs to replay a case, behind ./dev bench replay: clicktrail and mitmproxy serve the same exchanges, in turns.

Everything happens in one temporary folder; every process is started and ended by its id. See docs/performance.md.
"""
import argparse
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import tempfile
import time

from peers import PROXY_CPU, Clicktrail, Mitmproxy, Origin, remove
from procs import RUNNING, Proc, Trouble, await_port, free_port, run, tidy_at_exit
from results import markdown, median, show

CLIENT_CPU = 0
HOST = "bench.test"
COMPARED = 10000  # exchanges that both serve
PAGES = 300
ANSWERED = 10000  # before memory is read again
START_LIMIT_S = 120

# Name: mode of the load client, connections, words. Of the first two the list is half of the case, of the third the first half.
MODES = {
    "https": ("keepalive", 1, "1 KB over https, one connection"),
    "http": ("plain", 1, "1 KB over http, one connection"),
    "https32": ("keepalive", 32, "1 KB over https, 32 connections"),
    "page": ("page100k", 1, "100 KB pages over https, one connection")}
START_GOAL_MS, MEMORY_GOAL_MB, CPU_GOAL = 50, 25, 1 / 20


class Case:
    """A case of so many exchanges, the same as a file of flows where both serve it, and its last exchange over http."""

    def __init__(self, bench, name, small, pages):
        self.small, self.pages, self.path = small, pages, bench.path(f"{name}.case")
        self.flows = bench.path(f"{name}.flows")
        log = bench.path("make.log")
        run([os.path.join(bench.args.programs, "bench_replay_case"), self.path, str(small), str(pages)], log, 1800)
        if name in ("compared", "pages"):
            # By the interpreter that Debian's mitmproxy is installed for.
            run(["/usr/bin/python3", "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "replay_flows.py"),
                 self.path, self.flows], log, 600)
        self.first = self.last_over_http() if small else None

    def last_over_http(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
            exchange, asked = db.execute("SELECT exchange, head FROM fact_request WHERE url LIKE 'http:%'"
                                         " ORDER BY exchange DESC LIMIT 1").fetchone()
            head, = db.execute("SELECT head FROM fact_response WHERE exchange = ?", [exchange]).fetchone()
            body = db.execute("SELECT data FROM fact_chunk WHERE exchange = ? AND side = 1 ORDER BY n", [exchange])
            return asked, head + b"".join(row[0] for row in body)

    def listed(self, mode):
        """How many URLs a mode's list has. The last over http is asked first of all, and not again."""
        if mode == "page":
            return self.pages
        return self.small // 2 if mode.startswith("https") else self.small - self.small // 2 - 1


class Replayed:
    """The common part: one process that serves a case, and what is read of it from outside."""
    proc = None

    def begin(self, folder, case):
        self.folder, self.port, self.log = folder, free_port(), os.path.join(folder, "log")
        self.proc = None
        self.before()
        self.began = time.monotonic()
        self.proc = Proc(self.command(case), self.log, cwd=folder, bare=True)
        os.sched_setaffinity(self.proc.pid, {PROXY_CPU} if os.cpu_count() >= 2 else {0})

    def path(self, name):
        return os.path.join(self.folder, name)

    def cpu_ms(self):
        # The clock of another process, as clock_getcpuclockid(3) makes its number on Linux.
        return time.clock_gettime(~self.proc.pid << 3 | 2) * 1000

    def peak_mb(self):
        with open(f"/proc/{self.proc.pid}/status", encoding="utf-8") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmHWM:")) / 1024


class ClicktrailReplay(Replayed):
    label = "clicktrail"
    issuer = Clicktrail.issuer

    def __init__(self, origin):
        self.ca_dir = os.path.join(origin.folder, "ca")
        self.ca = os.path.join(origin.folder, "ca.crt")

    def before(self):
        # Also makes the authority, where there is none: a person's is there.
        run([Clicktrail.binary, "ca", "export", "--ca-dir", self.ca_dir, "-o", self.ca], self.path("export.log"))

    def command(self, case):
        return [Clicktrail.binary, "replay", case.path, "--ca-dir", self.ca_dir, "--listen", f"127.0.0.1:{self.port}"]

    def end(self, asked):
        """Its own count at the end must be ours: each request was answered, exactly as recorded."""
        code = self.proc.end(signal.SIGINT, 60)
        with open(self.log, encoding="utf-8", errors="replace") as f:
            said = re.findall(r"^Requests: (\d+) answered as recorded, (\d+) again, (\d+) by rule, (\d+) not recorded; (\d+) failed",
                              f.read(), re.MULTILINE)
        counted = [int(n) for n in said[-1]] if said else []
        if code != 0 or counted != [asked, 0, 0, 0, 0]:
            raise Trouble(f"clicktrail ended with {code} and counted {counted} where {asked} were asked: {self.proc.tail()}")


class MitmproxyReplay(Replayed):
    label = "mitmproxy"
    issuer = "clicktrail bench proxy CA"

    def __init__(self, origin):
        self.ca, self.key = origin.proxy_ca, origin.proxy_key

    def before(self):
        os.mkdir(self.path("conf"))
        with open(self.path("conf/mitmproxy-ca.pem"), "wb") as out:
            for part in (self.key, self.ca):
                with open(part, "rb") as f:
                    out.write(f.read())

    def command(self, case):
        # lazy: it would connect to the origin before it is asked for anything.
        words = ["/usr/bin/mitmdump", "-q", "--server-replay", case.flows, "--listen-host", "127.0.0.1", "-p", str(self.port)]
        for option in ("server_replay_kill_extra=true", "server_replay_refresh=false", "connection_strategy=lazy",
                       f"confdir={self.path('conf')}"):
            words += ["--set", option]
        return words

    def end(self, asked):
        # All was answered and checked by then; it may be gone before it has handled the signal.
        if self.proc.end(signal.SIGTERM, 60) not in (0, -signal.SIGTERM):
            raise Trouble(f"mitmproxy ended with {self.proc.code}: {self.proc.tail()}")


class Bench:
    def __init__(self, folder, args):
        self.folder, self.args, self.count = folder, args, 0
        self.origin = Origin(self.path("origin"))
        os.mkdir(self.origin.folder)
        # Of the comparison's origin only the certificate authority for mitmproxy is used: nothing serves here.
        run([os.path.join(args.programs, "bench_origin"), self.origin.folder, "1", "2", "3", "1"], self.path("origin.log"), 60)

    def path(self, name):
        return os.path.join(self.folder, name)

    def fresh(self, system, case):
        self.count += 1
        folder = self.path(f"run-{self.count}")
        os.mkdir(folder)
        system.begin(folder, case)
        return folder

    def load(self, system, case, mode):
        """Asks for the list, in part where it is longer than what is counted; the load client's figures."""
        name, connections, _ = MODES[mode]
        many = min(case.listed(mode), ANSWERED // 2)
        words = [os.path.join(self.args.programs, "bench_load"), "--mode", name, "--json", "--connections", str(connections),
                 "--of", str(case.listed(mode)), "--requests", str(many - many // 10), "--warmup", str(many // 10),
                 "--ca", system.ca, "--origin", f"127.0.0.1:{80 if mode == 'http' else 443}", "--host", HOST,
                 "--proxy", f"127.0.0.1:{system.port}", "--patience", "30", "--watch", str(system.proc.pid)]
        out = self.path("load.out")
        open(out, "w", encoding="utf-8").close()
        client = Proc(words, out, CLIENT_CPU)
        if not client.wait(self.args.limit):
            client.kill()
            raise Trouble(f"{mode}: the load client took more than {self.args.limit} s")
        with open(out, encoding="utf-8") as f:
            lines = [line for line in f if line.startswith("{")]
        said = json.loads(lines[-1]) if client.code in (0, 1) and lines else None
        if said is None or said["errors"] > 0:
            raise Trouble(f"{mode}: {said['error_kinds'] if said else client.code}: {said['trouble'] if said else client.tail()}")
        if mode != "http" and not said["issuer"].startswith(system.issuer):
            raise Trouble(f"{mode}: not intercepted: issued by \"{said['issuer']}\"")
        return {"cpu": said["cpu_ms_per_request"], "rps": said["rps"], "p50": said["p50_ms"], "p99": said["p99_ms"],
                "asked": said["exchanges"], "tls": said["tls"]}


def read_answer(s):
    said = b""
    while True:
        more = s.recv(65536)
        said += more
        head, gap, body = said.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if not more or (gap and length and len(body) >= int(length.group(1))):
            return said


def first_answer_ms(system, case):
    """From before the process was started to the last byte of the first answer, which must be the recorded one."""
    asked, answer = case.first
    while True:
        try:
            with socket.create_connection(("127.0.0.1", system.port), START_LIMIT_S) as s:
                s.sendall(asked)
                said = read_answer(s)
                took_ms = (time.monotonic() - system.began) * 1000
            break
        except ConnectionRefusedError:
            if system.proc.poll() or time.monotonic() > system.began + START_LIMIT_S:
                raise Trouble(f"{system.label} does not start: {system.proc.tail()}") from None
            time.sleep(0.0005)
    if said != answer:
        raise Trouble(f"{system.label}: the first answer is not the recorded one: {said[:300]}")
    return took_ms


def serve(bench, system, case, modes, timed):
    """One process from start to end: the first answer and memory, if wanted, and the modes one after the other."""
    found, asked, folder = {}, 0, None
    try:
        folder = bench.fresh(system, case)
        if timed:
            found["start"] = {"ms": first_answer_ms(system, case), "cpu_ms": system.cpu_ms(), "first_mb": system.peak_mb()}
            asked = 1
        else:
            await_port(system.proc, system.port, START_LIMIT_S)
        for mode in modes:
            found[mode] = bench.load(system, case, mode)
            asked += found[mode]["asked"]
        if timed:
            found["start"].update(last_mb=system.peak_mb(), answered=asked)
        system.end(asked)
    finally:
        if system.proc is not None:
            system.proc.kill()
        if folder is not None and not bench.args.keep:
            remove(folder)
    return found


class Found:
    """The figures of every run, by what was measured, whose it is and how large the case was."""

    def __init__(self, path):
        self.runs, self.file = [], open(path, "w", encoding="utf-8")

    def add(self, repetition, system, size, found):
        for what, figures in found.items():
            run_of = {"what": what, "system": system.label, "size": size, "repetition": repetition, **figures}
            self.runs.append(run_of)
            print(json.dumps(run_of), file=self.file, flush=True)
            print(json.dumps(run_of), file=sys.stderr, flush=True)

    def of(self, what, system, size, key):
        return {r["repetition"]: r[key] for r in self.runs
                if (r["what"], r["system"], r["size"]) == (what, system, size) and key in r}

    def median(self, *which):
        return median(self.of(*which).values())

    def spread(self, *which):
        values = self.of(*which).values()
        return f"{show(min(values))}-{show(max(values))}" if values else ""

    def ratio(self, what, size):
        mine, other = (self.of(what, system, size, "cpu") for system in ("clicktrail", "mitmproxy"))
        return median([mine[r] / other[r] for r in mine if r in other])


def size_of(mode):
    return PAGES if mode == "page" else COMPARED


def start_table(found, sizes):
    rows = []
    for system, size in [("clicktrail", n) for n in sizes] + [("mitmproxy", COMPARED)]:
        which = ("start", system, size)
        if found.of(*which, "ms"):
            rows.append([system, f"{size:,}", show(found.median(*which, "ms")), found.spread(*which, "ms"),
                         show(found.median(*which, "cpu_ms")), show(found.median(*which, "first_mb")),
                         show(found.median(*which, "last_mb"))])
    return markdown(["system", "exchanges", "first answer ms", "(min-max)", "CPU ms then", "peak MB then",
                     f"after {ANSWERED:,} answers"], rows)


def cpu_table(found, sizes):
    rows = []
    for mode, (_, _, words) in MODES.items():
        for system, size in [("clicktrail", size_of(mode)), ("mitmproxy", size_of(mode))] + [
                ("clicktrail", n) for n in sizes if n != COMPARED]:
            which = (mode, system, size)
            if found.of(*which, "cpu"):
                ratio = found.ratio(mode, size) if system == "clicktrail" else None
                rows.append([words, system, f"{size:,}", show(found.median(*which, "cpu")), found.spread(*which, "cpu"),
                             show(found.median(*which, "p50")), show(found.median(*which, "p99")), show(ratio)])
    return markdown(["mode", "system", "exchanges", "CPU ms/request", "(min-max)", "p50 ms", "p99 ms", "CPU x mitmproxy"], rows)


def goal_table(found, sizes):
    rows = []

    def goal(words, value, limit, unit):
        if value is not None:
            rows.append([words, show(limit) + unit, show(value) + unit, "met" if value <= limit else "NOT met"])
    for n in sizes:
        goal(f"first answer, {n:,} exchanges", found.median("start", "clicktrail", n, "ms"), START_GOAL_MS, " ms")
        goal(f"peak memory then, {n:,} exchanges", found.median("start", "clicktrail", n, "first_mb"), MEMORY_GOAL_MB, " MB")
        goal(f"after {ANSWERED:,} answers, {n:,} exchanges", found.median("start", "clicktrail", n, "last_mb"), MEMORY_GOAL_MB, " MB")
    for mode, (_, _, words) in MODES.items():
        goal(f"CPU per request, {words}", found.ratio(mode, size_of(mode)), CPU_GOAL, " x mitmproxy")
    return markdown(["goal", "at most", "clicktrail", ""], rows)


def measure(bench, found, sizes):
    """True if all runs were good. Neither system is asked anything while the other one is up."""
    systems = [ClicktrailReplay(bench.origin), MitmproxyReplay(bench.origin)]
    cases = {n: Case(bench, "compared" if n == COMPARED else f"of-{n}", n, 0) for n in sizes}
    pages = Case(bench, "pages", 0, PAGES)
    good = True
    for repetition in range(1, bench.args.repetitions + 1):
        plan = [(system, cases[COMPARED], COMPARED, ["https", "http"], True) for system in systems]
        plan += [(systems[0], cases[n], n, ["https", "http"], True) for n in sizes if n != COMPARED]
        plan += [(system, cases[COMPARED], COMPARED, ["https32"], False) for system in systems]
        plan += [(system, pages, PAGES, ["page"], False) for system in systems]
        for system, case, size, modes, timed in plan:
            try:
                found.add(repetition, system, size, serve(bench, system, case, modes, timed))
            except Trouble as t:
                good = False
                print(f"TROUBLE {system.label}, {size:,} exchanges, repetition {repetition}: {t}", file=sys.stderr, flush=True)
    return good


def parse():
    p = argparse.ArgumentParser(prog="./dev bench replay", description=__doc__.splitlines()[0])
    p.add_argument("exchanges", nargs="?", type=int, help="of one more case, say 1000000, that clicktrail alone serves")
    p.add_argument("-n", "--repetitions", type=int, default=5)
    p.add_argument("--limit", type=int, default=600, help="seconds that one list may take")
    p.add_argument("--out", help="file of JSON lines (default: beside the build)")
    p.add_argument("--dir", default="/var/tmp", help="where the temporary folder goes: a disk, not memory")
    p.add_argument("--keep", action="store_true", help="leave cases and logs there")
    p.add_argument("--sizes", default="10000,100000", help=argparse.SUPPRESS)
    p.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    p.add_argument("--clicktrail", required=True, help=argparse.SUPPRESS)
    args = p.parse_args()
    args.sizes = [int(n) for n in args.sizes.split(",")]
    if args.exchanges is not None and args.exchanges not in args.sizes:
        args.sizes.append(args.exchanges)
    if args.repetitions < 1 or min(args.sizes) < 2 * 20 or COMPARED not in args.sizes:
        p.error("too few")
    return args


def main():
    args = parse()
    tidy_at_exit()
    Clicktrail.binary = os.path.abspath(args.clicktrail)
    folder = tempfile.mkdtemp(prefix="clicktrail-bench-", dir=args.dir)
    out = args.out or os.path.join(args.programs, time.strftime("bench-replay-%Y%m%d-%H%M%S.jsonl"))
    good = False
    try:
        found = Found(out)
        bench = Bench(folder, args)
        good = measure(bench, found, args.sizes)
        print("\nMedians. CPU: of all the process's threads, per request, from the end of the warm-up to the end.\n")
        print(start_table(found, args.sizes) + "\n\n" + cpu_table(found, args.sizes) + "\n\n" + goal_table(found, args.sizes))
        print(f"\nclicktrail {Clicktrail.version()}, mitmproxy {Mitmproxy.version()}\nEvery run, as JSON lines: {out}")
    except Trouble as t:
        print(f"bench: {t}", file=sys.stderr)
    finally:
        for proc in list(RUNNING):
            proc.end()
        if not args.keep:
            remove(folder)
    return 0 if good else 2


if __name__ == "__main__":
    sys.exit(main())
