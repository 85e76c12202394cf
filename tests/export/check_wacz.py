#!/usr/bin/env python3
"""A WACZ file by Python's own readers: check_wacz.py WACZ [EXCHANGES]

The zip file, its list of digests, each record of its WARC file (ISO 28500), the index against the records, the pages.
Prints each fault; exit 1 if there is one. EXCHANGES: how many must be in it.
"""
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib

wrong = []


def check(good, *what):
    if not good:
        wrong.append(" ".join(str(w)[:300] for w in what))


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


z = zipfile.ZipFile(sys.argv[1])
check(z.testzip() is None, "a member's CRC is wrong")
content = {i.filename: z.read(i) for i in z.infolist()}
for i in z.infolist():
    check(i.compress_type == zipfile.ZIP_STORED, i.filename, "is not stored")
    check(i.date_time == (1980, 1, 1, 0, 0, 0), i.filename, "has a time", i.date_time)

package = json.loads(content["datapackage.json"])
digest = json.loads(content["datapackage-digest.json"])
check(digest == {"path": "datapackage.json", "hash": sha(content["datapackage.json"])}, "datapackage-digest", digest)
check(package["profile"] == "data-package" and package["wacz_version"] == "1.1.1", "profile", package)
listed = {r["path"]: r for r in package["resources"]}
check(set(listed) | {"datapackage.json", "datapackage-digest.json"} == set(content), "resources", set(listed) ^ set(content))
for path, r in listed.items():
    check(r["hash"] == sha(content[path]) and r["bytes"] == len(content[path]), path, "hash or bytes")
    check(r["name"] == path.split("/")[-1], path, "name")

# ---- the records ----
warc = content["archive/data.warc.gz"]
records = {}
offset = 0
while offset < len(warc):
    d, data, at = zlib.decompressobj(31), b"", offset
    while not d.eof and at < len(warc):
        data += d.decompress(warc[at:at + 65536])
        at = min(at + 65536, len(warc))
    if not d.eof:
        check(False, "a member without an end at", offset)
        break
    length = at - len(d.unused_data) - offset
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    check(lines[0] == b"WARC/1.1", "no record at", offset, lines[0])
    fields = {}
    for line in lines[1:]:
        check(re.fullmatch(rb"[A-Za-z-]+: [\x20-\x7e]*", line), "a header line", line)
        name, _, value = line.decode("ascii", "replace").partition(": ")
        fields.setdefault(name, []).append(value)
    for name, values in fields.items():
        check(len(values) == 1 or name in ("WARC-Concurrent-To", "WARC-Protocol"), name, "is repeated")
    size = int(fields["Content-Length"][0])
    block = rest[:size]
    check(rest[size:] == b"\r\n\r\n", "what follows the block at", offset, rest[size:][:40])
    check(fields["WARC-Block-Digest"] == [sha(block)], "block digest at", offset)
    check(re.fullmatch(r"<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>",
                       fields["WARC-Record-ID"][0]), "id", fields["WARC-Record-ID"])
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", fields["WARC-Date"][0]), "date", fields["WARC-Date"])
    record = {"fields": fields, "block": block, "offset": offset, "length": length, "type": fields["WARC-Type"][0]}
    check(fields["WARC-Record-ID"][0] not in records, "an id twice", fields["WARC-Record-ID"])
    records[fields["WARC-Record-ID"][0]] = record
    if record["type"] in ("request", "response"):
        http, mark, payload = block.partition(b"\r\n\r\n")
        check(mark, "no end of the head at", offset)
        record["payload"] = payload
        check(fields["WARC-Payload-Digest"] == [sha(payload)], "payload digest at", offset)
        first, *rows = http.split(b"\r\n")
        shape = rb"HTTP/1\.1 \d{3} [^\r\n\0]*" if record["type"] == "response" else rb"[!-~]+ /[!-~]* HTTP/1\.1"
        check(re.fullmatch(shape, first), "first line", first)
        names = {}
        for row in rows:
            m = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\r\n\0]*)", row)
            check(m, "header line at", offset, row)
            if m:
                names.setdefault(m[1].lower(), []).append(m[2])
        record["status"] = first.split(b" ")[1].decode() if record["type"] == "response" else None
        record["method"] = first.split(b" ")[0].decode()
        check(b"transfer-encoding" not in names, "Transfer-Encoding at", offset)
        if payload:
            check(names.get(b"content-length") == [b"%d" % len(payload)], "Content-Length at", offset, names)
        if record["type"] == "request":
            check(b"host" in names, "no Host at", offset)
    offset += length

