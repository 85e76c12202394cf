"""What is asked of each, in which numbers, and what is wanted of clicktrail."""

# Requests after the warm-up, and the warm-up. A slow peer is asked fewer: CPU per request does not depend on it.
COUNTS = {
    "keepalive": (20000, 2000), "lat1": (5000, 500), "handshake": (1200, 100), "mint": (500, 50),
    "trail": (150, 10), "page100k": (3000, 300), "plain": (20000, 2000), "h2": (20000, 2000),
    "download": (3, 0), "upload": (3, 0)}
SLOW_COUNTS = {
    "keepalive": (2000, 200), "lat1": (800, 100), "handshake": (400, 50), "mint": (250, 30),
    "trail": (50, 5), "page100k": (800, 80), "plain": (2000, 200), "h2": (2000, 200),
    "download": (1, 0), "upload": (1, 0)}
QUICK_COUNTS = {
    "keepalive": (10000, 1000), "lat1": (2000, 200), "handshake": (500, 50), "mint": (250, 30),
    "trail": (60, 5), "page100k": (1500, 150), "plain": (10000, 1000), "h2": (10000, 1000),
    "download": (1, 0), "upload": (1, 0)}
EXCHANGES_PER_REQUEST = {"trail": 5}

QUICK_MODES = ["keepalive", "lat1", "handshake", "mint", "trail", "page100k", "plain", "h2", "download"]
MODES = QUICK_MODES + ["upload", "hold", "gib", "growth"]

HOSTS = 600
FILE_SIZE, FILES = 100 << 20, 3
GIB = 1 << 30
HOLD_CONNECTIONS = 8000

MODE_WORDS = {
    "keepalive": "1 KB, 32 connections kept", "lat1": "1 KB, one connection",
    "handshake": "1 KB, a new connection each, 16 at once", "mint": "1 KB, a new host each, 8 at once",
    "trail": "four redirects and a page over five https hosts, one client; per trail",
    "page100k": "100 KB pages, 16 connections kept", "plain": "1 KB without TLS, 32 connections kept",
    "h2": "1 KB over HTTP/2, 8 connections of 10 streams", "download": "100 MB downloads; per file",
    "upload": "100 MB uploads; per file",
    "hold": f"{HOLD_CONNECTIONS} TLS connections held, one request per 10 s each",
    "gib": "1 GiB down and 1 GiB up", "growth": "a million exchanges in one case"}


def worth(mode, peer, repetition):
    """What takes minutes and is not close is not repeated as often as the rest."""
    if mode == "hold":
        return peer.name in ("direct", "clicktrail") and repetition <= 3
    if mode in ("download", "upload") and peer.name == "mitmproxy":
        return repetition == 1
    return True


def counts(mode, peer, quick):
    if peer.name == "mitmproxy":
        requests, warmup = SLOW_COUNTS[mode]
        return (max(1, requests // 2), warmup) if quick else (requests, warmup)
    return (QUICK_COUNTS if quick else COUNTS)[mode]


class Target:
    """A figure of clicktrail's in a mode, beside another's (or beside a plain number)."""

    def __init__(self, words, mode, key, limit, peer=None, aim=False, unit="", peer_mode=None, plus=0):
        self.words, self.mode, self.key, self.limit, self.peer = words, mode, key, limit, peer
        self.aim, self.unit, self.peer_mode, self.plus = aim, unit, peer_mode or mode, plus


TARGETS = [
    Target("keep-alive 1 KB, CPU", "keepalive", "cpu", 0.75, "squid"),
    Target("keep-alive 1 KB, CPU", "keepalive", "cpu", 1 / 25, "mitmproxy"),
    Target("keep-alive 1 KB, CPU", "keepalive", "cpu", 1.1, "sslsplit", aim=True),
    Target("one connection, p50", "lat1", "p50", 1.0, "squid"),
    Target("one connection, p50", "lat1", "p50", 1.0, "sslsplit", aim=True),
    Target("32 connections, p99", "keepalive", "p99", 1.0, "squid"),
    Target("new connection each, CPU", "handshake", "cpu", 0.66, "sslsplit"),
    Target("new host each, CPU", "mint", "cpu", 0.82, "sslsplit"),
    Target("new host each, CPU above new connection", "mint", "cpu", 0.15, "clicktrail", aim=True,
           unit="ms", peer_mode="handshake"),
    Target("five-host trail, p50", "trail", "p50", 0.76, "sslsplit"),
    Target("five-host trail, p50", "trail", "p50", 2.5, "direct", aim=True),
    Target("100 KB page, CPU", "page100k", "cpu", 0.9, "squid"),
    Target("100 KB page, p50", "page100k", "p50", 1.0, "squid"),
    Target("100 MB download, CPU", "download", "cpu", 1.2, "squid"),
    Target("100 MB download, peak memory", "download", "hwm_mb", 32, unit="MB"),
    Target("100 MB download, first byte after this part of the whole", "download", "first_part", 0.2),
    Target("HTTP/2 1 KB, CPU", "h2", "cpu", 1 / 20, "mitmproxy"),
    Target("disk per distinct 1 KB exchange", "keepalive", "disk", 2800, unit="bytes"),
    Target("held connections, peak memory", "hold", "hwm_mb", 1024, unit="MB"),
    Target("held connections, p99 added", "hold", "p99", 50, "direct", unit="ms"),
    Target("held connections, errors and lost records", "hold", "errors", 0, unit="of them"),
    Target("1 GiB down, memory growth", "gib", "down_growth_mb", 32, unit="MB"),
    Target("1 GiB up, memory growth", "gib", "up_growth_mb", 32, unit="MB"),
    Target("growth, CPU per exchange: last thousands against those around the tenth", "growth", "ratio", 1.3),
    Target("the same, five thousands added up", "growth", "ratio_wide", 1.3),
    Target("growth, one trail printed", "growth", "report_ms", 200, unit="ms"),
]
