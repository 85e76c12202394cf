#!/usr/bin/env python3
"""The comparison behind ./dev bench: nginx as origin, the load client, and each system in turn, interleaved by repetition.

Everything happens in one temporary folder; every process is started and ended by its id. See docs/performance.md.
"""
import argparse
import datetime
import json
import os
import platform
import sys
import tempfile
import time

import longer
import modes
import results
from peers import Clicktrail, Mitmproxy, Origin, Sslsplit, Squid, all_peers, first_line, remove
from procs import RUNNING, Proc, Trouble, await_port, pinned, run, tidy_at_exit

CLIENT_CPU = 0


class Bench:
    """What every measurement needs: the origin, the client, where to put things."""

    def __init__(self, folder, args):
        self.folder, self.args = folder, args
        self.origin = None
        self.count = 0

    def start_origin(self):
        o = self.origin = Origin(os.path.join(self.folder, "origin"))
        os.mkdir(o.folder)
        os.chmod(self.folder, 0o755)
        words = [os.path.join(self.args.programs, "bench_origin"), o.folder, str(o.tls), str(o.h2),
                 str(o.plain), str(modes.HOSTS)]
        if {"download", "upload"} & set(self.args.modes):
            words += [str(modes.FILES), str(modes.FILE_SIZE)]
        if "gib" in self.args.modes:
            words += ["1", str(modes.GIB)]
        log = os.path.join(self.folder, "origin.log")
        run(words, log, 300)
        self.nginx = Proc(["/usr/sbin/nginx", "-p", o.folder, "-c", os.path.join(o.folder, "nginx.conf")],
                          log, CLIENT_CPU)
        await_port(self.nginx, o.plain)

    def load(self, peer, mode, requests=None, warmup=None, more=(), limit_s=600):
        """One run of the load client through a peer that is up; what it printed."""
        words = [os.path.join(self.args.programs, "bench_load"), "--mode", mode, "--json", "--ca", peer.ca,
                 "--origin", f"127.0.0.1:{self.origin.port(mode)}", "--hosts", str(modes.HOSTS)]
        if requests is not None:
            words += ["--requests", str(requests), "--warmup", str(warmup)]
        # A name that all resolve without help: mitmproxy does not reuse plain connections that its addon sent elsewhere.
        if mode == "plain":
            words += ["--host", "localhost"]
        words += ["--patience", "300" if mode in ("download", "upload") else "10"]
        if peer.port is not None:
            words += ["--proxy", f"127.0.0.1:{peer.port}"]
        if peer.transparent:
            words.append("--transparent")
        if peer.proc is not None:
            words += ["--watch", str(peer.proc.pid)]
        out = os.path.join(self.folder, "load.out")
        open(out, "w").close()
        client = Proc(words + list(more), out, CLIENT_CPU)
        if not client.wait(limit_s):
            client.kill()
            raise Trouble(f"the load client took more than {limit_s} s")
        with open(out, encoding="utf-8") as f:
            lines = [line for line in f if line.startswith("{")]
        if client.code not in (0, 1) or not lines:
            raise Trouble(f"the load client ended with {client.code}: {client.tail()}")
        return json.loads(lines[-1])

    def fresh(self, peer, mode):
        """Starts a peer in a folder of its own."""
        self.count += 1
        folder = os.path.join(self.folder, f"run-{self.count}")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        peer.start(self.origin, folder, mode)
        return folder


def figures(said):
    """The load client's words in ours."""
    f = {"rps": said["rps"], "p50": said["p50_ms"], "p99": said["p99_ms"], "max": said["max_ms"],
         "requests": said["requests"], "exchanges": said["exchanges"], "errors": said["errors"],
         "error_kinds": said["error_kinds"], "issuer": said["issuer"], "tls": said["tls"],
         "trouble": said["trouble"], "first_byte": said["first_byte_p50_ms"]}
    if said["requests"] == 0:
        f.update(rps=None, p50=None, p99=None, max=None, first_byte=None)
    elif said["p50_ms"] > 0:
        f["first_part"] = said["first_byte_p50_ms"] / said["p50_ms"]
    if "cpu_ms" in said:
        f.update(cpu=said["cpu_ms_per_request"] if said["requests"] else None, hwm_mb=said["hwm_kb"] / 1024,
                 rss_mb=said["rss_kb"] / 1024, idle_mb=said["hwm_before_kb"] / 1024)
    return f


