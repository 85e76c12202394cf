#!/usr/bin/env python3
"""Looks for made-up recipients in files, in whatever coding: find_leaks.py ADDRESSES FILE...

ADDRESSES has one address a line; the local part of line i (from 0) holds "q<iiii>z". Shares no code with what hides them.
Prints each recipient that is found with the first form it was found in, a line each; then the number of them. Exit 1: some were.
"""
import base64
import binascii
import codecs
import hashlib
import html
import io
import re
import sys
import urllib.parse
import zipfile
import zlib

MARK = re.compile(rb"q(\d{4})z", re.I)
TURNED = re.compile(rb"d(\d{4})m", re.I)
BACK = re.compile(rb"z(\d{4})q", re.I)
B64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
HEX = re.compile(rb"[0-9A-Fa-f]{12,}")
DEPTH = 5

found = {}
hashes = {}
tokens = set()  # that were decoded: most of what a view shows was in the text that it was made of


def note(number, form):
    found.setdefault(number, form)


def load(path):
    for i, line in enumerate(open(path, encoding="utf-8")):
        address = line.rstrip("\n")
        local, at, domain = address.rpartition("@")
        bare = local.split("+")[0]
        for spelling in {address, address.lower(), f"{bare}@{domain}", f"{bare}@{domain}".lower()}:
            for kind in ("md5", "sha1", "sha256"):
                hashes[hashlib.new(kind, spelling.encode()).digest()] = (i, kind)


def js(data):
    def code(m):
        return chr(int(m.group(1) or m.group(2), 16)).encode("utf-8", "replace")
    data = re.sub(rb"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", code, data)
    return re.sub(rb"\\([\"'/\\])", rb"\1", data)


def entities(data):
    return html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def views(data):
    if b"%" in data:
        yield "percent", urllib.parse.unquote_to_bytes(data)
    if b"&" in data:
        yield "html", entities(data)
    if b"\\" in data:
        yield "js", js(data)
    if re.search(rb"=[0-9A-F]{2}", data):
        yield "qp", re.sub(rb"=([0-9A-F]{2})", lambda m: bytes([int(m.group(1), 16)]), data.replace(b"=\n", b"").replace(b"=\r\n", b""))
    if re.search(rb"-[0-9A-F]{2}", data) and b"-3A__" in data:
        yield "proofpoint", re.sub(rb"-([0-9A-Fa-f]{2})", lambda m: bytes([int(m.group(1), 16)]), data)
    if b"\0" in data:
        yield "wide", data.replace(b"\0", b"")


def inflate(data):
    for skip, bits in ((0, 47), (0, -15), (33, -15)):
        try:
            text = zlib.decompressobj(bits).decompress(data[skip:], 1 << 20)
        except zlib.error:
            continue
        if len(text) > 8:
            yield text


def search(data, form, depth, seen):
    key = hashlib.md5(data).digest()
    if key in seen:
        return
    seen.add(key)
    for m in MARK.finditer(data):
        note(int(m.group(1)), form)
    for m in TURNED.finditer(data):
        if b"@" in data[m.end():m.end() + 60] or b"%40" in data[m.end():m.end() + 60]:
            note(int(m.group(1)), form + " rot13")
    for m in BACK.finditer(data):
        note(int(m.group(1)[::-1]), form + " reversed")
    for m in HEX.finditer(data):
        run = m.group(0)
        if run in tokens:
            continue
        tokens.add(run)
        for n in (32, 40, 64):
            for at in range(0, len(run) - n + 1):
                hit = hashes.get(binascii.unhexlify(run[at:at + n]))
                if hit:
                    note(hit[0], form + " " + hit[1])
        if depth > 0:
            for phase in (0, 1):
                piece = run[phase:]
                decoded(binascii.unhexlify(piece[:len(piece) & ~1]), form + " hex", depth, seen)
    for m in B64.finditer(data):
        run = m.group(0)
        if (run,) in tokens:
            continue
        tokens.add((run,))
        run = run.replace(b"-", b"+").replace(b"_", b"/")
        for phase in range(4):
            piece = run[phase:]
            piece = piece[:-1] if len(piece) % 4 == 1 else piece
            try:
                bytes_ = base64.b64decode(piece + b"=" * (-len(piece) % 4))
            except binascii.Error:
                continue
            for n in (16, 20, 32):
                hit = hashes.get(bytes_[:n])
                if hit:
                    note(hit[0], form + " base64 " + hit[1])
            decoded(bytes_, form + " base64", depth, seen)
            if phase == 0 and len(bytes_) > 40:
                for text in inflate(bytes_):
                    search(text, form + " compressed", depth - 1, seen)
    if depth <= 0:
        return
    for name, view in views(data):
        if view != data:
            search(view, form + " " + name, depth - 1, seen)


def decoded(data, form, depth, seen):
    if MARK.search(data) or (depth > 1 and (b"%" in data or b"\\" in data or b"&#" in data)):
        search(data, form, min(depth - 1, 2), seen)


def pieces(path):
    data = open(path, "rb").read()
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            for name in z.namelist():
                yield z.read(name)
    for m in re.finditer(rb"\x1f\x8b\x08", data):
        try:
            yield zlib.decompressobj(47).decompress(data[m.start():], 1 << 26)
        except zlib.error:
            pass
    for m in re.finditer(rb"stream\r?\n", data):
        try:
            yield zlib.decompressobj().decompress(data[m.end():], 1 << 26)
        except zlib.error:
            pass


def main():
    load(sys.argv[1])
    for path in sys.argv[2:]:
        for piece in pieces(path):
            search(piece, "plain", DEPTH, set())
    for number, form in sorted(found.items()):
        print(f"{number}: {form}")
    print(len(found))
    return 1 if found else 0


sys.exit(main())
