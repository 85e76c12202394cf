#!/usr/bin/env python3
"""Makes one change to a sealed case, as somebody might who wants it to say something else. A runner calls tamper() on copies in
memory, thousands of times; the program changes a file in place.

usage: tamper.py CASE CLASS SEED [--log heads.log]
       tamper.py --classes
Prints what was done as JSON: "from" and "to" the facts that it touches, "head" the head, "visible" whether somebody without the
log can see it, "visible_with_log".
"""
import argparse
import json
import pathlib
import random
import sqlite3
import sys

import make
import verify
from verify import Text

CLASSES = {}


def tampering(function):
    CLASSES[function.__name__] = function
    return function


class NotHere(Exception):
    """This case has nothing that this class of change could be made to."""


class Work:
    """A case, its log, and the dice."""

    def __init__(self, con, log, seed):
        self.con, self.log = con, log
        self.dice = random.Random(seed)
        con.text_factory = Text
        con.isolation_level = None
        self.case = verify.Case(con)
        self.seqs = [row[0] for row in con.execute("SELECT seq FROM fact ORDER BY seq")]
        self.heads = [(n, verify.parse_statement(statement)) for n, statement in
                      con.execute("SELECT n, statement FROM seal_head ORDER BY n")]
        # What no head covers anybody can write anew, and what no signed one covers, with the heads.
        self.covered = max((s.facts for _, s in self.heads), default=0)

    def run(self, sql, args=()):
        return self.con.execute(sql, args)

    def row(self, seq):
        return verify.Row(self.case, self.case.facts("WHERE seq = ?", (seq,)).fetchone())

    def any_fact(self):
        return self.row(self.dice.choice(self.seqs))

    def any_value(self, fits):
        """(row, column, value) of some fact's field that fits."""
        for seq in self.dice.sample(self.seqs, len(self.seqs)):
            row = self.row(seq)
            found = [i for i, value in enumerate(row.values) if fits(value)]
            if found:
                i = self.dice.choice(found)
                return row, ("session", "at_us")[i] if i < 2 else f"f{i + 1}", row.values[i]
        raise NotHere

    def set_fact(self, seq, column, value):
        cast = "CAST(? AS TEXT)" if isinstance(value, Text) else "?"
        self.run(f"UPDATE fact SET {column} = {cast} WHERE seq = ?", (value, seq))

    def flipped(self, value):
        if not value:
            raise NotHere
        at, bit = self.dice.randrange(len(value)), self.dice.randrange(8)
        out = value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1:]
        return Text(out) if isinstance(value, Text) else out

    def any_head(self):
        if not self.heads:
            raise NotHere
        return self.dice.choice(self.heads)

    def renumber(self, first, by):
        """Moves the facts from that one on."""
        for seq in sorted((s for s in self.seqs if s >= first), reverse=by > 0):
            self.run("UPDATE fact SET seq = ? WHERE seq = ?", (seq + by, seq))

    def erasures(self):
        return verify.Erasures(self.case)

    def rehash(self, first):
        """Writes the running values anew from that fact on, as anybody can. False where that cannot be done."""
        running = verify.case_start(self.case.info()[0])
        erasures = self.erasures()
        for columns in self.case.facts().fetchall():
            row = verify.Row(self.case, columns)
            if row.seq < first:
                running = row.running()
                continue
            running = verify.sha256(running + row.leaf(erasures))
            self.set_fact(row.seq, "seal", row.salt() + running)


def did(text, first=None, last=None, head=None, visible=True, with_log=True):
    return {"did": text, "from": first, "to": first if last is None else last, "head": head, "visible": visible,
            "visible_with_log": visible or with_log}


# ---- facts ----

@tampering
def bit_flip(work):
    row, column, value = work.any_value(lambda v: isinstance(v, bytes) and v)
    work.set_fact(row.seq, column, work.flipped(value))
    return did(f"flipped a bit of {column}", row.seq)


@tampering
def salt_flip(work):
    row = work.any_fact()
    work.set_fact(row.seq, "seal", work.flipped(row.seal[:16]) + row.seal[16:])
    return did("flipped a bit of the salt", row.seq)


@tampering
def running_flip(work):
    row = work.any_fact()
    work.set_fact(row.seq, "seal", row.seal[:16] + work.flipped(row.seal[16:]))
    return did("flipped a bit of the running value", row.seq)


