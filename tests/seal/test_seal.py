#!/usr/bin/env python3
"""The seal as docs/seal.md says it: made cases hold, each class of change to them is found and placed, vectors.json is current.

usage: python3 -B test_seal.py; SEAL_SEEDS says how many changes of each class (30)."""
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import make
import tamper
import verify

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = int(os.environ.get("SEAL_SEEDS", "30"))
UNTOUCHED = 100
TRIES = 70
BASES = {
    "open": {},
    "closed": {"closed": True},
    "erased": {"erased": True},
    "closed and erased": {"closed": True, "erased": True},
    "with facts behind the last head": {"tail": 3},
    "unsigned": {"signed": False},
    "unsigned and closed": {"signed": False, "closed": True},
}


def copy_of(con):
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    con.backup(fresh)
    return fresh


class Made:
    """The untouched cases, made once; and the signatures checked so far."""

    signatures = verify.Signatures()
    cases = {}

    @classmethod
    def get(cls, name):
        if name not in cls.cases:
            cls.cases[name] = make.make_case(**BASES[name])
        return cls.cases[name]

    @classmethod
    def verify(cls, con, log=None, keys=()):
        return verify.verify_connection(con, verify.Options(keys, cls.signatures, log))


def covers(bad, done):
    """Whether what was found names what was touched."""
    if bad["what"] == "case":
        return True
    if done["head"] is not None and bad.get("head") in (done["head"], done["head"] + 1, None):
        return True
    if done["from"] is None:
        return bad["from"] is None or done["head"] is None
    if bad["from"] is None:
        return bad.get("head") is not None or bad["what"] in ("log", "closing")
    # A running value that follows from no fact 1 may as well be that of another case_info.
    return bad["from"] <= done["to"] and bad["to"] >= done["from"]


# Where exactly one fact is touched, exactly that one is named.
EXACT = ("bit_flip", "salt_flip", "running_flip", "seal_cut", "integer_step", "kind_changed", "value_unknown", "value_known",
         "type_changed", "fact_removed", "fact_removed_renumbered", "fact_added", "erased_value_forged", "kept_salt_changed")
NAMED = {"fact_removed": "removed", "facts_swapped": "reordered", "fact_appended": "added", "fact_added": "added",
         "tail_cut": "removed", "names_changed": "case", "log_changed": "log", "log_swapped": "log"}


class Untouched(unittest.TestCase):
    def test_holds(self):
        for name, made in BASES.items():
            con, log = Made.get(name)
            for given in (None, log):
                out = Made.verify(con, given)
                self.assertTrue(out["holds"], (name, out))
                self.assertEqual(out["closed"], bool(made.get("closed")))
                self.assertEqual(out["erased"], 6 if made.get("erased") else 0)
                signed = out["facts"] - made.get("tail", 0) if made.get("signed", True) else 0
                self.assertEqual(out["signed_facts"], signed)

    def test_key(self):
        con, _ = Made.get("open")
        key = make.known_key("a key").public.hex()
        self.assertTrue(Made.verify(con, keys=[key])["holds"])
        out = Made.verify(con, keys=[make.known_key("a forger's key").public.hex()])
        self.assertEqual(out["first_bad"]["what"], "signature")

    def test_gone_on_by_another(self):
        """Anybody can go on with a case by a key of his own, and so erase: only who knows which key to expect can tell."""
        con, log = Made.get("open")
        con, key = copy_of(con), make.known_key("a key").public.hex()
        sealer = make.Sealer(con, make.known_key("a forger's key"))
        sealer.go_on()
        make.erase_some(sealer, make.FIRST_REQUEST)
        sealer.head()
        out = Made.verify(con, log)
        self.assertTrue(out["holds"], out)
        self.assertEqual([k["facts"] for k in out["keys"]], [50, 51])
        out = Made.verify(con, log, [key])
        self.assertEqual((out["first_bad"]["what"], out["first_bad"]["head"]), ("signature", 5), out)

    def test_log_cut(self):
        """A crash cuts a line off; whoever appends next ends it and links to it."""
        con, log = Made.get("open")
        lines = log.split(b"\n")[:-1]
        for n in range(1, len(lines)):
            for length in (1, 63, 64, 65, 99, 200, len(lines[n]) - 1):
                cut = lines[n][:length]
                out = Made.verify(con, b"\n".join(lines[:n] + [cut]))
                self.assertTrue(out["holds"], (n, length, out))
                self.assertIn("cut off", out["notes"][0])
                entry = verify.log_entry(lines[n])
                again = make.log_line(hashlib.sha256(cut).hexdigest(), entry[1].bytes, entry[2])
                whole = b"\n".join(lines[:n] + [cut, again])
                for end in (b"", b"\n"):
                    out = Made.verify(con, whole + end)
                    self.assertTrue(out["holds"], (n, length, out))
                changed = whole.replace(b"\n" + cut + b"\n", b"\n" + cut[:-1] + b"\n")
                if length > 1:
                    self.assertFalse(Made.verify(con, changed)["holds"], (n, length))
        self.assertFalse(Made.verify(con, log + b"\n" + log)["holds"])

    def test_log_of_others(self):
        """What the log lacks is said, and is no fault."""
        con, log = Made.get("open")
        self.assertEqual(Made.verify(con, log)["notes"], [])
        for given in (b"", log[:log.index(b"\n") + 1]):
            out = Made.verify(con, given)
            self.assertTrue(out["holds"], out)
            self.assertEqual(len(out["notes"]), 1)

    def test_many(self):
        for n in range(UNTOUCHED):
            con, log = make.make_case(exchanges=n % 7, signed=False, closed=n % 2 == 1, erased=n % 3 == 1 and n % 7 > 0,
                                      tail=0 if n % 2 else n % 5)
            out = Made.verify(con, log)
            con.close()
            self.assertTrue(out["holds"], (n, out))

    def test_empty(self):
        con = make.new_case()
        self.assertTrue(Made.verify(con)["holds"])
        make.Sealer(con, make.known_key("a key")).head()
        self.assertTrue(Made.verify(con)["holds"])


