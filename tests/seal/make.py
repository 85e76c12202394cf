#!/usr/bin/env python3
"""Makes small sealed cases as docs/seal.md says, with known salts, keys and contents, and the vectors that other writers of the
seal are tested against.

usage: make.py CASE [--closed] [--erased] [--unsigned] [--log heads.log]
       make.py --vectors vectors.json
"""
import argparse
import datetime
import hashlib
import json
import pathlib
import sqlite3
import sys

import verify
from verify import PIECES_MAX, Text, i64, sha256, u64

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "store" / "schema"
# What RFC 8410 puts before the 32 bytes of an Ed25519 private key.
PKCS8_PREFIX = bytes.fromhex("302e020100300506032b657004220420")
CASE_ID = hashlib.sha256(b"a case").hexdigest()[:32]
START_US = 1795953600000000  # 2026-11-29T12:00:00Z
FIRST_REQUEST = 5  # of the cases made here


# ---- the schema ----

def make_schema(con):
    steps = sorted(SCHEMA.glob("*.sql"))
    for step in steps:
        con.executescript(step.read_text(encoding="utf-8"))
    con.execute("PRAGMA application_id = 0x636c6b74")
    con.execute(f"PRAGMA user_version = {len(steps)}")


# ---- keys ----

class Key:
    """An Ed25519 key from 32 known bytes."""

    made = {}  # Ed25519 gives the same signature for the same statement

    def __init__(self, seed):
        self.der = PKCS8_PREFIX + seed
        done = verify.run_openssl(["pkey", "-inform", "DER", "-in", "{0}", "-pubout", "-outform", "DER"], [self.der])
        self.public = done.stdout[-32:]

    def sign(self, statement):
        asked = (self.der, statement)
        if asked not in Key.made:
            done = verify.run_openssl(["pkeyutl", "-sign", "-keyform", "DER", "-inkey", "{0}", "-rawin", "-in", "{1}"],
                                      [self.der, statement])
            Key.made[asked] = done.stdout
        return Key.made[asked]


def known_key(name):
    return Key(sha256(name.encode()))


# ---- sealing ----

def rfc3339(us):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def log_line(link, statement, signature):
    s = verify.parse_statement(statement)
    hexed = signature.hex() if signature else "-"
    return f"{link} {s.case} {s.head} {s.kind} {s.facts} {s.at} {s.running} {s.root} {s.previous} {s.key} {hexed}".encode()


class Log:
    def __init__(self):
        self.lines = []

    def add(self, statement, signature):
        link = sha256(self.lines[-1]).hex() if self.lines else verify.ZERO_HEX
        self.lines.append(log_line(link, statement, signature))

    def bytes(self):
        return b"".join(line + b"\n" for line in self.lines)