@tampering
def seal_cut(work):
    row = work.any_fact()
    work.set_fact(row.seq, "seal", work.dice.choice([None, b"", row.seal[:-1], row.seal + b"\0"]))
    return did("made seal shorter or longer", row.seq)


@tampering
def integer_step(work):
    row, column, value = work.any_value(lambda v: isinstance(v, int))
    work.set_fact(row.seq, column, value + work.dice.choice([-1, 1]))
    return did(f"changed {column} by one", row.seq)


@tampering
def kind_changed(work):
    row = work.any_fact()
    kinds = [n for n, _ in work.run("SELECT kind, name FROM fact_kind") if n != row.number] + [0, 1000]
    work.set_fact(row.seq, "kind", work.dice.choice(kinds))
    return did("changed the kind", row.seq)


@tampering
def seq_changed(work):
    row = work.any_fact()
    seq = work.dice.choice([0, -row.seq, work.seqs[-1] + 1 + work.dice.randrange(9), 2 ** 63 - 1])
    work.run("UPDATE fact SET seq = ? WHERE seq = ?", (seq, row.seq))
    # The last fact's new number may look like a gap before it.
    return did(f"gave the fact the number {seq}", min(row.seq, seq), max(row.seq, seq))


@tampering
def value_unknown(work):
    row, column, _ = work.any_value(lambda v: v is not None)
    work.set_fact(row.seq, column, None)
    return did(f"took {column} away", row.seq)


@tampering
def value_known(work):
    row, column, _ = work.any_value(lambda v: v is None)
    work.set_fact(row.seq, column, work.dice.choice([0, 1]))
    return did(f"gave {column} a value", row.seq)


@tampering
def type_changed(work):
    row, column, value = work.any_value(lambda v: v is not None)
    if column in ("session", "at_us"):
        raise NotHere
    if isinstance(value, int):
        new = work.dice.choice([Text(str(value).encode()), float(value), str(value).encode()])
    else:
        new = bytes(value) if isinstance(value, Text) else Text(value)
    work.set_fact(row.seq, column, new)
    return did(f"changed the type of {column}", row.seq)


