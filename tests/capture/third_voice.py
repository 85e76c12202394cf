#!/usr/bin/env python3
"""A third voice: tshark reads the packet files of a case, and must find what the witness found.

third_voice.py CASE: CASE was recorded with --pcap and crosschecked. For each connection in each packet file: the ClientHello's JA3
and server name, the server's choice of cipher suite, the certificates, every request (method, path, authority) and every
response's status, in order. Shares no code with clicktrail; asks its companion by SQL. Prints what differs; exit 1.
"""
import collections
import hashlib
import os
import sqlite3
import subprocess
import sys
import urllib.parse

SEPARATOR = "\x1f"  # between fields
EACH = "\x1e"       # between occurrences of one field


def ask(path, keys, ports, wanted, fields):
    """Rows of tshark: for each packet that has one of `fields`, a list of lists of occurrences."""
    words = ["tshark", "-n", "-r", path, "-o", "tls.desegment_ssl_records:TRUE", "-o", "tcp.desegment_tcp_streams:TRUE",
             "-o", "http.desegment_body:TRUE", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", wanted, "-T", "fields",
             "-E", f"separator={SEPARATOR}", "-E", f"aggregator={EACH}", "-E", "occurrence=a"]
    if os.path.exists(keys):
        words += ["-o", f"tls.keylog_file:{keys}"]
    for port, what in sorted(ports.items()):
        words += ["-d", f"tcp.port=={port},{what}"]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        sys.exit(f"tshark ended with {done.returncode}: {done.stderr}")
    for line in done.stdout.split("\n"):
        if line:
            yield [value.split(EACH) if value else [] for value in line.split(SEPARATOR)]


class Connection:
    """What one of the two says of a connection."""

    def __init__(self):
        self.ja3, self.sni, self.cipher, self.certs = None, None, None, []
        self.requests, self.statuses = [], []
        self.asked = 0  # CONNECTs


def of_tshark(path, keys, ports):
    found = collections.defaultdict(Connection)

    ends = ["tcp.srcport", "tcp.dstport"]
    for row in ask(path, keys, ports, "tls.handshake.type == 1", ends + ["tls.handshake.ja3", "tls.handshake.extensions_server_name"]):
        c = found[int(row[0][0])]
        if c.ja3 is None:
            c.ja3, c.sni = row[2][0] if row[2] else None, row[3][0] if row[3] else None
    for row in ask(path, keys, ports, "tls.handshake.type == 2", ends + ["tls.handshake.ciphersuite"]):
        if row[2]:
            found[int(row[1][0])].cipher = int(row[2][-1], 16)
    for row in ask(path, keys, ports, "tls.handshake.certificate", ends + ["tls.handshake.certificate"]):
        found[int(row[1][0])].certs += [hashlib.sha256(bytes.fromhex(c.replace(":", ""))).hexdigest() for c in row[2]]
    for row in ask(path, keys, ports, "http.request", ends + ["http.request.method", "http.request.uri"]):
        for method, uri in zip(row[2], row[3]):
            if method == "CONNECT":
                found[int(row[0][0])].asked += 1
            else:
                found[int(row[0][0])].requests.append((method, path_of(uri)))
    for row in ask(path, keys, ports, "http.response", ends + ["http.response.code"]):
        c = found[int(row[1][0])]
        for code in map(int, row[2]):
            # What a proxy says to CONNECT is no exchange.
            if c.asked > 0 and code == 200:
                c.asked = 0
            else:
                c.statuses.append(code)
    for row in ask(path, keys, ports, "http2.headers.method", ends + ["http2.headers.method", "http2.headers.path"]):
        found[int(row[0][0])].requests += list(zip(row[2], row[3]))
    for row in ask(path, keys, ports, "http2.headers.status", ends + ["http2.headers.status"]):
        found[int(row[1][0])].statuses += [int(code) for code in row[2]]
    return found


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return url if not parts.scheme else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def of_witness(db, file):
    found, ports = collections.defaultdict(Connection), {}
    flows = list(db.execute("SELECT flow, client_port, server_port, target FROM fact_flow WHERE file = ?", [file]))
    for flow, client, server, target in flows:
        c = found[client]
        tls = db.execute("SELECT ja3, sni, server_hello, certs FROM fact_flow_tls WHERE flow = ?", [flow]).fetchone()
        if target:
            # Inside CONNECT tshark looks at the port of the target.
            ports[server] = "http"
            if tls:
                ports[int(target.rsplit(":", 1)[1])] = "tls"
        elif tls:
            ports[server] = "tls"
        else:
            ports.setdefault(server, "http")
        if tls:
            c.ja3, c.sni = tls[0], tls[1]
            if tls[2]:
                c.cipher = cipher_of(tls[2])
            c.certs = [tls[3][i:i + 32].hex() for i in range(0, len(tls[3] or b""), 32)]
        for method, url, status in db.execute("SELECT method, url, status FROM fact_flow_exchange WHERE flow = ? ORDER BY n", [flow]):
            if method is not None:
                c.requests.append((method, path_of(url)))
            if status is not None:
                c.statuses.append(status)
    return found, ports


def cipher_of(hello):
    """Of a ServerHello message: behind type, length, version, random and session id (RFC 8446 4.1.3)."""
    at = 4 + 2 + 32
    at += 1 + hello[at]
    return int.from_bytes(hello[at:at + 2], "big")


def main():
    case = sys.argv[1]
    stem = case[:-5] if case.endswith(".case") else case
    differ = compared = requests = 0
    with sqlite3.connect(f"file:{stem}.companion.case?mode=ro", uri=True) as db:
        run, = db.execute("SELECT max(run) FROM fact_packet_file").fetchone()
        for file, name, session in db.execute("SELECT file, name, session FROM fact_packet_file WHERE run = ?", [run]).fetchall():
            ours, ports = of_witness(db, file)
            theirs = of_tshark(os.path.join(os.path.dirname(case), name), f"{stem}.{session}.keys", ports)
            for port in sorted(set(ours) | set(theirs)):
                a, b = ours[port], theirs[port]
                for what in ("ja3", "sni", "cipher", "certs", "requests", "statuses"):
                    x, y = getattr(a, what), getattr(b, what)
                    # Streams of HTTP/2 are told in another order.
                    if what in ("requests", "statuses"):
                        x, y = sorted(x), sorted(y)
                    compared += 1
                    if (x or None) != (y or None):
                        differ += 1
                        if differ <= 20:
                            print(f"{name}, client port {port}, {what}:\n  witness {x}\n  tshark  {y}")
                requests += len(a.requests)
    print(f"{compared} values compared, {requests} requests, {differ} differ")
    return 1 if differ or requests == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