ids = list(records)
check(records[ids[0]]["type"] == "warcinfo", "the first record is no warcinfo")
exchanges = 0
for name, r in records.items():
    for other in r["fields"].get("WARC-Concurrent-To", []):
        check(other in records, name, "goes with", other, "which is not there")
        if other in records:
            check(records[other]["fields"]["WARC-Date"] == r["fields"]["WARC-Date"], name, "dates differ")
            check(records[other]["fields"]["WARC-Target-URI"] == r["fields"]["WARC-Target-URI"], name, "addresses differ")
            back = records[other]["fields"].get("WARC-Concurrent-To", [])
            check(r["type"] != "response" or name in back, other, "does not point back")
    if r["type"] == "response":
        kinds = [records[o]["type"] for o in r["fields"]["WARC-Concurrent-To"] if o in records]
        check(kinds.count("request") == 1 and "metadata" in kinds, name, "goes with", kinds)
    if r["fields"]["Content-Type"] == ["application/json"]:
        about = json.loads(r["block"])
        exchanges += 1
        check(about["certificates"] is None or about["certificates"] in records, name, "certificates")
    if r["fields"]["Content-Type"] == ["application/pem-certificate-chain"]:
        ders = re.findall(rb"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----\n", r["block"])
        check(ders and all(base64.b64decode(der, validate=False) for der in ders), name, "PEM")
if len(sys.argv) > 2:
    check(exchanges == int(sys.argv[2]), exchanges, "exchanges, not", sys.argv[2])

# ---- the index ----
lines = content["indexes/index.cdx"].split(b"\n")
check(lines.pop() == b"", "the index does not end its last line")
check(lines == sorted(lines), "the index is not sorted")
by_offset = {r["offset"]: r for r in records.values()}
indexed = set()
for line in lines:
    key, at, text = line.split(b" ", 2)
    row = json.loads(text)
    r = by_offset.get(int(row["offset"]))
    check(r is not None and r["type"] == "response", "no response at", row["offset"])
    if r is None:
        continue
    indexed.add(r["offset"])
    check(int(row["length"]) == r["length"] and row["filename"] == "data.warc.gz", "length", row)
    check(row["url"] == r["fields"]["WARC-Target-URI"][0], "url", row["url"])
    check(row["digest"] == r["fields"]["WARC-Payload-Digest"][0], "digest", row)
    check(row["recordDigest"] == sha(warc[r["offset"]:r["offset"] + r["length"]]), "recordDigest", row)
    check(row["status"] == r["status"].lstrip("0") or r["status"] == "000", "status", row, r["status"])
    check(at.decode() == re.sub(r"\D", "", r["fields"]["WARC-Date"][0])[:17], "time", at, r["fields"]["WARC-Date"])
    plain = re.sub(r"%[0-9A-F]{2}", "", key.decode("ascii"))
    check(plain == plain.lower() or not row["url"].startswith("http"), "key", key)
responses = {r["offset"] for r in records.values() if r["type"] == "response"}
left = package["clicktrail"]["index"]["left_out_total"]
check(len(responses) == len(indexed) + left, len(responses), "responses,", len(indexed), "indexed,", left, "left out")

# ---- the pages ----
pages = [json.loads(line) for line in content["pages/pages.jsonl"].decode().splitlines()]
check(pages[0]["format"] == "json-pages-1.0", "pages", pages[0])
begun = {(r["fields"]["WARC-Target-URI"][0], r["fields"]["WARC-Date"][0]) for r in records.values()
         if r["type"] == "response"}
for page in pages[1:]:
    check((page["url"], page["ts"]) in begun, "a page without a record", page)
if len(pages) > 1:
    check(package["mainPageUrl"] == pages[1]["url"] and package["mainPageDate"] == pages[1]["ts"], "mainPage", package)
json.loads(content["clicktrail/report.json"])

for line in wrong[:20]:
    print("WACZ:", line)
print(f"WACZ: {len(records)} records, {len(lines)} in the index, {len(pages) - 1} pages, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
