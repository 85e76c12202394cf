#!/usr/bin/env python3
"""Cases that the real program recorded, changed in thousands of ways: `clicktrail verify` and verify.py have to find what can be
found, to say the same, and to name what was touched; what nobody changed has to hold.

usage: soak.py [--program clicktrail] [--changes N] [--untouched N] [--seed S]
Ends with 0 if all is as it has to be; prints what was tried and found. CLICKTRAIL_BIN says which program.
"""
import argparse
import collections
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import make
import tamper
import verify

WAIT_S = 60
SHOWN_MAX = 4  # of one class
# Where one fact is touched: the program names that one first, and at most one span more.
ONE_FACT = ("bit_flip", "salt_flip", "running_flip", "seal_cut", "integer_step", "kind_changed", "value_unknown", "value_known",
            "type_changed", "fact_removed")
# Only who knows the key, or has the log, can tell.
NEEDS_KEY = ("resealed", "head_replaced")


LEAVES = {}
make_leaf = verify.leaf_hash


def known_leaf(kind, names, seq, values, salts, erased):
    """Most facts are as they were in the case before: their leaves are kept, by all that goes into them."""
    if erased or salts.kept is not None:
        return make_leaf(kind, names, seq, values, salts, erased)
    asked = (kind, seq, salts.fact_salt, *names, *values, *map(type, values))
    if asked not in LEAVES:
        LEAVES[asked] = make_leaf(kind, names, seq, values, salts, erased)
    return LEAVES[asked]


verify.leaf_hash = known_leaf


# ---- the program ----