def check(peer, mode, f, closed_well):
    """What makes a run count for nothing is an error: not intercepted, not recorded, not closed."""
    wrong = []
    if mode != "plain" and not f["issuer"].startswith(peer.issuer):
        wrong.append(f"not intercepted: issued by \"{f['issuer']}\"")
    if not closed_well:
        wrong.append(f"ended with {peer.proc.code}: {peer.proc.tail()}")
    f["recorded"] = peer.recorded()
    if f["recorded"] is not None and f["recorded"] != f["exchanges"]:
        wrong.append(f"recorded {f['recorded']} of {f['exchanges']}")
        f["errors"] += abs(f["recorded"] - f["exchanges"])
    elif wrong:
        f["errors"] += 1
    if wrong:
        f["trouble"] = "; ".join(wrong + ([f["trouble"]] if f["trouble"] else []))


def measure(bench, peer, mode):
    quick = bench.args.quick
    folder = None
    try:
        folder = bench.fresh(peer, mode)
        more = []
        if mode == "hold":
            requests = warmup = None
            more = ["--connections", str(bench.args.held), "--seconds", "10" if quick else "30"]
        else:
            requests, warmup = modes.counts(mode, peer, quick)
        f = figures(bench.load(peer, mode, requests, warmup, more))
        closed_well = peer.stop()
        if peer.proc is not None and peer.proc.usage is not None:
            # Starting, warming up and closing too.
            per_request = modes.EXCHANGES_PER_REQUEST.get(mode, 1)
            f["whole"] = peer.proc.cpu_ms() * per_request / f["exchanges"] if f["exchanges"] and peer.waits else None
            f["close_s"] = peer.close_s
        # Per exchange, also where a request is a trail of several.
        f["disk"] = peer.disk() / f["exchanges"] if f["exchanges"] and peer.proc else None
        check(peer, mode, f, closed_well)
        return f
    except Trouble as t:
        return {"errors": 1, "trouble": str(t)}
    finally:
        if peer.proc is not None:
            peer.proc.kill()
        if folder is not None and not bench.args.keep:
            remove(folder)
        empty = os.path.join(bench.origin.folder, "files", "u")
        for name in os.listdir(empty):
            os.unlink(os.path.join(empty, name))


def say(text):
    print(text, file=sys.stderr, flush=True)


def note(mode, system, f):
    words = f"{mode:10} {system:18}"
    if f.get("rps") is not None:
        words += f" {f['rps']:10.1f}/s p50 {f['p50']:9.3f} p99 {f['p99']:9.3f} ms"
    if f.get("cpu") is not None:
        words += f" CPU {f['cpu']:9.4f} ms"
    say(words + f" errors {f['errors']}" + (f" ({f['trouble']})" if f.get("trouble") else ""))


def measure_all(bench, found):
    for repetition in range(1, bench.args.repetitions + 1):
        say(f"-- repetition {repetition} of {bench.args.repetitions}")
        for mode in [m for m in bench.args.modes if m not in longer.MEASURES]:
            for peer in all_peers():
                if peer.name not in bench.args.peers or not peer.can(mode):
                    continue
                if not modes.worth(mode, peer, repetition):
                    continue
                f = measure(bench, peer, mode)
                found.add({"mode": mode, "system": peer.label, "repetition": repetition, **f})
                note(mode, peer.label, f)
    for mode in [m for m in bench.args.modes if m in longer.MEASURES]:
        for run_of in longer.MEASURES[mode](bench):
            found.add({"mode": mode, "system": "clicktrail", "repetition": 1, **run_of})
            say(f"{mode:10} {json.dumps(run_of)}")