@tampering
def strict_lost(work):
    """Any type in any column, as SQLite allows to a table that is not STRICT."""
    tables = {"fact": ("seal", "kind", "session", "at_us"), "case_info": ("id", "created_us", "closed_us"),
              "fact_kind": ("name",), "seal_head": ("statement", "signature"),
              "seal_erased": ("seq", "part", "commitment", "erasure"), "seal_salt": ("seq", "part", "salt")}
    table = work.dice.choice(sorted(tables))
    column = work.dice.choice(tables[table])
    work.run("PRAGMA writable_schema = ON")
    work.run("UPDATE sqlite_master SET sql = replace(replace(replace(sql, 'STRICT, ', ''), ') STRICT', ')'), ' NOT NULL', '') "
             "WHERE name = ?", (table,))
    work.run("PRAGMA writable_schema = RESET")
    key = "seq, part" if table in ("seal_erased", "seal_salt") else "rowid, 0"
    found = work.run(f"SELECT {key} FROM {table}").fetchall()
    if not found:
        raise NotHere
    place = work.dice.choice(found)
    new = work.dice.choice([1.5, 2.0 ** 70, float("inf"), b"\xff\0", "x", "\0", -1, ""])
    old = work.run(f"SELECT {column} FROM {table} WHERE ({key}) = (?, ?)", place).fetchone()[0]
    if column == "closed_us" and old is None and new == "":
        new = "x"
    work.run(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE ({key}) = (?, ?)", (new, *place))
    rowid = place[0]
    if table == "fact":
        return did(f"put {new!r} into fact.{column}", rowid)
    return did(f"put {new!r} into {table}.{column}", head=rowid if table == "seal_head" else None)


@tampering
def fact_removed(work):
    seq = work.dice.choice([s for s in work.seqs if s <= work.covered])
    work.run("DELETE FROM fact WHERE seq = ?", (seq,))
    return did("removed a fact", seq)


@tampering
def fact_removed_renumbered(work):
    if work.erasures().count:
        raise NotHere
    seq = work.dice.choice([s for s in work.seqs if s <= work.covered])
    work.run("DELETE FROM fact WHERE seq = ?", (seq,))
    work.renumber(seq + 1, -1)
    return did("removed a fact and renumbered those behind it", seq)


@tampering
def fact_added(work):
    """A copy of another fact, put in; those behind renumbered."""
    at, source = work.dice.choice(work.seqs), work.dice.choice(work.seqs)
    # A copy of its neighbour could be told neither from that nor from two facts that changed places.
    if work.erasures().count or source in (at, at + 1):
        raise NotHere
    values = work.run("SELECT * FROM fact WHERE seq = ?", (source,)).fetchone()
    work.renumber(at, 1)
    work.run(f"INSERT INTO fact VALUES ({', '.join('?' * len(values))})", (at,) + typed(values[1:]))
    return did("put in a fact", at)


def typed(values):
    """For a bind, which takes no subclass of bytes for text."""
    return tuple(bytes(v).decode("utf-8", "surrogateescape") if isinstance(v, Text) else v for v in values)


def goes_on(work):
    """A sealer that goes on behind the last fact, without the key."""
    sealer = make.Sealer(work.con, None)
    sealer.go_on()
    return sealer


@tampering
def fact_appended(work):
    """With a right running value: seen only where the case is closed."""
    at_us = work.row(work.seqs[-1]).field("at_us")
    goes_on(work).add("note", code="probe", detail="never happened", at_us=at_us)
    closed = any(s.kind == "closing" for _, s in work.heads)
    return did("appended a fact", work.seqs[-1] + 1, visible=closed, with_log=closed)


@tampering
def facts_swapped(work):
    a, b = sorted(work.dice.sample(work.seqs, 2))
    columns = [c for c in work.case.columns if c != "seq" and (c != "seal" or work.dice.random() < 0.5)]
    rows = {seq: work.run(f"SELECT {', '.join(columns)} FROM fact WHERE seq = ?", (seq,)).fetchone() for seq in (a, b)}
    if rows[a] == rows[b]:
        raise NotHere
    for seq, values in ((a, rows[b]), (b, rows[a])):
        work.run(f"UPDATE fact SET {', '.join(c + ' = ?' for c in columns)} WHERE seq = ?", typed(values) + (seq,))
    return did(f"facts {a} and {b} changed places", a, b)


@tampering
def tail_cut(work):
    count = work.dice.randrange(1, len(work.seqs))
    first = max(1, work.covered - count + 1)
    work.run("DELETE FROM fact WHERE seq >= ?", (first,))
    return did("cut the last facts", first, work.seqs[-1])


@tampering
def tail_and_heads_cut(work):
    """What is left hangs together; the closing is forgotten too."""
    if work.erasures().count:
        raise NotHere
    n, _ = work.any_head()
    left = next((s.facts for m, s in work.heads if m == n - 1), 0) + work.dice.choice([0, 0, 1])
    closing = [s.facts for _, s in work.heads if s.kind == "closing"]
    left = min([left] + [facts - 1 for facts in closing])  # the fact of the closing would tell
    work.run("DELETE FROM fact WHERE seq > ?", (left,))
    work.run("DELETE FROM seal_head WHERE n >= ?", (n,))
    work.run("UPDATE case_info SET closed_us = NULL")
    return did("cut the last facts and heads", min(left + 1, work.covered), work.seqs[-1], head=n, visible=False)


@tampering
def closing_cut(work):
    """The last facts and heads, and case_info still says that it was closed."""
    if not any(s.kind == "closing" for _, s in work.heads):
        raise NotHere
    out = tail_and_heads_cut(work)
    work.run("UPDATE case_info SET closed_us = ?", (make.START_US,))
    out["visible"] = True
    return out


@tampering
def session_removed(work):
    """One session's facts, the others renumbered."""
    if work.erasures().count:
        raise NotHere
    session = work.dice.choice([row[0] for row in work.run("SELECT DISTINCT session FROM fact WHERE session IS NOT NULL")])
    gone = [row[0] for row in work.run("SELECT seq FROM fact WHERE session = ? ORDER BY seq", (session,))]
    work.run("DELETE FROM fact WHERE session = ?", (session,))
    for n, seq in enumerate([s for s in work.seqs if s not in gone], 1):
        work.run("UPDATE fact SET seq = ? WHERE seq = ?", (n, seq))
    seen = gone[0] <= work.covered or gone[-1] != work.seqs[-1] or len(gone) != gone[-1] - gone[0] + 1
    return did(f"removed session {session}", gone[0], work.seqs[-1], visible=seen, with_log=seen)


@tampering
def rehashed(work):
    """A fact changed, and all running values behind it written anew; the heads need the key."""
    row, column, value = work.any_value(lambda v: isinstance(v, int))
    if row.seq > work.covered:
        raise NotHere
    work.set_fact(row.seq, column, value + 1)
    try:
        work.rehash(row.seq)
    except verify.Broken as broken:
        raise NotHere from broken
    return did(f"changed {column} and wrote the running values anew", row.seq)


@tampering
def behind_last_head(work):
    """Facts that no head covers yet can be written anew by anybody: the price of not signing each."""
    behind = [s for s in work.seqs if s > work.covered]
    if not behind:
        raise NotHere
    seq = work.dice.choice(behind)
    work.set_fact(seq, "at_us", (work.row(seq).field("at_us") or 0) + work.dice.choice([-1, 1]))
    work.rehash(seq)
    return did("wrote facts behind the last head anew", seq, work.seqs[-1], visible=False, with_log=False)


@tampering
def tail_stretched(work):
    """The same, but as if no head had been made for a long time."""
    behind = [s for s in work.seqs if s > work.covered]
    if not behind:
        raise NotHere
    work.set_fact(behind[0], "at_us", 7)
    work.rehash(behind[0])
    return did("wrote facts behind the last head anew, as if long before the others", behind[0], work.seqs[-1],
               visible=len(behind) > 1)


@tampering
def resealed(work):
    """Everything anew, with a key of the forger's own."""
    row, column, value = work.any_value(lambda v: isinstance(v, bytes) and v)
    while row.seq > work.covered or row.seq in work.erasures().parts or row.field("list") is not None:
        row, column, value = work.any_value(lambda v: isinstance(v, bytes) and v)
    work.set_fact(row.seq, column, work.flipped(value))
    signed = any(s.key != "-" for _, s in work.heads)
    sealer = make.Sealer(work.con, make.known_key("a forger's key") if signed else None)
    try:
        sealer.reseal()
    except verify.Broken as broken:
        raise NotHere from broken
    return did(f"changed {column} and sealed all anew", row.seq, visible=False)


# ---- heads ----

@tampering
def head_removed(work):
    if len(work.heads) < 2:
        raise NotHere
    n, statement = work.dice.choice(work.heads[:-1])
    work.run("DELETE FROM seal_head WHERE n = ?", (n,))
    return did("removed a head", 1, statement.facts, head=n)


@tampering
def last_heads_removed(work):
    n, _ = work.any_head()
    closed = work.case.info()[1] is not None
    erased = bool(work.erasures().count)  # what no head covers might be anybody's
    work.run("DELETE FROM seal_head WHERE n >= ?", (n,))
    return did("removed the last heads", 1, work.covered, head=n, visible=closed or erased)


@tampering
def head_renumbered(work):
    n, statement = work.any_head()
    work.run("UPDATE seal_head SET n = ? WHERE n = ?", (n + 1000, n))
    return did("gave a head another number", 1, statement.facts, head=n)


@tampering
def heads_swapped(work):
    if len(work.heads) < 2:
        raise NotHere
    (a, first), (b, second) = sorted(work.dice.sample(work.heads, 2), key=lambda head: head[0])
    rows = [work.run("SELECT statement, signature FROM seal_head WHERE n = ?", (n,)).fetchone() for n in (b, a)]
    for n, (statement, signature) in zip((a, b), rows):
        work.run("UPDATE seal_head SET statement = CAST(? AS TEXT), signature = ? WHERE n = ?", (statement, signature, n))
    return did("two heads changed places", 1, second.facts, head=a)


@tampering
def head_replaced(work):
    """By one over the same facts with a key of the forger's own."""
    n, s = work.any_head()
    key = make.known_key("a forger's key")
    statement = s.bytes.replace(b"key " + s.key.encode(), b"key " + key.public.hex().encode())
    statement = statement.replace(s.at.encode(), b"2020-01-01T00:00:00.000000Z")
    work.run("UPDATE seal_head SET statement = ?, signature = ? WHERE n = ?", (statement.decode(), key.sign(statement), n))
    return did("replaced a head", 1, s.facts, head=n, visible=n != work.heads[-1][0])


@tampering
def statement_changed(work):
    n, s = work.any_head()
    new = work.flipped(s.bytes)
    work.run("UPDATE seal_head SET statement = CAST(? AS TEXT) WHERE n = ?", (new, n))
    still = verify.parse_statement(new)
    # Nobody has signed what a case without a key says of its last head but its facts.
    unseen = s.key == "-" and n == work.heads[-1][0] and still is not None and (still.running, still.root, still.facts,
        still.previous, still.head, still.case, still.kind) == (s.running, s.root, s.facts, s.previous, s.head, s.case, s.kind)
    return did("flipped a bit of a statement", 1, s.facts, head=n, visible=not unseen)


@tampering
def signature_changed(work):
    n, s = work.any_head()
    signature = work.run("SELECT signature FROM seal_head WHERE n = ?", (n,)).fetchone()[0]
    new = work.dice.choice([None, b"", bytes(64), work.flipped(signature), signature + b"\0"]) if signature else bytes(64)
    work.run("UPDATE seal_head SET signature = ? WHERE n = ?", (new, n))
    return did("changed a signature", 1, s.facts, head=n)


# ---- the case ----

@tampering
def case_info_changed(work):
    column = work.dice.choice(["id", "created_us", "tool_name", "tool_version", "operator_name", "closed_us"])
    old = work.run(f"SELECT {column} FROM case_info").fetchone()[0]
    if isinstance(old, bytes):
        new = Text(old[:-1] + (b"0" if old[-1:] != b"0" else b"1"))
        work.run(f"UPDATE case_info SET {column} = CAST(? AS TEXT)", (new,))
    else:
        new = 5 if old is None else work.dice.choice([old + 1, None if column == "closed_us" else old - 1])
        work.run(f"UPDATE case_info SET {column} = ?", (new,))
    return did(f"changed case_info.{column}", 0, work.seqs[-1])


@tampering
def names_changed(work):
    """What the facts' fields are called, or their kinds: it is in no leaf."""
    kind = work.dice.choice(["request", "response", "note"])
    if work.dice.random() < 0.5:
        work.run("UPDATE fact_kind SET name = 'note' WHERE name = ?", (kind,))
        if kind == "note":
            raise NotHere
        return did(f"called the kind {kind} note")
    sql = bytes(work.run("SELECT sql FROM sqlite_master WHERE name = ?", ("fact_" + kind,)).fetchone()[0]).decode()
    a, b = {"request": ("method", "url"), "response": ("reason", "version"), "note": ("code", "detail")}[kind]
    swapped = sql.replace(f"AS {a},", "AS ?,").replace(f"AS {b}", f"AS {a}").replace("AS ?,", f"AS {b},")
    if work.dice.random() < 0.5:
        swapped = sql.rstrip().rstrip(";") + " AND seq <> 7"
    work.run(f"DROP VIEW fact_{kind}")
    work.run(swapped)
    return did(f"changed the view of {kind}")


# ---- erasure ----

def any_erased(work):
    rows = work.run("SELECT seq, part, erasure FROM seal_erased").fetchall()
    if not rows:
        raise NotHere
    return work.dice.choice(rows)


@tampering
def erased_row_changed(work):
    seq, part, erasure = any_erased(work)
    column, change = work.dice.choice([("commitment", "zeroblob(32)"), ("part", "part + 100"), ("erasure", "erasure - 1"),
                                       ("seq", "seq + 1"), ("erasure", "1"), ("commitment", "zeroblob(31)"), ("part", "-1")])
    work.run(f"UPDATE OR REPLACE seal_erased SET {column} = {change} WHERE seq = ? AND part = ?", (seq, part))
    return did(f"changed {column} of an erased value", seq, erasure)


@tampering
def erased_row_removed(work):
    seq, part, erasure = any_erased(work)
    work.run("DELETE FROM seal_erased WHERE seq = ? AND part = ?", (seq, part))
    return did("removed the row of an erased value", seq, erasure)


@tampering
def erased_value_forged(work):
    """Something else where a value was erased: the commitment alone would not show it."""
    seq, part, _ = any_erased(work)
    row = work.row(seq)
    i = part if part < verify.PIECES_MAX else part // verify.PIECES_MAX
    old = row.values[i - 1]
    new = "forged" if old is None else bytes(old).replace(b"xxx", b"yyy", 1)
    if new == old:
        raise NotHere
    work.run(f"UPDATE fact SET f{i} = ? WHERE seq = ?", (new, seq))
    return did("put a value where one was erased", seq)


@tampering
def kept_salt_changed(work):
    any_erased(work)
    seq, part = work.dice.choice(work.run("SELECT seq, part FROM seal_salt").fetchall())
    if work.dice.random() < 0.5:
        work.run("UPDATE seal_salt SET salt = zeroblob(16) WHERE seq = ? AND part = ?", (seq, part))
    else:
        work.run("DELETE FROM seal_salt WHERE seq = ? AND part = ?", (seq, part))
    return did("changed or removed a salt", seq)


@tampering
def kept_salt_added(work):
    seq, _, _ = any_erased(work)
    seq = work.dice.choice([seq, seq + 1, work.seqs[-1] + 5])
    work.run("INSERT OR REPLACE INTO seal_salt (seq, part, salt) VALUES (?, ?, zeroblob(16))",
             (seq, work.dice.choice([999, 2, 0])))
    return did("added a salt", seq)


@tampering
def erasure_forged(work):
    """A fact appended that says that a value was erased: it needs no key, so a head has to cover it."""
    row, column, _ = work.any_value(lambda v: isinstance(v, bytes) and v)
    if row.seq in work.erasures().parts or column in ("session", "at_us"):
        raise NotHere
    sealer = goes_on(work)
    erasure = sealer.erase([(row.seq, int(column[1:]))])
    return did(f"erased {column} without the key", row.seq, erasure)


# ---- the log ----

def log_lines(work):
    if not work.log:
        raise NotHere
    return work.log.split(b"\n")[:-1]


def set_log(work, lines):
    work.log = b"".join(line + b"\n" for line in lines)


@tampering
def log_changed(work):
    lines = log_lines(work)
    n = work.dice.randrange(len(lines))
    lines[n] = bytes(work.flipped(lines[n]))
    set_log(work, lines)
    # No link is over the last line yet, and as another case's nobody looks at its signature.
    entry = verify.log_entry(lines[n])
    lost = n == len(lines) - 1 and entry and entry[1].case != work.heads[0][1].case
    if lost:
        return did("made the log's last line one of another case", visible=False, with_log=False)
    return did(f"flipped a bit of the log's line {n + 1}", 1, work.covered, visible=False)


@tampering
def log_cut(work):
    lines = log_lines(work)
    n = work.dice.randrange(len(lines))
    rest = lines[n + 1:] if work.dice.random() < 0.5 else []
    set_log(work, lines[:n] + rest)
    # What is taken off the end leaves no trace in the log.
    if not rest:
        return did(f"removed the log's end from line {n + 1} on", visible=False, with_log=False)
    return did(f"removed the log's line {n + 1}", 1, work.covered, visible=False)


@tampering
def log_swapped(work):
    lines = log_lines(work)
    if len(lines) < 2:
        raise NotHere
    a, b = work.dice.sample(range(len(lines)), 2)
    lines[a], lines[b] = lines[b], lines[a]
    set_log(work, lines)
    return did("two lines of the log changed places", 1, work.covered, visible=False)


# ---- all of it ----

def tamper(con, log, name, seed):
    """(what was done, the log now). Raises NotHere if the case has nothing of the kind."""
    work = Work(con, log, f"{name} {seed}")
    done = CLASSES[name](work)
    done.update({"class": name, "seed": seed})
    return done, work.log


def main(argv):
    parser = argparse.ArgumentParser(description="Makes one change to a sealed case, in place.")
    parser.add_argument("case", nargs="?")
    parser.add_argument("name", nargs="?", choices=sorted(CLASSES), metavar="CLASS")
    parser.add_argument("seed", nargs="?", default="0")
    parser.add_argument("--log")
    parser.add_argument("--classes", action="store_true")
    asked = parser.parse_args(argv)
    if asked.classes or not asked.name:
        print("\n".join(CLASSES))
        return 0
    log = pathlib.Path(asked.log).read_bytes() if asked.log else b""
    con = sqlite3.connect(asked.case, isolation_level=None)
    try:
        done, changed = tamper(con, log, asked.name, asked.seed)
    except NotHere:
        print(json.dumps({"class": asked.name, "error": "this case has nothing of the kind"}))
        return 2
    finally:
        con.close()
    if changed != log:
        pathlib.Path(asked.log).write_bytes(changed)
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