class Sealer:
    """Writes facts into a case, sealed; or seals anew what stands in one (that is what a forger does, too)."""

    def __init__(self, con, key, log=None):
        self.con, self.key, self.log = con, key, log
        self.session = 1
        con.text_factory = Text
        self.kinds = {name: (number, fields) for number, (name, fields) in verify.Case(con).kinds.items()}
        self.restart()

    def restart(self):
        info = self.con.execute("SELECT id, created_us, tool_name, tool_version, operator_name FROM case_info").fetchone()
        self.case_id = bytes(info[0]).decode()
        self.running = verify.case_start(info)
        self.tree = verify.Tree()
        self.seq, self.heads, self.previous = 0, 0, verify.ZERO_HEX

    def go_on(self):
        """Takes up a case where it was left."""
        case = verify.Case(self.con)
        erasures = verify.Erasures(case)
        for columns in case.facts():
            row = verify.Row(case, columns)
            self.tree.add(row.leaf(erasures))
            self.running, self.seq = row.running(), row.seq
        for n, statement in self.con.execute("SELECT n, statement FROM seal_head ORDER BY n"):
            self.heads, self.previous = n, sha256(statement).hex()

    def salt_of(self, seq):
        return sha256(b"a known salt" + self.case_id.encode() + u64(seq))[:16]

    def take(self, leaf):
        self.running = sha256(self.running + leaf)
        self.tree.add(leaf)
        return self.running

    def add(self, kind, /, **values):
        """Adds a fact; its seq."""
        number, fields = self.kinds[kind]
        self.seq += 1
        values.setdefault("session", self.session)
        values.setdefault("at_us", START_US + 1000 * self.seq)
        row = [values.get(name) for name in fields]
        salt = self.salt_of(self.seq)
        typed = [Text(v.encode()) if isinstance(v, str) else v for v in row]
        leaf = verify.leaf_hash(kind, fields, self.seq, typed, verify.Salts(salt), {})
        columns = ["seq", "kind", "session", "at_us"] + [f"f{n}" for n in range(3, len(fields) + 1)] + ["seal"]
        self.con.execute(f"INSERT INTO fact ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                         [self.seq, number] + row + [salt + self.take(leaf)])
        return self.seq

    def head(self, kind="running"):
        self.heads += 1
        key = self.key.public.hex() if self.key else "-"
        statement = verify.statement_text(self.case_id, self.heads, kind, self.seq, rfc3339(START_US + 1000 * self.seq),
                                          self.running.hex(), self.tree.root().hex(), self.previous, key)
        signature = self.key.sign(statement) if self.key else None
        self.con.execute("INSERT INTO seal_head (n, statement, signature, frontier) VALUES (?, ?, ?, ?)",
                         (self.heads, statement.decode(), signature, self.tree.frontier()))
        self.previous = sha256(statement).hex()
        if self.log:
            self.log.add(statement, signature)

    def close(self):
        seq = self.add("close", session=None, reason="done")
        self.con.execute("UPDATE case_info SET closed_us = ?", (START_US + 1000 * seq,))
        self.head("closing")

    # Erasure.

    def erase(self, parts):
        """parts: [(seq, part)]. Takes them away and says so."""
        chosen = sorted(parts)
        rows = [(seq, part, self.commitment(seq, part)) for seq, part in chosen]
        listed = sha256(b"".join(i64(seq) + u64(part) + c for seq, part, c in rows))
        erasure = self.add("erasure", operator_name="somebody", reason="asked to", n=len(rows), list=listed)
        for seq in sorted({seq for seq, _ in chosen}):
            self.take_out(seq, [(part, c) for s, part, c in rows if s == seq], erasure)
        return erasure

    def row(self, seq):
        case = verify.Case(self.con)
        return verify.Row(case, case.facts("WHERE seq = ?", (seq,)).fetchone())

    def commitment(self, seq, part):
        row = self.row(seq)
        kind, fields = row.kind_fields()
        salts = verify.Salts(row.salt())
        i, piece = (part, None) if part < PIECES_MAX else divmod(part, PIECES_MAX)
        value, start = row.values[i - 1], verify.block_start(kind, fields[i - 1])
        if piece is not None:
            begin, end = verify.committed_spans(value, start)[piece]
            return verify.value_commitment(salts.of(part), b"b", value[begin:end])
        if start is not None:
            return verify.block_commitment(i, value, start, salts, {})[0]
        return verify.value_commitment(salts.of(i), b"t" if isinstance(value, Text) else b"b", value)

    def take_out(self, seq, erased, erasure):
        row = self.row(seq)
        kind, fields = row.kind_fields()
        before = row.salt()
        for part, commitment in erased:
            self.con.execute("INSERT INTO seal_erased (seq, part, commitment, erasure) VALUES (?, ?, ?, ?)",
                             (seq, part, commitment, erasure))
            self.blank(row, kind, fields, part)
        values = self.row(seq).values[:len(fields)]
        needed = verify.Salts(before)
        verify.leaf_bytes(kind, fields, seq, values, needed, dict(erased))
        for part in sorted(needed.used):
            self.con.execute("INSERT INTO seal_salt (seq, part, salt) VALUES (?, ?, ?)",
                             (seq, part, verify.part_salt(before, part)))
        self.con.execute("UPDATE fact SET seal = ? WHERE seq = ?", (bytes(16) + row.running(), seq))

    def blank(self, row, kind, fields, part):
        i = part if part < PIECES_MAX else part // PIECES_MAX
        value = None
        if part >= PIECES_MAX:
            old = bytes(self.row(row.seq).values[i - 1])
            begin, end = verify.committed_spans(old, verify.block_start(kind, fields[i - 1]))[part % PIECES_MAX]
            value = old[:begin] + b"x" * (end - begin) + old[end:]
        self.con.execute(f"UPDATE fact SET f{i} = ? WHERE seq = ?", (value, row.seq))

    # Sealing anew.

    def reseal(self):
        """All facts as they stand, renumbered, with the same heads where they still fit. A closing stays one."""
        case = verify.Case(self.con)
        heads = self.con.execute("SELECT statement FROM seal_head ORDER BY n").fetchall()
        marks = [s for s in (verify.parse_statement(row[0]) for row in heads) if s]
        self.con.execute("DELETE FROM seal_head")
        self.restart()
        erasures = verify.Erasures(case)
        rows = [verify.Row(case, columns) for columns in case.facts().fetchall()]
        for row in rows:
            self.reseal_row(row, erasures)
            for mark in marks:
                if mark.facts == row.seq:
                    self.head(mark.kind)
        if rows and (not marks or marks[-1].facts > rows[-1].seq):
            self.head(marks[-1].kind if marks else "running")

    def reseal_row(self, row, erasures):
        old, self.seq = row.seq, self.seq + 1
        leaf = row.leaf(erasures, self.seq)
        self.con.execute("UPDATE fact SET seq = ?, seal = ? WHERE seq = ?", (self.seq, row.salt() + self.take(leaf), old))


# ---- contents ----

REQUEST_HEAD = (b"GET http://a.example/path?token=secret HTTP/1.1\r\nHost: a.example\r\n: no name\r\nno colon at all\r\n"
                b"Cookie: id=1; session=abcdef\r\nX-Empty:\r\nX-Bare-CR: a\rb\r\r\nX-LF: ends in LF\n\r\n")
RESPONSE_HEAD = b"HTTP/1.1 302 Moved: here\r\nLocation: https://b.example/\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n"
H2_FIELDS = b":method: GET\r\n:path: /x?y=z\r\n:authority: b.example\r\ncookie: a=b\r\ncookie: c=d\r\n\r\n"


def add_start(sealer):
    sealer.add("session", command="trace", mode="intercept", link="http://a.example/", options="{}",
               tool_name="clicktrail", tool_version="1.0", browser="firefox", ca_sha256=sha256(b"a CA"))
    sealer.add("tunnel", tunnel=1, client_ip="127.0.0.1", client_port=40000, listener_ip="127.0.0.1", listener_port=8080)
    sealer.add("connect", tunnel=1, kind="connect", host="a.example", port=443, outcome="ok",
               head=b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n")
    sealer.add("dns", tunnel=1, leg=1, name="a.example", source="dns", resolver="192.0.2.53", cnames="",
               addresses="192.0.2.1/300", ttl=300, elapsed_us=1234, outcome="ok")


def add_exchange(sealer, n):
    """An exchange in five facts; every third one is HTTP/2."""
    data = b"".join(sha256(u64(n) + u64(i)) for i in range(8))
    if n % 3:
        sealer.add("request", exchange=n, tunnel=1, n=n, method="GET", url=f"http://a.example/{n}?q=\u00e4",
                   version="HTTP/1.1", head=REQUEST_HEAD)
        sealer.add("response", exchange=n, leg=1, status=302, reason="Moved: here", version="HTTP/1.1", made_by="origin",
                   oddities="", head=RESPONSE_HEAD)
    else:
        sealer.add("request", exchange=n, tunnel=1, n=n, method="GET", url="https://b.example/x?y=z", version="HTTP/2",
                   fields=H2_FIELDS)
        sealer.add("response", exchange=n, leg=1, status=200, version="HTTP/2", made_by="origin",
                   fields=b":status: 200\r\nserver: x\r\n\r\n")
    sealer.add("chunk", exchange=n, side=1, n=0, size=len(data), sha256=sha256(data), data=data)
    sealer.add("note", tunnel=1, code="probe")
    sealer.add("exchange_end", exchange=n, leg=1, reason="ok", req_size=0, req_stored=0, req_sha256=sha256(b""),
               res_size=len(data), res_stored=len(data), res_sha256=sha256(data), recorder_wait_us=17)


def erase_some(sealer, first):
    """From the exchange that begins at that seq: its URL, a cookie, and its body with the digests."""
    at = {name: i + 1 for kind in ("request", "chunk", "exchange_end") for i, name in enumerate(sealer.kinds[kind][1])}
    head = sealer.kinds["request"][1].index("head") + 1
    url = sealer.kinds["request"][1].index("url") + 1
    sealer.erase([(first, url), (first, PIECES_MAX * head), (first, PIECES_MAX * head + 4), (first + 2, at["sha256"]),
                  (first + 2, at["data"]), (first + 4, at["res_sha256"])])


def new_case(path=":memory:", operator="Somebody"):
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("PRAGMA page_size = 4096")
    make_schema(con)
    con.execute("INSERT INTO case_info (n, id, created_us, opened_us, tool_name, tool_version, operator_name) "
                "VALUES (1, ?, ?, ?, 'clicktrail', '1.0', ?)",
                (CASE_ID, START_US, START_US, operator))
    return con


def add_session(sealer, exchanges):
    add_start(sealer)
    for n in range(1, exchanges + 1):
        add_exchange(sealer, n)
        if n % 3 == 2:
            sealer.head()
    sealer.add("session_end", reason="landed", complete=1)
    sealer.head("session")


def make_case(path=":memory:", exchanges=4, closed=False, erased=False, signed=True, tail=0):
    """(connection, log's bytes) of a case of two sessions with some heads each. tail: facts behind the last head."""
    con = new_case(path)
    log = Log()
    sealer = Sealer(con, known_key("a key") if signed else None, log)
    con.execute("BEGIN")
    for sealer.session in (1, 2):
        add_session(sealer, exchanges)
    if erased:
        erase_some(sealer, FIRST_REQUEST)
        sealer.head()
    if closed:
        sealer.close()
    for _ in range(tail):
        sealer.add("note", code="probe", detail="behind the last head")
    con.execute("COMMIT")
    return con, log.bytes()


# ---- vectors ----

def vector_value(value):
    """How a field stands in vectors.json: null, {"i": n}, {"t": hex}, {"b": hex}; a long block as {"repeat": ...}."""
    if value is None or isinstance(value, int):
        return value if value is None else {"i": value}
    return {"t" if isinstance(value, Text) else "b": value.hex()}


def vector_field(i, name, value, kind, salts):
    out = {"part": i, "name": name, "value": vector_value(value)}
    if not isinstance(value, bytes):
        return out
    out["salt"] = salts.of(i).hex()
    start = verify.block_start(kind, name)
    if start is None:
        out["commitment"] = verify.value_commitment(salts.of(i), b"t" if isinstance(value, Text) else b"b", value).hex()
        return out
    out["pieces"], j = [], 0
    for letter, piece in verify.block_pieces(value, start):
        shown = {letter: piece.hex()}
        if letter == "c":
            part = PIECES_MAX * i + j
            salt = salts.of(part)
            shown.update(part=part, salt=salt.hex(), commitment=verify.value_commitment(salt, b"b", piece).hex())
            j += 1
        out["pieces"].append(shown)
    out["commitment"] = verify.block_commitment(i, value, start, salts, {})[0].hex()
    return out


def vector_fact(row, tree):
    kind, fields = row.kind_fields()
    values = row.values[:len(fields)]
    salts = verify.Salts(row.salt())
    known = verify.known_count(values, {})
    body = verify.leaf_bytes(kind, fields, row.seq, values, salts, {})
    leaf = sha256(b"\0" + body)
    tree.add(leaf)
    return {"kind": kind, "seq": row.seq, "salt": row.salt().hex(), "blind": salts.of(0).hex(), "n": known,
            "fields": [vector_field(i + 1, fields[i], values[i], kind, salts) for i in range(known)],
            "d": body.hex(), "leaf": leaf.hex(), "running": row.running().hex(), "root": tree.root().hex(),
            "frontier": tree.frontier().hex()}


MANY = (b"HTTP/1.1 200 OK\r\n", b"h: v\r\n")  # the beginning, and a line that comes again and again


def add_odd_facts(sealer):
    """What is easily read in two ways."""
    add = sealer.add
    add("request", exchange=9, method="GET", head=b"GET a b  c HTTP/1.1 \r\nA:b\r\n::\r\n:\r\n\r\r\n\nlast: no LF")
    add("request", exchange=10, method="GET", head=b"GET /only-one-space\r\r\n \r\n")
    add("request", exchange=11, method="GET", head=b"\r\nGET / HTTP/1.1\r\n\r\n")
    add("request", exchange=12, method="GET", head=b"", fields=b"")
    add("request", exchange=13, method="GET", head=b"NOSPACE", fields=b"\n")
    add("request", exchange=14, method="GET", head=b"A  B\r\nlf before: x\n\r: y\r\ntrailing CRs: z\r\r\r")
    add("interim", exchange=9, status=103, head=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    add("interim", exchange=9, status=103, fields=b":status: 103\r\nlink: </a>\r\n\r\n")
    add("note", session=None, at_us=None)
    add("note", detail="\u00e4\u4f60\U0001f600", at_us=-1)
    add("note", code="", detail="")
    add("note", code="n" * 64, detail="d" * 65)
    add("chunk", exchange=-2 ** 63 + 1, side=2 ** 63 - 1, size=0, data=b"")
    add("response", exchange=1, status=200, head=MANY[0] + MANY[1] * (PIECES_MAX - 1) + b"x: y\r\n")
    add("response", exchange=1, status=200, head=MANY[0] + MANY[1] * (PIECES_MAX - 1) + b"x: y\r\n\r\n")
    add("exchange_end", exchange=9, req_trailers=b"a: b\r\n", reason="ok")
    add("connect", kind="plain", head=b"GET http://a.example/ HTTP/1.0\r\n\r\n")


def shorten(fact):
    """Of the facts with thousands of lines: says how the block is made, and shows the first and the last pieces."""
    for field in fact["fields"]:
        if len(field.get("pieces", ())) <= 100:
            continue
        block = bytes.fromhex(field["value"]["b"])
        count = PIECES_MAX - 1
        field["value"] = {"repeat": {"before": MANY[0].hex(), "piece": MANY[1].hex(), "count": count,
                                     "after": block[len(MANY[0]) + count * len(MANY[1]):].hex()}}
        field["n_pieces"] = len(field["pieces"])
        field["first_pieces"], field["last_pieces"] = field["pieces"][:4], field["pieces"][-4:]
        del field["pieces"]
    return fact


def vector_erasure(sealer):
    """What erasing from the first exchange leaves behind. Last, for it changes the case."""
    erase_some(sealer, FIRST_REQUEST)
    con = sealer.con
    rows = con.execute("SELECT seq, part, commitment FROM seal_erased ORDER BY seq, part").fetchall()
    salts = con.execute("SELECT seq, part, salt FROM seal_salt ORDER BY seq, part").fetchall()
    left = []
    for seq in sorted({row[0] for row in rows}):
        row = sealer.row(seq)
        kind, fields = row.kind_fields()
        left.append({"seq": seq, "kind": kind, "seal": row.seal.hex(),
                     "fields": {name: vector_value(value) for name, value in zip(fields, row.values)}})
    return {"list": verify.Erasures(verify.Case(con)).list_hash(sealer.seq).hex(), "left": left,
            "rows": [{"seq": seq, "part": part, "commitment": c.hex()} for seq, part, c in rows],
            "salts": [{"seq": seq, "part": part, "salt": salt.hex()} for seq, part, salt in salts]}


def vectors():
    con = new_case(operator=None)
    log = Log()
    key = known_key("a key")
    sealer = Sealer(con, key, log)
    start = sealer.running
    sealer.head()
    add_start(sealer)
    for n in (1, 3):
        add_exchange(sealer, n)
    sealer.head("session")
    add_odd_facts(sealer)
    sealer.head()
    case, tree = verify.Case(con), verify.Tree()
    facts = [shorten(vector_fact(verify.Row(case, columns), tree)) for columns in case.facts()]
    heads = [{"n": n, "statement": statement.decode(), "signature": signature.hex(), "frontier": frontier.hex()}
             for n, statement, signature, frontier in con.execute("SELECT * FROM seal_head ORDER BY n")]
    info = dict(zip(("id", "created_us", "tool_name", "tool_version", "operator_name"), verify.Case(con).info()[0]))
    info = {name: value.decode() if isinstance(value, bytes) else value for name, value in info.items()}
    return {"about": "made by tests/seal/make.py --vectors; bytes are in hex",
            "case_info": info, "running_0": start.hex(), "root_0": verify.Tree().root().hex(),
            "private_key": key.der[-32:].hex(), "public_key": key.public.hex(),
            "facts": facts, "heads": heads, "log": [line.decode() for line in log.lines],
            "erasure": vector_erasure(sealer)}


def main(argv):
    parser = argparse.ArgumentParser(description="Makes a small sealed case, or the vectors.")
    parser.add_argument("case", nargs="?")
    parser.add_argument("--closed", action="store_true")
    parser.add_argument("--erased", action="store_true")
    parser.add_argument("--unsigned", action="store_true")
    parser.add_argument("--log")
    parser.add_argument("--vectors")
    asked = parser.parse_args(argv)
    if asked.vectors:
        pathlib.Path(asked.vectors).write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
    if asked.case:
        pathlib.Path(asked.case).unlink(missing_ok=True)
        con, log = make_case(asked.case, closed=asked.closed, erased=asked.erased, signed=not asked.unsigned)
        con.close()
        if asked.log:
            pathlib.Path(asked.log).write_bytes(log)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