def facts():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = next((l.split(":", 1)[1].strip() for l in f if l.startswith("model name")), "?")
    return {"what": "clicktrail bench/1", "at": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "cpu": cpu, "cpus": os.cpu_count(), "kernel": platform.release(),
            "pinned": bool(pinned(0)), "openssl": first_line(["openssl", "version"], r"OpenSSL (\S+)"),
            "nginx": first_line(["/usr/sbin/nginx", "-v"], r"nginx/(\S+)"),
            "clicktrail": Clicktrail.version(), "squid": Squid.version(),
            "sslsplit": Sslsplit.version(), "mitmproxy": Mitmproxy.version()}


def report(found):
    print("\nMedians. CPU: milliseconds of the proxy's processes per request, from the end of the warm-up to the end.")
    print("Whole run: all CPU from start to exit, per request. Bytes: on disk per exchange, after a clean close.")
    print("Ratios: medians over the repetitions.\n")
    print(results.legend(found) + "\n")
    if {r["mode"] for r in found.runs} - set(longer.MEASURES):
        print(results.table(found) + "\n")
    print(results.targets(found))
    for line in results.remarks(found):
        print(f"\nTROUBLE {line}")
    print("\n" + ", ".join(f"{k} {v}" for k, v in found.about.items() if k not in ("what", "at")))
    if found.path:
        print(f"Every run, as JSON lines: {found.path}")


def parse():
    p = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    p.add_argument("quick", nargs="?", choices=["quick"], help="fewer requests, one repetition, a few minutes")
    p.add_argument("-n", "--repetitions", type=int, help="of every mode and system (default 5, quick 1)")
    p.add_argument("--modes", help=f"of {','.join(modes.MODES)}")
    p.add_argument("--peers", default="direct,clicktrail,squid,sslsplit,mitmproxy")
    p.add_argument("--out", help="file of JSON lines (default: beside the build)")
    p.add_argument("--held", type=int, default=modes.HOLD_CONNECTIONS, help="connections of hold")
    p.add_argument("--exchanges", type=int, default=1000000, help="of growth")
    p.add_argument("--dir", default="/var/tmp", help="where the temporary folder goes: a disk, not memory")
    p.add_argument("--keep", action="store_true", help="leave cases and logs there")
    p.add_argument("--print", metavar="FILE", action="append", help="measure nothing: the tables of such a file")
    p.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    p.add_argument("--clicktrail", required=True, help=argparse.SUPPRESS)
    args = p.parse_args()
    args.repetitions = args.repetitions or (1 if args.quick else 5)
    args.modes = (args.modes.split(",") if args.modes
                  else modes.QUICK_MODES if args.quick else modes.MODES)
    args.peers = args.peers.split(",")
    unknown = set(args.modes) - set(modes.MODES) | set(args.peers) - {peer.name for peer in all_peers()}
    if unknown or args.repetitions < 1:
        p.error(f"unknown: {', '.join(sorted(unknown))}")
    return args


def main():
    args = parse()
    if args.print:
        found = results.Results()
        for path in args.print:
            found.read(path)
        report(found)
        return 0
    tidy_at_exit()
    modes.MODE_WORDS["hold"] = f"{args.held:,} TLS connections held, one request per 10 s each"
    modes.MODE_WORDS["growth"] = f"{args.exchanges:,} exchanges in one case"
    Clicktrail.binary = os.path.abspath(args.clicktrail)
    folder = tempfile.mkdtemp(prefix="clicktrail-bench-", dir=args.dir)
    out = args.out or os.path.join(args.programs, time.strftime("bench-%Y%m%d-%H%M%S.jsonl"))
    try:
        bench = Bench(folder, args)
        bench.start_origin()
        found = results.Results(out)
        found.head(facts())
        try:
            measure_all(bench, found)
        finally:
            report(found)
    except Trouble as t:
        say(f"bench: {t}")
        return 2
    finally:
        for proc in list(RUNNING):
            proc.end()
        if not args.keep:
            remove(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
