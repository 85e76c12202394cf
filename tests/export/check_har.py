#!/usr/bin/env python3
"""A HAR file against the case that it was made of, read by SQL: check_har.py CASE HAR

Shares no code with the program. Prints each difference; exit 1 if there is one. The report must have been made with
--redact none.
"""
import base64
import gzip
import json
import re
import sqlite3
import sys
import zlib
from datetime import datetime

case, har_path = sys.argv[1:3]
db = sqlite3.connect(f"file:{case}?mode=ro", uri=True)
db.text_factory = bytes
raw = open(har_path, "rb").read()
wrong = []


def check(good, *what):
    if not good:
        wrong.append(" ".join(str(w)[:300] for w in what))


def text(b):
    """As the program reads bytes from outside: UTF-8, else ISO-8859-1."""
    if b is None:
        return None
    try:
        return b.decode("utf-8")
    except UnicodeDecodeError:
        return b.decode("latin-1")


def fields(head, lines):
    """Header lines of a head, parsed the way docs/schema.md says they stand there."""
    rest = lines
    if rest is None:
        rest = head.split(b"\n", 1)[1] if head and b"\n" in head else b""
    out = []
    for line in rest.split(b"\n"):
        line = line.strip(b"\r")
        at = line.find(b":", 1 if head is None and line.startswith(b":") else 0)
        if at > 0:
            out.append((line[:at].strip(b" \t"), line[at + 1:].strip(b" \t")))
    return out


def body(exchange, side):
    parts = {}
    for n, data, same in db.execute("SELECT n, data, same_as FROM fact_chunk WHERE exchange=? AND side=? ORDER BY n",
                                    (exchange, side)):
        if same is not None:
            data = db.execute("SELECT data FROM fact_chunk WHERE seq=?", (same,)).fetchone()[0]
        parts[n] = data or b""
    return b"".join(parts[n] for n in sorted(parts))


def decoded(data, codings):
    """None: a coding that Python has not."""
    for coding in reversed([c.strip().lower() for c in codings.split(",") if c.strip()]):
        try:
            if coding in ("gzip", "x-gzip"):
                data = gzip.decompress(data)
            elif coding == "deflate":
                data = zlib.decompress(data)
            elif coding != "identity":
                return None
        except (OSError, EOFError, zlib.error):
            return None
    return data


check(all(0x20 <= c < 0x7f or c == 0x0a for c in raw), "a byte that is no printable ASCII")
har = json.loads(raw)
log = har["log"]
entries = log["entries"]
ours = log["_clicktrail"]
rows = {r[0]: r for r in db.execute("""
    SELECT q.exchange, q.session, q.method, q.url, a.status, a.made_by, e.reason, e.req_size, e.res_size,
           q.head, q.fields, a.head, a.fields, q.at_us, e.at_us, a.reason, e.seq IS NOT NULL, a.seq IS NOT NULL
    FROM fact_request q LEFT JOIN fact_response a ON a.exchange=q.exchange
    LEFT JOIN fact_exchange_end e ON e.exchange=q.exchange""")}

check(len(entries) + ours["left_out_noise"] + ours["left_out_own"] + ours["left_out_other"] == len(rows),
      "entries", len(entries), "of", len(rows), ours)
own = {i for i, r in rows.items() if r[5] == b"clicktrail" and r[6] == b"ok"}
check(ours["left_out_own"] == len(own) and ours["left_out_other"] == 0, "own pages", own, ours)
check(not own & {e["_exchange"] for e in entries}, "a page of our own is there")
check(len({e["_exchange"] for e in entries}) == len(entries), "an exchange is there twice")


def us(stamp):
    return round(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1e6)


starts = [e["startedDateTime"] for e in entries]
check(starts == sorted(starts), "not in order of startedDateTime")
pages = {p["id"]: p for p in log["pages"]}

