#!/usr/bin/env python3
"""A second reader of the seal, written from docs/seal.md alone: shares no code with clicktrail, so that a mistake in one of
them shows. Standard library and the openssl program (for Ed25519).

usage: verify.py CASE [--log heads.log] [--key HEX]... [--no-signatures] [--json]
Prints one JSON object (indented without --json). Exit 0 if the seal holds, 4 if not, 2 if the case or the log cannot be read.
"""
import argparse
import datetime
import hashlib
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import urllib.parse

INLINE_MAX = 64
PIECES_MAX = 4096
SHIFT_MAX = 64  # how many removed or added facts are looked for where the rest was renumbered
UNSIGNED_MAX_US = 30 * 1000000  # between the first fact that no head covers and the last one
PUZZLE_MAX = 10  # bad facts among which an exchange of places is looked for
FINDINGS_MAX = 100
# What is looked at first, and so named first.
CASE, FACTS, HEADS, CLOSING, ERASURES, LOG = range(6)
ZERO_SALT = bytes(16)
ZERO_HEX = "0" * 64
# What RFC 8410 puts before the 32 bytes of an Ed25519 public key.
SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")

# Field names are in no leaf. A view that calls a URL `version` would show something else than what was sealed, so the
# names of the kinds that are known here are compared.
KNOWN_FIELDS = {
    "session": "session at_us command mode link sent_link options tool_name tool_version operator_name browser "
               "browser_version user_agent language timezone device via resolver durability ca_sha256 clock_source "
               "clock_offset_us",
    "session_end": "session at_us reason detail complete incomplete_reason clock_drift_us",
    "tunnel": "session at_us tunnel client_ip client_port listener_ip listener_port",
    "connect": "session at_us tunnel kind host port outcome detail head",
    "dns": "session at_us tunnel leg name source resolver cnames addresses ttl elapsed_us outcome detail",
    "leg": "session at_us tunnel leg host port dial_host dial_port remote_ip remote_port local_ip local_port via "
           "attempts elapsed_us outcome detail via_ip exit_ip",
    "hello": "session at_us tunnel leg sni alpn ja3 ja3_full ja4 ja4_raw raw",
    "handshake": "session at_us tunnel leg started_us version cipher alpn sni key_group peer_signature resumed "
                 "verified verify_code verify_error permitted certs ocsp scts server_hello outcome detail",
    "certificate": "session at_us sha256 subject issuer serial not_before_us not_after_us san key_kind "
                   "signature_kind der",
    "request": "session at_us exchange tunnel n method url version oddities head fields",
    "interim": "session at_us exchange status head fields",
    "response": "session at_us exchange leg status reason version made_by oddities head fields",
    "chunk": "session at_us exchange side n size same_as sha256 data",
    "exchange_end": "session at_us exchange leg reason detail req_size req_stored req_sha256 req_trailers "
                    "req_ended_us first_byte_us res_size res_stored res_sha256 res_trailers recorder_wait_us",
    "opaque": "session at_us tunnel leg exchange why up_bytes up_sha256 down_bytes down_sha256 reason detail",
    "leg_end": "session at_us tunnel leg reason detail in_bytes in_sha256 out_bytes out_sha256",
    "tunnel_end": "session at_us tunnel reason detail",
    "note": "session at_us tunnel exchange code detail",
    "h2_frame": "session at_us tunnel leg exchange sender frame stream code code_name last_stream payload",
    "close": "session at_us operator_name tool_version reason",
    "erasure": "session at_us operator_name tool_version reason n list",
    "custody": "session at_us act operator_name tool_version build detail sha256",
    "lookup": "session at_us kind subject source status outcome detail elapsed_us media_type answer",
    "attachment": "session at_us exchange kind name media_type detail size sha256 data",
    "capture": "session at_us side event name detail packets dropped size sha256",
    "packet_file": "session at_us file run side name size sha256 packets first_us last_us dropped malformed flows key_lines outcome detail",
    "flow": "session at_us flow file client_ip client_port server_ip server_port first_packet last_packet last_us up_bytes up_sha256 up_lost down_bytes down_sha256 down_lost conflicts conflict_packet ended target detail",
    "flow_tls": "session at_us flow hello_packet hello ja3 ja4 sni offered_alpn server_packet server_hello version cipher alpn certs certs_packet resumed hellos early_data keys why why_packet",
    "flow_plain": "session at_us flow layer protocol up_bytes up_sha256 up_lost down_bytes down_sha256 down_lost exchanges last_us why why_packet up_tail down_tail up_stream_tail down_stream_tail",
    "flow_exchange": "session at_us flow n stream method url version status request_packet request_sha256 req_size req_sha256 response_packet response_us response_sha256 res_size res_sha256 last_packet ended_us reason res_tail",
    "packet_dns": "session at_us file packet server_ip server_port name type rcode cnames addresses ttl",
    "stray": "session at_us file packet protocol source_ip source_port destination_ip destination_port packets last_us detail",
    "remark": "session at_us trail hop exchange act operator_name tool_version text withdraws",
}


class Text(bytes):
    """SQLite's TEXT, as the bytes that it is: in a changed file they need not be UTF-8."""


class Unreadable(Exception):
    """The file is no case that can be looked at."""


class Broken(Exception):
    """A fact whose leaf cannot be made as the seal says."""

    def __init__(self, what, why):
        super().__init__(why)
        self.what = what
        self.why = why


# ---- from a fact to its leaf ----

