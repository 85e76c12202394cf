"""A recorded case as mitmproxy's file of flows: the same requests, heads and bodies, for mitmdump --server-replay.

    replay_flows.py CASE FLOWS

By mitmproxy's own classes, as mitmdump -w writes them; the connections in it are one and the same, and without certificates, so that
reading them costs less than of a file that was recorded.
"""
import sqlite3
import sys

from mitmproxy import http, io
from mitmproxy.test import tflow

TIME = 1795489200.0


def fields(head):
    """Name and value of each line behind the first."""
    lines = head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]
    return tuple((name, value.strip()) for name, _, value in (line.partition(b":") for line in lines))


def request_of(method, url, head):
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    port = 443 if scheme == "https" else 80
    # RFC 9112 3.2.2: the authority stands in the request line where the scheme is http.
    authority = host if scheme == "http" else ""
    return http.Request(host, port, method.encode(), scheme.encode(), authority.encode(), b"/" + path.encode(), b"HTTP/1.1",
                        fields(head), b"", None, TIME, TIME + 0.001)


def response_of(status, reason, head, body):
    return http.Response(b"HTTP/1.1", status, reason.encode(), fields(head), body, None, TIME + 0.002, TIME + 0.003)


def main():
    path, out = sys.argv[1:]
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        bodies, responses = {}, {}
        for exchange, data in db.execute("SELECT exchange, data FROM fact_chunk WHERE side = 1 ORDER BY exchange, n"):
            bodies.setdefault(exchange, []).append(data)
        for exchange, *rest in db.execute("SELECT exchange, status, reason, head FROM fact_response"):
            responses[exchange] = rest
        requests = db.execute("SELECT exchange, method, url, head FROM fact_request ORDER BY exchange").fetchall()
    client, server = tflow.tclient_conn(), tflow.tserver_conn()
    with open(out, "wb") as f:
        writer = io.FlowWriter(f)
        for exchange, method, url, head in requests:
            flow = http.HTTPFlow(client, server)
            flow.request = request_of(method, url, head)
            flow.response = response_of(*responses[exchange], b"".join(bodies[exchange]))
            writer.add(flow)
    return 0


if __name__ == "__main__":
    sys.exit(main())