for e in entries:
    r = rows[e["_exchange"]]
    who = f"exchange {r[0]}:"
    req, res, t = e["request"], e["response"], e["timings"]
    answered = r[17] and r[5] == b"origin"
    check(req["method"] == text(r[2]), who, "method", req["method"], r[2])
    check(req.get("_url", req["url"]) == text(r[3]), who, "url", req["url"], r[3])
    check("_url" not in req or req["_url"] != req["url"], who, "_url", req["url"])
    sent = fields(r[9], r[10])
    check([(h["name"], h["value"]) for h in req["headers"]] ==
          [(text(n), text(v)) for n, v in sent if not n.startswith(b":")], who, "request headers")
    check(req["headersSize"] == (len(r[9]) if r[9] is not None else -1), who, "request headersSize")
    check(req["bodySize"] == (r[7] if r[7] is not None else -1), who, "request bodySize")
    names = [c["name"] for c in req["cookies"]]
    crumbs = [p for n, v in sent if n.lower() == b"cookie" for p in v.split(b";") if p.strip(b" \t")]
    check(len(names) == len(crumbs), who, "cookies", names, crumbs)
    post = body(r[0], 0)
    if post:
        got = req["postData"]["text"]
        got = base64.b64decode(got) if req["postData"].get("encoding") == "base64" else got.encode()
        check(got == post, who, "postData", got, post)
    else:
        check("postData" not in req, who, "postData without a body")
    check(res["status"] == (r[4] if answered else 0), who, "status", res["status"], r[4], r[5])
    if answered:
        got = fields(r[11], r[12])
        check([(h["name"], h["value"]) for h in res["headers"]] ==
              [(text(n), text(v)) for n, v in got if not n.startswith(b":")], who, "response headers")
        location = [v for n, v in got if n.lower() == b"location"]
        want = text(location[0]) if location and r[4] in (301, 302, 303, 307, 308) else ""
        check(res["redirectURL"] == want, who, "redirectURL", res["redirectURL"], want)
        check(res["bodySize"] == (r[8] if r[8] is not None else -1), who, "bodySize")
        check(len(res["cookies"]) == sum(n.lower() == b"set-cookie" for n, _ in got), who, "Set-Cookie")
        stored, content = body(r[0], 1), res["content"]
        codings = ",".join(text(v) for n, v in got if n.lower() == b"content-encoding")
        plain = decoded(stored, codings)
        text_of = content.get("text", "")
        out = base64.b64decode(text_of) if content.get("encoding") == "base64" else text_of.encode()
        if plain is not None:
            check(out == plain, who, "content", out[:80], plain[:80])
        if stored:
            check(content["size"] == len(out), who, "content.size", content["size"], len(out))
        if "compression" in content:
            check(content["compression"] == content["size"] - res["bodySize"], who, "compression")
        check(("comment" in content) == (r[8] is None or r[8] != len(stored)), who, "comment", content.get("comment"))
    else:
        check("_error" in res and res["content"]["size"] == 0 and "text" not in res["content"], who, "failed", res)
    check(("_reason" in e) == (r[6] is not None and r[6] != b"ok"), who, "_reason")
    parts = [t[n] for n in ("blocked", "dns", "connect", "send", "wait", "receive")]
    check(abs(sum(p for p in parts if p > 0) - e["time"]) < 1e-6, who, "time is not the sum", t, e["time"])
    check(all(p >= 0 or p == -1 for p in parts) and min(t["send"], t["wait"], t["receive"]) >= 0, who, "timings", t)
    check(t["ssl"] <= t["connect"], who, "ssl beyond connect", t)
    if r[14] is not None and t["blocked"] != 0:
        ended = us(e["startedDateTime"]) + round(e["time"] * 1000)
        check(abs(ended - r[14]) <= 1, who, "does not end when it ended", ended - r[14])
    check("pageref" not in e or e["pageref"] in pages, who, "pageref", e.get("pageref"))

hops = {}
for session, number, n, url, mechanism, on_wire, exchange in db.execute("""
        SELECT t.session, t.number, h.n, h.url, h.mechanism, h.on_wire, h.exchange
        FROM derived_trail t JOIN derived_hop h ON h.trail=t.id"""):
    if on_wire:
        hops[exchange] = (f"{session}.{number}", n, text(url), text(mechanism))
got = {e["_exchange"]: (e["_trail"]["id"], e["_trail"]["n"], e["_trail"]["url"], e["_trail"]["mechanism"])
       for e in entries if "_trail" in e}
if hops:
    check(got == hops, "hops", [(k, got.get(k), hops.get(k)) for k in set(got) | set(hops) if got.get(k) != hops.get(k)])
for page in log["pages"]:
    check(sum(e.get("_trail", {}).get("id") == page["id"] for e in entries) >= 1, "a page without a hop", page["id"])
check(not re.search(rb"\"text\":null", raw), "a null text")

for line in wrong[:20]:
    print("HAR:", line)
print(f"HAR: {len(entries)} entries, {len(pages)} pages, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