class Tampered(unittest.TestCase):
    """A test for each class of change is added below."""

    def attempt(self, name, seed):
        """(done, found without the log, found with it) for the first base and dice that the change can be made with."""
        bases = list(BASES)
        for n in range(TRIES):
            base = bases[(seed + n) % len(bases)]
            con, log = Made.get(base)
            con = copy_of(con)
            try:
                done, log = tamper.tamper(con, log, name, f"{seed}.{n}")
            except tamper.NotHere:
                continue
            done["base"] = base
            outs = (Made.verify(con), Made.verify(con, log))
            con.close()
            return done, *outs
        self.fail(f"nothing to try {name} on with seed {seed}")

    def check(self, name, seed):
        done, alone, with_log = self.attempt(name, seed)
        message = json.dumps([done, alone, with_log], indent=1)
        self.assertEqual(alone["holds"], not done["visible"], message)
        self.assertEqual(with_log["holds"], not done["visible_with_log"], message)
        for bad in (alone["first_bad"], with_log["first_bad"]):
            if bad is None:
                continue
            self.assertTrue(covers(bad, done), message)
            if name in EXACT:
                self.assertEqual((bad["from"], bad["to"]), (done["from"], done["to"]), message)
            if name in NAMED and not self.unsure(name, done):
                self.assertEqual(bad["what"], NAMED[name], message)
        self.check_unseen(done, alone, message)

    def unsure(self, name, done):
        """Where the change may rightly be called by another name."""
        # Without signatures nothing says whether the case or its log was changed; facts with erased values fit in no place.
        return (name.startswith("log_") and "unsigned" in done["base"]) or (name == "facts_swapped" and
                                                                            "erased" in done["base"])

    def check_unseen(self, done, alone, message):
        if not done["visible_with_log"] and done["from"] is not None:
            # What nobody can see is nothing that was said to be signed.
            self.assertLess(alone["signed_facts"], done["from"], message)


def add_class(name):
    def test(self):
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                self.check(name, seed)
    setattr(Tampered, "test_" + name, test)


for class_name in tamper.CLASSES:
    add_class(class_name)


class Program(unittest.TestCase):
    """verify.py as it is run."""

    def run_on(self, path, *more):
        done = subprocess.run([sys.executable, "-B", str(HERE / "verify.py"), str(path), "--json", *more],
                              capture_output=True, check=False)
        self.assertEqual(done.stderr, b"")
        return done.returncode, json.loads(done.stdout)

    def test_codes(self):
        with tempfile.TemporaryDirectory() as folder:
            case, log = pathlib.Path(folder) / "a ?%23.case", pathlib.Path(folder) / "heads.log"
            con, data = make.make_case(case, exchanges=1)
            log.write_bytes(data)
            self.assertEqual(self.run_on(case, "--log", str(log))[0], 0)
            con.execute("DELETE FROM fact WHERE seq = 3")
            code, out = self.run_on(case)
            self.assertEqual((code, out["first_bad"]["what"], out["first_bad"]["from"]), (4, "removed", 3))
            con.execute("DROP TABLE fact")
            self.assertEqual(self.run_on(case)[0], 2)
            con.close()
            self.assertEqual(self.run_on(case, "--log", folder)[0], 2)
            case.write_bytes(b"no case" * 1000)
            self.assertEqual(self.run_on(case)[0], 2)
            self.assertEqual(self.run_on(case.with_name("none"))[0], 2)

    def test_damaged_files(self):
        """Whatever is flipped in the file itself: an answer, never a traceback."""
        with tempfile.TemporaryDirectory() as folder:
            case = pathlib.Path(folder) / "x.case"
            con, _ = make.make_case(case, exchanges=1, erased=True, closed=True)
            con.close()
            whole = case.read_bytes()
            for n in range(SEEDS * 3):
                at = int.from_bytes(hashlib.sha256(b"%d" % n).digest()[:4], "big") % len(whole)
                at = at % 4096 if n % 3 == 0 else at
                case.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << n % 8]) + whole[at + 1:])
                try:
                    verify.verify_path(case, verify.Options())
                except verify.Unreadable:
                    pass


class Vectors(unittest.TestCase):
    def test_current(self):
        kept = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
        self.assertEqual(kept, make.vectors(), "make.py --vectors vectors.json")


if __name__ == "__main__":
    unittest.main()