def sha256(data):
    return hashlib.sha256(data).digest()


def u64(n):
    return struct.pack(">Q", n)


def i64(n):
    return struct.pack(">q", n)


def form(type_byte, value):
    shown = value if len(value) <= INLINE_MAX else sha256(value)
    return type_byte + u64(len(value)) + shown


def part_salt(fact_salt, part):
    pair = sha256(b"clicktrail-salt/1" + fact_salt + u64(part // 2))
    return pair[16 * (part % 2):16 * (part % 2) + 16]


def value_commitment(salt, type_byte, value):
    return sha256(b"clicktrail-value/1" + salt + form(type_byte, value))


class Salts:
    """The salts of a fact's parts: from its own salt or, where something was erased, from those that were kept."""

    def __init__(self, fact_salt, kept=None):
        self.fact_salt = fact_salt
        self.kept = kept
        self.used = set()

    def of(self, part):
        self.used.add(part)
        if self.kept is None:
            return part_salt(self.fact_salt, part)
        if part not in self.kept:
            raise Broken("erasure", f"the salt of part {part} is gone, the part is not")
        return self.kept[part]


def line_end(line):
    """Where a line's content ends: before its LF and the CRs before that."""
    return len((line[:-1] if line.endswith(b"\n") else line).rstrip(b"\r"))


def target_span(line):
    """The target of a request line."""
    end = line_end(line)
    first = line.find(b" ", 0, end)
    if first < 0:
        return None
    last = line.rfind(b" ", 0, end)
    return first + 1, last if last > first else end


def value_span(line):
    """A header line's value; the whole line where there is no name."""
    colon = line.find(b":", 1, line_end(line))
    return (colon + 1 if colon >= 0 else 0), line_end(line)


def committed_spans(block, start):
    """Which bytes of a header block are committed to. start: how its first line is read, "request", "status" or "none"."""
    spans, at = [], 0
    for n, line in enumerate(block.split(b"\n")):
        line += b"\n" if at + len(line) < len(block) else b""
        if not line:
            break
        if n > 0 or start == "none":
            span = value_span(line)
        else:
            span = target_span(line) if start == "request" else None
        if span:
            spans.append((at + span[0], at + span[1]))
        at += len(line)
    if len(spans) > PIECES_MAX:
        spans[PIECES_MAX - 1:] = [(spans[PIECES_MAX - 1][0], len(block))]
    return spans


def block_pieces(block, start):
    """[("p" or "c", bytes)], which joined are the block."""
    pieces, at = [], 0
    for begin, end in committed_spans(block, start):
        if begin > at:
            pieces.append(("p", block[at:begin]))
        pieces.append(("c", block[begin:end]))
        at = end
    if at < len(block):
        pieces.append(("p", block[at:]))
    return pieces


def block_start(kind, name):
    """How the first line of a header block is read; None if the field is no header block."""
    if kind in ("request", "interim", "response") and name == "fields":
        return "none"
    if kind in ("request", "connect") and name == "head":
        return "request"
    return "status" if kind in ("interim", "response") and name == "head" else None


def piece_commitment(salts, part, piece, erased):
    if part not in erased:
        return value_commitment(salts.of(part), b"b", piece)
    if piece.strip(b"x"):
        raise Broken("altered", f"part {part} is said to be erased, but something stands there")
    return erased[part]


def block_commitment(i, block, start, salts, erased):
    pieces = block_pieces(block, start)
    out, j = [b"clicktrail-block/1", salts.of(i), u64(len(pieces))], 0
    for letter, piece in pieces:
        if letter == "p":
            out.append(b"p" + u64(len(piece)) + piece)
        else:
            out.append(b"c" + piece_commitment(salts, PIECES_MAX * i + j, piece, erased))
            j += 1
    return sha256(b"".join(out)), j


def field_bytes(kind, i, name, value, salts, erased, parts):
    """A field as it stands in a leaf. parts: collects which parts the fact has."""
    parts.add(i)
    if i in erased:
        if value is not None:
            raise Broken("altered", f"{name} is said to be erased, but has a value")
        # Of a block that was erased line by line before, the lines' rows stay.
        parts.update(range(PIECES_MAX * i, PIECES_MAX * (i + 1)))
        return b"c" + erased[i]
    if value is None:
        return b"n"
    if isinstance(value, int):
        return b"i" + i64(value)
    if not isinstance(value, bytes):
        raise Broken("altered", f"{name} is neither integer, text nor bytes")
    if isinstance(value, Text) and not is_utf8(value):
        raise Broken("altered", f"{name} is not UTF-8 without NUL")
    start = block_start(kind, name)
    if start is None or isinstance(value, Text):
        return b"c" + value_commitment(salts.of(i), b"t" if isinstance(value, Text) else b"b", value)
    commitment, count = block_commitment(i, value, start, salts, erased)
    parts.update(range(PIECES_MAX * i, PIECES_MAX * i + count))
    return b"c" + commitment


def is_utf8(value):
    try:
        return "\0" not in bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        return False


def known_count(values, erased):
    count = len(values)
    while count and values[count - 1] is None and count not in erased:
        count -= 1
    return count


def leaf_bytes(kind, names, seq, values, salts, erased):
    """D, what the leaf is the hash of."""
    parts = set()
    count = known_count(values, erased)
    fields = [field_bytes(kind, i + 1, names[i], values[i], salts, erased, parts) for i in range(count)]
    if not parts.issuperset(erased):
        raise Broken("erasure", "what is said to be erased is no part of this fact")
    name = kind.encode()
    return b"".join([b"clicktrail-fact/1", u64(len(name)), name, i64(seq), salts.of(0), u64(count)] + fields)


def leaf_hash(kind, names, seq, values, salts, erased):
    leaf = sha256(b"\0" + leaf_bytes(kind, names, seq, values, salts, erased))
    if salts.kept is not None and set(salts.kept) != salts.used:
        raise Broken("erasure", "salts are kept that are not needed, and could let an erased value be guessed")
    return leaf


# ---- the running hash and the tree ----

def case_start(info):
    """running(0)."""
    def text(value):
        return b"n" if value is None else form(b"t", value)
    case_id, created_us, tool_name, tool_version, operator_name = info
    return sha256(b"clicktrail-case/1" + text(case_id) + i64(created_us) + text(tool_name) + text(tool_version)
                  + text(operator_name))


class Tree:
    """The Merkle tree hash of RFC 9162 2.1.1, leaf by leaf."""

    def __init__(self):
        self.full = []  # (height, hash) of the full subtrees, largest first

    def add(self, leaf):
        height = 0
        while self.full and self.full[-1][0] == height:
            leaf = sha256(b"\1" + self.full.pop()[1] + leaf)
            height += 1
        self.full.append((height, leaf))

    def root(self):
        if not self.full:
            return sha256(b"")
        root = self.full[-1][1]
        for _, left in reversed(self.full[:-1]):
            root = sha256(b"\1" + left + root)
        return root

    def frontier(self):
        return b"".join(node for _, node in self.full)


# ---- Ed25519 ----

def run_openssl(args, files):
    """Runs openssl with these contents in files; {0} in args is the first one's path."""
    paths = []
    try:
        for content in files:
            handle, path = tempfile.mkstemp(prefix="clicktrail-seal-")
            paths.append(path)
            with os.fdopen(handle, "wb") as out:
                out.write(content)
        return subprocess.run(["openssl"] + [a.format(*paths) for a in args], capture_output=True, check=False)
    finally:
        for path in paths:
            os.unlink(path)


class Signatures:
    """Checks signatures, each only once."""

    def __init__(self):
        self.known = {}

    def good(self, key, statement, signature):
        if len(key) != 32 or len(signature) != 64:
            return False
        asked = (key, statement, signature)
        if asked not in self.known:
            done = run_openssl(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "{0}", "-rawin", "-in", "{1}",
                                "-sigfile", "{2}"], [SPKI_PREFIX + key, statement, signature])
            self.known[asked] = done.returncode == 0
        return self.known[asked]


# ---- the statements ----

STATEMENT = re.compile(
    rb"clicktrail-head/1\ncase (?P<case>[0-9a-f]{32})\nhead (?P<head>[1-9][0-9]{0,17})\n"
    rb"kind (?P<kind>running|session|closing)\nfacts (?P<facts>0|[1-9][0-9]{0,17})\n"
    rb"at (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)\n"
    rb"running (?P<running>[0-9a-f]{64})\nroot (?P<root>[0-9a-f]{64})\n"
    rb"previous (?P<previous>[0-9a-f]{64})\nkey (?P<key>[0-9a-f]{64}|-)\n")


class Statement:
    def __init__(self, found):
        self.bytes = found.group(0)
        for name in ("case", "kind", "at", "running", "root", "previous", "key"):
            setattr(self, name, found.group(name).decode())
        self.head = int(found.group("head"))
        self.facts = int(found.group("facts"))

    def same_facts(self, other):
        return (self.facts, self.running, self.root) == (other.facts, other.running, other.root)

    def hash_hex(self):
        return sha256(self.bytes).hex()


def parse_statement(data):
    """None if it is not to the letter what a statement looks like."""
    found = STATEMENT.fullmatch(data) if isinstance(data, bytes) else None
    if not found:
        return None
    try:
        datetime.datetime.strptime(found.group("at").decode(), "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return None
    return Statement(found)


def statement_text(case, head, kind, facts, at, running, root, previous, key):
    return (f"clicktrail-head/1\ncase {case}\nhead {head}\nkind {kind}\nfacts {facts}\nat {at}\nrunning {running}\n"
            f"root {root}\nprevious {previous}\nkey {key}\n").encode()


# ---- the case's tables ----

def open_case(path):
    uri = "file:" + urllib.parse.quote(os.path.abspath(path)) + "?mode=ro"
    con = sqlite3.connect(uri, uri=True)
    con.execute("PRAGMA trusted_schema = OFF")
    return con


VIEW = re.compile(r"CREATE VIEW fact_(\w+) AS SELECT seq, session, at_us((?:, f[0-9]+ AS \w+)*) FROM fact "
                  r"WHERE kind = ([0-9]+)")


def view_fields(sql):
    """(name, number, field names) of a view that shows the facts of a kind and nothing else, or None."""
    found = VIEW.fullmatch(re.sub(r"\s+", " ", sql).strip().rstrip(";"))
    if not found:
        return None
    named = re.findall(r"f([0-9]+) AS (\w+)", found.group(2))
    if [int(n) for n, _ in named] != list(range(3, 3 + len(named))):
        return None
    return found.group(1), int(found.group(3)), ["session", "at_us"] + [name for _, name in named]


class Case:
    """A case as it stands, read with no trust in any type."""

    def __init__(self, con):
        self.con = con
        con.text_factory = Text
        self.objects = self.read_objects()
        self.columns = self.read_columns()
        self.findings, self.notes, self.stage = [], [], CASE
        self.kinds = self.read_kinds()

    def read_objects(self):
        rows = self.con.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        return {bytes(name).decode("utf-8", "replace"): (bytes(kind).decode("utf-8", "replace"),
                                                         bytes(sql or b"").decode("utf-8", "replace"))
                for kind, name, sql in rows if isinstance(name, bytes) and isinstance(kind, bytes)}

    def has_table(self, name):
        return self.objects.get(name, ("", ""))[0] == "table"

    def read_columns(self):
        for name in ("case_info", "fact", "fact_kind"):
            if not self.has_table(name):
                raise Unreadable(f"this is no case: it has no table {name}")
        return [bytes(row[1]).decode("utf-8", "replace") for row in self.con.execute("PRAGMA table_info(fact)")]

    def read_kinds(self):
        """number: (name, field names)"""
        names = {}
        for number, name in self.con.execute("SELECT kind, name FROM fact_kind"):
            if not isinstance(number, int) or not isinstance(name, Text) or number in names:
                self.say("case", None, "a row of fact_kind is malformed")
                continue
            names[number] = bytes(name).decode("utf-8", "replace")
        return {number: found for number, name in names.items() if (found := self.read_view(number, name))}

    def read_view(self, number, name):
        kind, sql = self.objects.get("fact_" + name, ("", ""))
        found = view_fields(sql) if kind == "view" else None
        if not found or found[:2] != (name, number):
            self.say("case", None, f"the view of the kind {name!r} is not what it has to be")
            return None
        known = KNOWN_FIELDS.get(name, "session at_us").split()
        if found[2][:len(known)] != known:
            self.say("case", None, f"the view fact_{name} calls fields by other names")
            return None
        return name, found[2]

    def say(self, what, span, why, seq=None, head=None):
        """Keeps a finding, and its place: what is wrong at a later stage mostly follows from an earlier one."""
        if len(self.findings) >= FINDINGS_MAX:
            return
        first, last = span if span else (seq, seq)
        bad = {"what": what, "seq": seq, "from": first, "to": last, "why": why}
        if head is not None:
            bad["head"] = head
        stage = 0 if what == "case" else self.stage
        self.findings.append(((stage, what == "log", first if first is not None else head or 0), bad))

    def info(self):
        rows = self.con.execute("SELECT id, created_us, tool_name, tool_version, operator_name, closed_us FROM case_info")
        rows = rows.fetchmany(2)
        if len(rows) != 1:
            raise Broken("case", "case_info has not one row")
        *sealed, closed_us = rows[0]
        types_fit = isinstance(sealed[1], int) and all(v is None or isinstance(v, Text) for v in sealed[:1] + sealed[2:])
        if not types_fit or not (closed_us is None or isinstance(closed_us, int)):
            raise Broken("case", "case_info holds values of other types")
        return sealed, closed_us

    def fact_columns(self):
        fields = sorted((c for c in self.columns if re.fullmatch(r"f[0-9]+", c)), key=lambda c: int(c[1:]))
        if fields != [f"f{n}" for n in range(3, 3 + len(fields))] or not {"seq", "kind", "session", "at_us",
                                                                           "seal"} <= set(self.columns):
            raise Broken("case", "table fact has not the columns of a sealed case")
        return ", ".join(["seq", "kind", "seal", "session", "at_us"] + fields)

    def facts(self, where="", args=()):
        return self.con.execute(f"SELECT {self.fact_columns()} FROM fact {where} ORDER BY seq", args)


class Erasures:
    """Tables seal_erased and seal_salt, and what is wrong with them."""

    def __init__(self, case):
        self.parts = {}  # seq: {part: commitment}
        self.salts = {}  # seq: {part: salt}
        self.by_fact = {}  # seq of an erasure: [(seq, part, commitment)]
        self.count = 0
        self.read(case, "seal_erased", "seq, part, commitment, erasure", self.take_erased)
        self.read(case, "seal_salt", "seq, part, salt", self.take_salt)
        for seq in self.salts.keys() - self.parts.keys():
            case.say("erasure", None, "salts are kept for a fact from which nothing was erased", seq=seq)

    def read(self, case, table, columns, take):
        if not case.has_table(table):
            case.say("case", None, f"there is no table {table}")
            return
        for row in case.con.execute(f"SELECT {columns} FROM {table} ORDER BY seq, part"):
            if not take(*row):
                seq = row[0] if isinstance(row[0], int) else None
                case.say("erasure", None, f"a row of {table} is malformed", seq=seq)

    def take_erased(self, seq, part, commitment, erasure):
        fits = all(isinstance(v, int) for v in (seq, part, erasure)) and is_blob(commitment, 32)
        if not fits or part < 1 or not 0 < seq < erasure or part in self.parts.get(seq, {}):
            return False
        self.parts.setdefault(seq, {})[part] = commitment
        self.by_fact.setdefault(erasure, []).append((seq, part, commitment))
        self.count += 1
        return True

    def take_salt(self, seq, part, salt):
        if not isinstance(seq, int) or not isinstance(part, int) or not is_blob(salt, 16) or part in self.salts.get(seq, {}):
            return False
        self.salts.setdefault(seq, {})[part] = salt
        return True

    def list_hash(self, erasure):
        rows = self.by_fact.get(erasure, [])
        return sha256(b"".join(i64(seq) + u64(part) + commitment for seq, part, commitment in rows))


def is_blob(value, size):
    return isinstance(value, bytes) and not isinstance(value, Text) and len(value) == size


# ---- the walk over the facts ----

class Row:
    """A row of table fact."""

    def __init__(self, case, columns):
        self.case = case
        self.seq, self.number, self.seal, *self.values = columns

    def check(self):
        if not isinstance(self.seq, int):
            raise Broken("altered", "seq is no integer")
        if not is_blob(self.seal, 48):
            raise Broken("altered", "seal is not 48 bytes")
        self.kind_fields()

    def kind_fields(self):
        found = self.case.kinds.get(self.number) if isinstance(self.number, int) else None
        if not found:
            raise Broken("altered", "a fact of no known kind")
        if any(v is not None for v in self.values[len(found[1]):]):
            raise Broken("altered", "a value where the kind has no field")
        return found

    def salt(self):
        return self.seal[:16]

    def running(self):
        return self.seal[16:] if is_blob(self.seal, 48) else None

    def leaf(self, erasures, seq=None, salt=None):
        """Its leaf; seq and salt: as if it had those."""
        name, fields = self.kind_fields()
        erased = erasures.parts.get(self.seq, {})
        salts = Salts(salt or self.salt())
        if erased:
            if self.salt() != ZERO_SALT:
                raise Broken("erasure", "something was erased, but the fact's salt is still there")
            salts = Salts(None, erasures.salts.get(self.seq, {}))
        try:
            return leaf_hash(name, fields, self.seq if seq is None else seq, self.values[:len(fields)], salts, erased)
        except struct.error:
            raise Broken("altered", "a number beyond 64 bits") from None

    def field(self, name):
        fields = self.kind_fields()[1]
        return self.values[fields.index(name)] if name in fields else None


class Walk:
    """Goes over all facts in order and keeps what heads, closing and erasures are then compared with."""

    def __init__(self, case, erasures, start, wanted):
        self.case, self.erasures = case, erasures
        self.running = {0: start}  # by seq, as stored
        self.roots = {}
        self.wanted = wanted  # counts of facts whose root a head states
        self.tree = Tree()
        self.last = 0  # the highest seq
        self.count = 0
        self.bad = []  # facts whose running value does not follow
        self.broken_from = None  # the first fact from which on roots cannot be made
        self.closes, self.erasing = [], []
        self.after_close = None  # the first fact behind a close that may not be there
        self.unsigned_us, self.at_us = None, None  # times of the first fact behind the last head, and of the last one

    def run(self):
        self.keep_root(0)
        for columns in self.case.facts():
            self.step(Row(self.case, columns))
        if self.bad:
            self.name_bad()

    def keep_root(self, n):
        if n in self.wanted and self.broken_from is None:
            self.roots[n] = self.tree.root()

    def lose(self, seq):
        if self.broken_from is None or seq < self.broken_from:
            self.broken_from = seq

    def step(self, row):
        self.count += 1
        seq = row.seq
        if not isinstance(seq, int) or seq <= self.last:
            self.lose(1)
            self.case.say("added", None, "a fact whose seq is no number from 1 on, or is there twice",
                          seq=seq if isinstance(seq, int) else None)
            return
        if seq != self.last + 1:
            self.lose(self.last + 1)
            self.case.say("removed", (self.last + 1, seq - 1), "these facts are not there")
        if self.last in self.wanted:
            self.unsigned_us = None
        before = self.running.get(seq - 1)
        self.last = seq
        self.hash_in(row, before)

    def hash_in(self, row, before):
        try:
            row.check()
            leaf = row.leaf(self.erasures)
        except Broken as broken:
            self.lose(row.seq)
            self.case.say(broken.what, None, broken.why, seq=row.seq)
            self.go_on(row)
            return
        # After a gap, or a row without a running value, nothing says what came before.
        if before is not None and sha256(before + leaf) != row.running():
            self.lose(row.seq)
            self.bad.append(row.seq)
        self.tree.add(leaf)
        self.go_on(row)
        self.note_kind(row)

    def go_on(self, row):
        if row.running() is not None:
            self.running[row.seq] = row.running()
        self.keep_root(row.seq)

    def note_kind(self, row):
        kind = row.kind_fields()[0]
        if self.closes and kind not in ("close", "erasure") and self.after_close is None:
            self.after_close = row.seq
        at_us = row.field("at_us")
        if isinstance(at_us, int):
            self.at_us = at_us
            self.unsigned_us = at_us if self.unsigned_us is None else self.unsigned_us
        if kind == "close":
            self.closes.append((row.seq, row.field("at_us")))
        elif kind == "erasure":
            self.erasing.append((row.seq, row.field("list")))

    # What happened to facts that do not follow.

    def name_bad(self):
        first = self.bad[0]
        rows = self.rows_around(first)
        for explain in (self.as_reordered, self.as_removed, self.as_added):
            found = explain(first, rows)
            if found:
                self.case.say(*found)
                return
        for seq in self.bad:
            why = "the running value does not follow from the one before and this fact"
            if seq == 1:
                why += " (or case_info was altered)"
            self.case.say("altered", None, why, seq=seq)

    def rows_around(self, first):
        wanted = set(range(first, first + SHIFT_MAX + 1)) | set(self.bad[:PUZZLE_MAX])
        rows = {}
        for seq in sorted(wanted):
            for columns in self.case.facts("WHERE seq = ?", (seq,)):
                rows[seq] = Row(self.case, columns)
        return rows

    def follows(self, before, row, seq, running, salt=None):
        """Whether a row with that seq would lead from one running value to the other."""
        if before is None or running is None or row is None or row.seq in self.erasures.parts:
            return False
        try:
            row.check()
            return sha256(before + row.leaf(self.erasures, seq, salt)) == running
        except Broken:
            return False

    def as_removed(self, first, rows):
        """Facts taken out and those behind them renumbered."""
        after = rows.get(first + 1)
        if after is None:
            return None
        for gone in range(1, SHIFT_MAX + 1):
            if self.follows(self.running.get(first), after, first + 1 + gone, after.running()):
                return "removed", (first, first + gone - 1), "facts are not there, and those behind were renumbered"
        return None

    def as_added(self, first, rows):
        """Facts put in and those behind them renumbered."""
        for more in range(1, SHIFT_MAX + 1):
            row = rows.get(first + more)
            if row and self.follows(self.running.get(first - 1), row, first, row.running()):
                return "added", (first, first + more - 1), "facts were put in, and those behind were renumbered"
        return None

    def as_reordered(self, first, rows):
        """Two facts that changed places, with their seals or without."""
        if len(self.bad) > PUZZLE_MAX:
            return None
        befores = {self.running.get(seq - d) for seq in self.bad for d in (0, 1)} - {None}
        for other in self.bad[1:]:
            if self.exchanged(rows.get(first), rows.get(other), befores):
                return "reordered", (first, other), "facts that changed places"
        return None

    def exchanged(self, a, b, befores):
        return self.belongs_at(a, b, befores) and self.belongs_at(b, a, befores)

    def belongs_at(self, row, other, befores):
        """Whether what stands in one row fits where the other stands, with its own seal or the other's."""
        if row is None or other is None or row.running() is None or other.running() is None:
            return False
        return any(self.follows(before, row, other.seq, own.running(), own.salt())
                   for before in befores for own in (row, other))


# ---- heads ----

class Heads:
    def __init__(self, case, walk_rows=None):
        self.case = case
        self.rows = walk_rows if walk_rows is not None else self.read()
        self.good = []  # statements that are right in all respects
        self.parsed = {}  # n: (statement, signature)
        self.signed_facts = 0
        self.reached = 0  # facts that the last good head covers

    def read(self):
        if not self.case.has_table("seal_head"):
            self.case.say("case", None, "there is no table seal_head")
            return []
        return self.case.con.execute("SELECT n, statement, signature FROM seal_head ORDER BY n").fetchall()

    def wanted(self):
        found = (parse_statement(row[1]) for row in self.rows)
        return {s.facts for s in found if s}

    def check(self, walk, case_id, options):
        previous, at = ZERO_HEX, 0
        for n, data, signature in self.rows:
            at = self.check_place(n, at)
            statement = parse_statement(data) if isinstance(data, Text) else None
            if at is None or statement is None:
                self.case.say("head", None, "the statement is not one", head=n if isinstance(n, int) else None)
                previous, at = None, at or 0
                continue
            why = self.wrong(n, statement, previous, case_id)
            if why:
                self.say(statement, "head", why)
            elif self.signature_holds(statement, signature, options) and self.facts_hold(statement, walk):
                self.take(statement, options)
            self.parsed[n] = (statement, signature)
            previous = statement.hash_hex()

    def check_place(self, n, at):
        if not isinstance(n, int) or n <= at:
            return None
        if n != at + 1:
            self.case.say("head", None, f"heads {at + 1} to {n - 1} are not there", head=at + 1)
        return n

    def wrong(self, n, statement, previous, case_id):
        if statement.head != n:
            return "the statement says another number"
        if statement.case != case_id:
            return "the head belongs to another case"
        if n == 1 and statement.previous != ZERO_HEX:
            return "the first head names one before it"
        if previous is not None and n > 1 and statement.previous != previous:
            return "the head does not follow from the one before"
        if statement.facts < self.reached:
            return "the head covers fewer facts than the one before"
        return None

    def keys(self):
        """By which keys the good heads are, and up to which fact: who goes on with a case needs no key but his own."""
        found = {}
        for statement in self.good:
            found.setdefault(statement.key, [0, 0])
            found[statement.key] = [found[statement.key][0] + 1, statement.facts]
        return [{"key": key, "heads": count, "facts": facts} for key, (count, facts) in found.items()]

    def say(self, statement, what, why):
        span = (min(self.reached + 1, statement.facts), statement.facts)
        self.case.say(what, span, why, head=statement.head)

    def signature_holds(self, statement, signature, options):
        why = None
        if options.keys and statement.key not in options.keys:
            why = "the head is not signed by the key that was asked for"
        elif statement.key == "-":
            why = "there is a signature but no key" if signature is not None else None
        elif not is_blob(signature, 64):
            why = "the signature is not 64 bytes"
        elif options.signatures and not options.signatures.good(bytes.fromhex(statement.key), statement.bytes, signature):
            why = "the signature is not that of the statement by its key"
        if why:
            self.say(statement, "signature", why)
        return why is None

    def facts_hold(self, statement, walk):
        if statement.facts > walk.last:
            self.case.say("removed", (walk.last + 1, statement.facts), "the head covers facts that are not there",
                          head=statement.head)
            return False
        stored = walk.running.get(statement.facts)
        hangs = walk.broken_from is None or statement.facts < walk.broken_from
        root = walk.roots.get(statement.facts)
        if stored is not None and stored.hex() != statement.running:
            why = "the facts hang together, but are not those of the head" if hangs else "not the head's running value"
            self.say(statement, "altered", why)
            return False
        if hangs and (root is None or root.hex() != statement.root):
            self.say(statement, "head", "the root is not that of the facts")
            return False
        return hangs

    def take(self, statement, options):
        self.good.append(statement)
        self.reached = statement.facts
        if statement.key != "-" and options.signatures:
            self.signed_facts = statement.facts


def check_tail(case, walk):
    if walk.last in walk.wanted or walk.unsigned_us is None:
        return
    if walk.at_us - walk.unsigned_us > UNSIGNED_MAX_US:
        case.say("head", (max((n for n in walk.wanted if n < walk.last), default=0) + 1, walk.last),
                 "no head was made over these facts, and one is due every second")


def check_closing(case, walk, heads, closed_us):
    closing = [s for s, _ in heads.parsed.values() if s.kind == "closing"]
    if not closing and not walk.closes and closed_us is None:
        return False
    # Behind a close only erasures are allowed, and that the last fact closes the case again.
    ends = [s.facts for s in closing[-1:]] + [seq for seq, _ in walk.closes[-1:]]
    last = min(ends) if ends else None
    if walk.after_close is not None:
        last = walk.after_close - 1
    if last is not None and walk.last > last:
        case.say("added", (last + 1, walk.last), "facts that came after the closing")
    if closing and any(s.kind != "closing" and n > closing[0].head for n, (s, _) in heads.parsed.items()):
        case.say("closing", None, "a head came after a closing one", head=closing[0].head)
    missing = [name for name, there in (("case_info.closed_us", closed_us is not None), ("the fact", walk.closes),
                                        ("the head", closing)) if not there]
    if missing:
        case.say("closing", (walk.last, walk.last), "of the closing there is not: " + ", ".join(missing))
    elif walk.closes[-1] != (closing[-1].facts, closed_us):
        case.say("closing", None, "fact, head and case_info say different things", seq=walk.closes[-1][0])
    return not missing


def check_erasures(case, walk, heads, erasures):
    known = dict(walk.erasing)
    signed = any(s.key != "-" for s, _ in heads.parsed.values())
    covered = max([s.facts for s in heads.good if s.key != "-" or not signed], default=0)
    for seq in erasures.by_fact.keys() - known.keys():
        rows = [row[0] for row in erasures.by_fact[seq]]
        case.say("erasure", (min(rows), max(rows)), f"values were erased, and fact {seq} is none that says so")
    for seq, listed in known.items():
        if not is_blob(listed, 32) or listed != erasures.list_hash(seq):
            case.say("erasure", None, "what was erased is not what the fact of the erasure lists", seq=seq)
        elif seq > covered:
            # Without a head over it, anybody could have appended the fact and erased what he likes.
            case.say("erasure", None, "no good head covers the fact of the erasure", seq=seq)


# ---- the log of heads ----

LOG_LINE = re.compile(
    rb"(?P<link>[0-9a-f]{64}) (?P<case>[0-9a-f]{32}) (?P<head>[0-9]+) (?P<kind>[a-z]+) (?P<facts>[0-9]+) "
    rb"(?P<at>[0-9TZ:.-]+) (?P<running>[0-9a-f]{64}) (?P<root>[0-9a-f]{64}) (?P<previous>[0-9a-f]{64}) "
    rb"(?P<key>[0-9a-f]{64}|-) (?P<signature>[0-9a-f]{128}|-)")


HEX, DIGITS = b"0123456789abcdef", b"0123456789"
# Of each field of a line: least and greatest length, the characters, whether "-" may stand for it.
LOG_FIELDS = [(64, 64, HEX, False), (32, 32, HEX, False), (1, 19, DIGITS, False), (7, 7, b"runingsessionclosing", False),
              (1, 19, DIGITS, False), (27, 27, DIGITS + b"-:.TZ", False), (64, 64, HEX, False), (64, 64, HEX, False),
              (64, 64, HEX, False), (64, 64, HEX, True), (128, 128, HEX, True)]


def log_cut(line, link):
    """Whether a line is the beginning of one with that link, and not the whole of it."""
    fields = line.split(b" ")
    if not line or len(fields) > len(LOG_FIELDS):
        return False
    for n, (field, (least, most, letters, dash)) in enumerate(zip(fields, LOG_FIELDS), 1):
        if dash and field == b"-":
            continue
        if field.translate(None, letters) or len(field) > most or (n < len(fields) and len(field) < least):
            return False
    whole = len(fields) == len(LOG_FIELDS) and (fields[-1] == b"-" or len(fields[-1]) == LOG_FIELDS[-1][1])
    return link.encode().startswith(fields[0]) and not whole


def log_entry(line):
    """(link, statement, signature) of a line, or None."""
    found = LOG_LINE.fullmatch(line)
    if not found:
        return None
    g = {name: value.decode() for name, value in found.groupdict().items()}
    link, signature = g.pop("link"), g.pop("signature")
    statement = parse_statement(statement_text(**g))
    if statement is None or (statement.key == "-") != (signature == "-"):
        return None
    return link, statement, None if signature == "-" else bytes.fromhex(signature)


class Log:
    def __init__(self, case, heads, walk, options):
        self.case, self.heads, self.walk, self.options = case, heads, walk, options
        self.seen = set()
        self.same = 0  # facts up to here are those of the log

    def check(self, data, case_id):
        link, cuts = ZERO_HEX, 0
        lines = data.split(b"\n")
        # The last line may lack its end: cut off, or whole, as it will be once the next one is appended.
        for n, line in enumerate(lines if lines[-1] else lines[:-1], 1):
            entry = log_entry(line)
            if entry is None and log_cut(line, link):
                cuts += 1
            elif entry is None or entry[0] != link:
                self.case.say("log", None, f"line {n} is not one" if entry is None else f"line {n} does not follow")
            if entry and entry[1].case == case_id:
                self.compare(entry[1], entry[2])
            link = sha256(line).hex()
        if cuts:
            self.case.notes.append(f"{cuts} lines of the log were cut off: heads that it has lost")
        self.look_for_missing()

    def compare(self, statement, signature):
        self.seen.add(statement.head)
        if not self.signed(statement, signature):
            self.case.say("log", None, "the log's signature of a head is wrong", head=statement.head)
            return
        kept = self.heads.parsed.get(statement.head)
        if statement.facts > self.walk.last:
            self.case.say("removed", (self.walk.last + 1, statement.facts), "the log knows of more facts: the case lost "
                          "its end", head=statement.head)
        elif kept is None:
            self.case.say("head", (self.heads.reached, statement.facts), "the log knows a head that the case has not",
                          head=statement.head)
        elif not kept[0].same_facts(statement):
            self.case.say("altered", (min(self.same + 1, statement.facts), statement.facts), "the facts are not those of "
                          "the head in the log", head=statement.head)
        else:
            self.same = statement.facts
            if kept[0].bytes != statement.bytes or kept[1] != signature:
                self.case.say("log", None, "the case's head is not the one in the log", head=statement.head)

    def signed(self, statement, signature):
        if statement.key == "-" or not self.options.signatures:
            return True
        return self.options.signatures.good(bytes.fromhex(statement.key), statement.bytes, signature)

    def look_for_missing(self):
        """No faults: another installation wrote the case or went on with it, or the log lost lines, or could not be written."""
        lost = [n for n in self.heads.parsed if n not in self.seen]
        if not self.seen:
            self.case.notes.append("the log has no head of this case")
        elif lost:
            self.case.notes.append("the log does not know the heads " + ", ".join(map(str, lost[:10]))
                                   + (" ..." if len(lost) > 10 else ""))


# ---- all of it ----

class Options:
    def __init__(self, keys=(), signatures=None, log=None):
        self.keys = set(keys)
        self.signatures = signatures  # None: they are not looked at
        self.log = log  # the log's bytes


def result(case, **known):
    findings = [bad for _, bad in sorted(case.findings, key=lambda found: found[0])]
    out = {"holds": not findings, "facts": 0, "heads": 0, "signed_facts": 0, "first_bad": findings[0] if findings else None,
           "erased": 0, "closed": False}
    out.update(known)
    out["findings"] = findings
    out["notes"] = case.notes
    return out


def verify_connection(con, options):
    """What verify.py prints, as a dict."""
    case = Case(con)
    try:
        info, closed_us = case.info()
        case.fact_columns()
        start = case_start(info)
    except Broken as broken:
        case.say(broken.what, None, broken.why)
        return result(case)
    case_id = bytes(info[0] or b"").decode("utf-8", "replace")
    case.stage = ERASURES
    erasures = Erasures(case)
    heads = Heads(case)
    walk = Walk(case, erasures, start, heads.wanted())
    case.stage = FACTS
    walk.run()
    case.stage = HEADS
    heads.check(walk, case_id, options)
    check_tail(case, walk)
    case.stage = CLOSING
    closed = check_closing(case, walk, heads, closed_us)
    case.stage = ERASURES
    check_erasures(case, walk, heads, erasures)
    case.stage = LOG
    if options.log is not None:
        Log(case, heads, walk, options).check(options.log, case_id)
    return result(case, facts=walk.count, heads=len(heads.rows), erased=erasures.count, closed=closed,
                  keys=heads.keys(), signed_facts=heads.signed_facts if options.signatures else None)


def verify_path(path, options):
    try:
        con = open_case(path)
        try:
            return verify_connection(con, options)
        finally:
            con.close()
    except (sqlite3.Error, UnicodeDecodeError, OSError) as error:  # a message of SQLite may quote bytes of the file
        raise Unreadable(f"the case cannot be read: {error}") from error


def read_log(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unreadable(f"the log cannot be read: {error}") from error


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description="Checks the seal of a clicktrail case (docs/seal.md).")
    parser.add_argument("case")
    parser.add_argument("--log", help="the log of heads of the installation that wrote it")
    parser.add_argument("--key", action="append", default=[], help="a public key in hex: only its heads count")
    parser.add_argument("--no-signatures", action="store_true", help="faster, and shows less")
    parser.add_argument("--json", action="store_true", help="on one line")
    return parser.parse_args(argv)


def main(argv):
    asked = parse_arguments(argv)
    indent = None if asked.json else 2
    try:
        options = Options([key.lower() for key in asked.key], None if asked.no_signatures else Signatures(),
                          read_log(asked.log) if asked.log else None)
        out = verify_path(asked.case, options)
    except Unreadable as error:
        print(json.dumps({"holds": False, "error": str(error)}, indent=indent))
        return 2
    print(json.dumps(out, indent=indent))
    return 0 if out["holds"] else 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