class Program:
    """clicktrail, in a home of its own."""

    def __init__(self, path, home):
        self.path, self.home = os.path.abspath(path), pathlib.Path(home)
        self.env = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(self.home / "data"), "CLICKTRAIL_OPERATOR": "Ada"}
        self.log = self.home / "data" / "clicktrail" / "seal" / "heads.log"

    def run(self, *args):
        return subprocess.run([self.path, *map(str, args)], capture_output=True, check=False, env=self.env, cwd=self.home,
                              timeout=WAIT_S)

    def need(self, *args):
        done = self.run(*args)
        if done.returncode != 0:
            raise SystemExit(f"{args}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")

    def verify(self, case, log_folder=None, key=None):
        """(holds, faults); faults is None where the file is refused before it is looked at."""
        args = ["verify", "--json", case] + (["--seal-dir", log_folder] if log_folder else ["--no-log"])
        done = self.run(*args, *(["--key", key] if key else []))
        if done.returncode not in (0, 4):
            if done.returncode < 0 or b"Sanitizer" in done.stderr or not done.stderr:
                raise SystemExit(f"verify {case}: {done.returncode}\n{done.stderr.decode(errors='replace')}")
            return False, None
        out = json.loads(done.stdout)
        if out["holds"] != (done.returncode == 0):
            raise SystemExit(f"verify {case}: the exit code says something else than the answer")
        return out["holds"], out["faults"]


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        n = int(self.path.rsplit("/", 1)[-1])
        body = b"page %d\n" % n * (1 + n * 300)
        self.send_response(302 if n % 3 == 0 else 200)
        self.send_header("Location", f"/page/{n + 1}")
        self.send_header("Set-Cookie", f"id={n}; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Proxy:
    """A recording, until it is stopped."""

    def __init__(self, program, case):
        self.child = subprocess.Popen([program.path, "proxy", "--case", case, "--listen", "127.0.0.1:0", "--allow-net",
                                       "127.0.0.0/8"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=program.env,
                                      cwd=program.home)
        self.port = self.find_port()

    def find_port(self):
        said = b""
        for line in self.child.stdout:
            said += line
            found = re.search(rb"127\.0\.0\.1:([0-9]+)", line)
            if found:
                return int(found.group(1))
        raise SystemExit(f"the proxy did not say where it listens: {said.decode(errors='replace')}")

    def get(self, origin, first, last):
        con = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        for n in range(first, last):
            con.request("GET", f"http://127.0.0.1:{origin}/page/{n}", headers={"Cookie": "session=secret"})
            con.getresponse().read()
        con.close()

    def stop(self, how):
        self.child.send_signal(how)
        self.child.stdout.read()
        return self.child.wait(WAIT_S)


# ---- what is changed ----

class Base:
    """A case as it was left, in memory, and the log of that time."""

    def __init__(self, name, con, log):
        self.name, self.log = name, log
        memory = sqlite3.connect(":memory:", isolation_level=None)
        con.backup(memory)
        con.close()
        self.image = memory.serialize()
        self.facts = memory.execute("SELECT count(*) FROM fact").fetchone()[0]
        statement = memory.execute("SELECT statement FROM seal_head ORDER BY n DESC").fetchone()[0]
        self.covered = verify.parse_statement(statement.encode()).facts
        self.key = verify.parse_statement(statement.encode()).key
        self.closed = memory.execute("SELECT closed_us FROM case_info").fetchone()[0] is not None
        memory.close()

    def open(self):
        con = sqlite3.connect(":memory:", isolation_level=None)
        image = bytearray(self.image)
        image[18:20] = b"\1\1"  # no write-ahead log: in memory there is none
        con.deserialize(bytes(image))
        return con


def kill_one(program, origin, name, upto):
    proxy = Proxy(program, name)
    proxy.get(origin, 0, upto)
    if proxy.stop(signal.SIGKILL) != -signal.SIGKILL:
        raise SystemExit("the proxy ended by itself")


def copy(program, name, to):
    for end in ("", "-wal"):
        if (program.home / (name + end)).exists():
            (program.home / (to + end)).write_bytes((program.home / (name + end)).read_bytes())


def record(program):
    """The bases. A killed case is opened as it is, with its write-ahead log."""
    bases = []

    def keep(name, path):
        bases.append(Base(name, sqlite3.connect(program.home / path), program.log.read_bytes()))

    program.need("demo", "--browser", "none", "--case", "demo.case")
    keep("demo", "demo.case")
    copy(program, "demo.case", "closed.case")
    program.need("close", "closed.case", "--reason", "done")
    keep("closed", "closed.case")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = server.server_address[1]
    kill_one(program, origin, "killed.case", 6)
    for name in ("look.case", "again.case"):
        copy(program, "killed.case", name)
    if not program.verify("killed.case", program.log.parent)[0]:
        raise SystemExit("a killed case does not hold")
    keep("killed", "look.case")
    proxy = Proxy(program, "again.case")
    proxy.get(origin, 6, 9)
    if proxy.stop(signal.SIGTERM) != 0:
        raise SystemExit("the proxy did not end well")
    keep("reopened", "again.case")
    kill_one(program, origin, "again.case", 4)
    keep("killed again", "again.case")
    server.shutdown()
    return bases


def made():
    """Cases of make.py, for what the program does not make yet or not so: erased values, no key."""
    bases = []
    for name, how in (("made, erased", {"erased": True}), ("made, erased and closed", {"erased": True, "closed": True}),
                      ("made, unsigned", {"signed": False}), ("made, with an end", {"tail": 3})):
        bases.append(Base(name, *make.make_case(**how)))
    return bases


# ---- a change, and what is said of it ----

class Worker:
    def __init__(self, program, folder):
        self.program, self.signatures = program, verify.Signatures()
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.folder.chmod(0o700)
        self.case, self.log = self.folder / "x.case", self.folder / "heads.log"

    def put(self, con, log):
        self.case.write_bytes(con.serialize())
        self.log.write_bytes(log)

    def python(self, log=None, keys=()):
        try:
            out = verify.verify_path(self.case, verify.Options(keys, self.signatures, log))
        except verify.Unreadable as error:
            return False, {"error": str(error)}
        return out["holds"], out

    def both(self, log, with_log, key=None):
        """(C holds, its faults, Python holds, its answer)"""
        return (*self.program.verify(self.case, self.folder if with_log else None, key),
                *self.python(log if with_log else None, [key] if key else []))

    def untouched(self, base):
        con = base.open()
        self.put(con, base.log)
        con.close()
        for with_log in (False, True):
            c, faults, py, out = self.both(base.log, with_log)
            if not (c and py):
                return [f"untouched {base.name}: {faults} {out.get('findings', out)}"]
        return []

    def changed(self, base, name, seed):
        """(what was done, whether it was found without the log, what is wrong)"""
        con = base.open()
        try:
            done, log = tamper.tamper(con, base.log, name, seed)
            self.put(con, log)
        finally:
            con.close()
        wrong = []
        for with_log, must in ((False, done["visible"]), (True, done["visible_with_log"])):
            c, faults, py, out = self.both(log, with_log)
            said = (f"{name} {seed} on {base.name}, {'with' if with_log else 'without'} the log: {done}\n    C: {faults}\n"
                    f"    Python: {out.get('findings', out)[:4] if 'findings' in out else out}")
            if c != py:
                wrong.append(f"one finds it, one does not (C {'holds' if c else 'does not'}): {said}")
            elif c == must:
                wrong.append(f"{'not found' if must else 'found, though nobody can know'}: {said}")
            elif not c and not covers(done, faults):
                wrong.append(f"the program names others: {said}")
        if name in NEEDS_KEY and base.key != "-":
            c, faults, py, out = self.both(log, False, base.key)
            if c or py:
                wrong.append(f"another key is not found: {name} {seed} on {base.name}: {faults} {out}")
        return done, wrong


def covers(done, faults):
    """Whether the program names what was touched. A head's fault names no facts."""
    if faults is None or done["from"] is None:
        return True
    spans = [(f["from"], f["to"]) for f in faults if f["from"] is not None]
    if done["class"] in ONE_FACT:
        return bool(spans) and spans[0][0] <= done["from"] <= spans[0][1] and len(set(spans)) <= 2
    touched = any(first <= done["to"] and last >= done["from"] for first, last in spans)
    return touched or len(spans) < len(faults)


# ---- all of it ----

def run_changes(worker, bases, jobs):
    counts, wrong = collections.Counter(), []
    for n, name in jobs:
        for attempt in range(len(bases) * 3):
            base = bases[(n + attempt) % len(bases)]
            try:
                done, bad = worker.changed(base, name, f"{n}.{attempt}")
            except tamper.NotHere:
                continue
            counts["changes"] += 1
            counts["unseen" if not done["visible_with_log"] else "seen" if done["visible"] else "by the log alone"] += 1
            wrong += bad
            counts["wrong"] += bool(bad)
            break
        else:
            counts["nothing to change"] += 1
    return counts, wrong


def run_untouched(worker, bases, count, number):
    wrong = []
    for n in range(number, count, 2):
        wrong += worker.untouched(bases[n % len(bases)])
    return collections.Counter(untouched=len(range(number, count, 2)), wrong=len(wrong)), wrong


def run(program, folder, asked):
    bases = record(program)
    print("recorded: " + ", ".join(f"{b.name} ({b.facts} facts, {b.facts - b.covered} behind the last head)" for b in bases))
    bases += made()
    classes = list(tamper.CLASSES)
    jobs = [(f"{asked.seed}{n}", classes[n % len(classes)]) for n in range(asked.changes)]
    jobs = [(int(n), name) for n, name in jobs]
    workers = [Worker(program, pathlib.Path(folder) / f"worker{i}") for i in range(2)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        found = [pool.submit(run_untouched, workers[i], bases, asked.untouched, i) for i in range(2)]
        found = [f.result() for f in found]
        more = [pool.submit(run_changes, workers[i], bases, jobs[i::2]) for i in range(2)]
        found += [f.result() for f in more]
    return sum((c for c, _ in found), collections.Counter()), [w for _, wrong in found for w in wrong]


def main(argv):
    parser = argparse.ArgumentParser(description="Changes cases of the real program, and looks whether it is found.")
    parser.add_argument("--program", default=os.environ.get("CLICKTRAIL_BIN", "clicktrail"))
    parser.add_argument("--changes", type=int, default=10000)
    parser.add_argument("--untouched", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(argv)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="clicktrail-soak-") as home:
        counts, wrong = run(Program(asked.program, home), home, asked)
    shown = collections.Counter()
    for line in wrong:
        name = re.search(r"'class': '(\w+)'|$", line).group(1)
        shown[name] += 1
        if shown[name] <= SHOWN_MAX:
            print(line)
    print(f"{counts['untouched']} untouched and {counts['changes']} changed cases in {time.monotonic() - began:.0f} s: "
          f"{counts['seen']} changes found, {counts['by the log alone']} by the log alone, {counts['unseen']} that nobody can see; "
          f"{counts['nothing to change']} times nothing to change; {counts['wrong']} not as they have to be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
